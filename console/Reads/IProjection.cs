using Alloc.Engine.Runtime;
using Alloc.Processors.Projection;

namespace Alloc.Web.Reads;

/// <summary>One instance's part of the search projection.</summary>
public interface IProjection
{
    /// <summary>The topic that is folded.</summary>
    string Topic { get; }

    /// <summary>Partitions of the topic.</summary>
    int PartitionCount { get; }

    /// <summary>The application whose stores answer.</summary>
    StreamsApplication Application { get; }

    /// <summary>A partition's part when it is here and ready, else null.</summary>
    ReservationSearch? Open(int partition);

    /// <summary>How far it is.</summary>
    ProjectionStatus Status();

    /// <summary>
    /// Begins to build a generation from the beginning of the journal, beside the one that answers; does nothing where
    /// one is being built.
    /// </summary>
    /// <param name="generation">Its number; null takes the next one.</param>
    /// <returns>The number of the generation that is being built, or that already answers.</returns>
    int BeginRebuild(int? generation);
}

/// <summary>How far one instance's part of the projection is.</summary>
/// <param name="Generation">The generation that answers.</param>
/// <param name="State">What its application is at.</param>
/// <param name="Failure">Why it stopped, or null.</param>
/// <param name="Partitions">Its partitions at this instance.</param>
/// <param name="Rebuild">The generation being built, or that failed to be built last; null for none.</param>
public sealed record ProjectionStatus(
    int Generation, string State, string? Failure, IReadOnlyList<ProjectedPartition> Partitions,
    ProjectionRebuild? Rebuild);

/// <summary>How far a partition is.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="LagRecords">Outcomes that are not folded yet; null while that is not known.</param>
/// <param name="Lag">Age of the oldest of them.</param>
public sealed record ProjectedPartition(int Partition, long? LagRecords, TimeSpan Lag);

/// <summary>How far a generation is that is being built.</summary>
/// <param name="Generation">Its number.</param>
/// <param name="Folded">Offsets of the journal that it is past, in all partitions of the cluster.</param>
/// <param name="Total">Offsets that there are.</param>
/// <param name="Failure">Why it was given up, or null.</param>
public sealed record ProjectionRebuild(int Generation, long Folded, long Total, string? Failure);
