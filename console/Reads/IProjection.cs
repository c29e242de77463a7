using Alloc.Processors.Projection;
using Alloc.Schemas.Projection;

namespace Alloc.Web.Reads;

/// <summary>One instance's part of the search projection.</summary>
public interface IProjection
{
    /// <summary>Partitions of the topic.</summary>
    int PartitionCount { get; }

    /// <summary>Knows which instance has which partition.</summary>
    IPartitionOwners Owners { get; }

    /// <summary>A partition's part when it is here and ready, else null.</summary>
    ReservationSearch? Open(int partition);

    /// <summary>
    /// A partition's part as it was when Kafka was heard last, and how long ago that was; null where it is not known to
    /// have been here.
    /// </summary>
    (ReservationSearch Search, TimeSpan Age)? OpenLast(int partition);

    /// <summary>How far it is.</summary>
    ProjectionStatus Status();

    /// <summary>
    /// Begins to build a generation from the beginning of the journal, beside the one that answers; does nothing where
    /// one is being built.
    /// </summary>
    /// <param name="generation">Its number; null takes the next one.</param>
    /// <returns>The number of the generation that is being built, or that already answers.</returns>
    int BeginRebuild(int? generation);

    /// <summary>Begins to build a scope anew at this instance, which has its partition.</summary>
    /// <param name="scope">What is built.</param>
    /// <param name="isCheck">Whether differences are only counted.</param>
    /// <returns>The rebuild's id, or why it cannot begin, in words.</returns>
    (string? Id, string? Problem) BeginScope(ProjectionScope scope, bool isCheck);

    /// <summary>
    /// Has a scope compared with the ledger at this instance, which has its partition, after those that wait.
    /// </summary>
    /// <param name="scope">What is compared.</param>
    /// <returns>The scan's id, or why it cannot begin, in words.</returns>
    (string? Id, string? Problem) BeginScan(ProjectionScope scope);
}

/// <summary>How far one instance's part of the projection is.</summary>
/// <param name="Generation">The generation that answers.</param>
/// <param name="State">What its application is at.</param>
/// <param name="Failure">Why it stopped, or null.</param>
/// <param name="Partitions">Its partitions at this instance.</param>
/// <param name="Rebuild">The generation being built, or that failed to be built last; null for none.</param>
/// <param name="Scope">The scope being built anew, or that was last; null for none.</param>
/// <param name="Scans">Comparisons with the ledger that were asked for, the newest last.</param>
public sealed record ProjectionStatus(
    int Generation, string State, string? Failure, IReadOnlyList<ProjectedPartition> Partitions,
    ProjectionRebuild? Rebuild, ProjectionScopeRebuild? Scope, IReadOnlyList<ProjectionScan> Scans);

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

/// <summary>What a rebuild of a scope is at.</summary>
public enum ScopePhase
{
    /// <summary>It reads the journal.</summary>
    Reading,

    /// <summary>Searches are behind the journal; it waits until they are not.</summary>
    Waiting,

    /// <summary>It compares.</summary>
    Comparing,

    /// <summary>The entries that differ are replaced.</summary>
    Switching,

    /// <summary>It is over.</summary>
    Done,

    /// <summary>There is no such pool.</summary>
    Unknown,

    /// <summary>It was given up; nothing was changed.</summary>
    Failed,
}

/// <summary>How far a scope is that is being built anew.</summary>
/// <param name="Id">The rebuild.</param>
/// <param name="Scope">What is built, in words.</param>
/// <param name="Partition">The partition.</param>
/// <param name="IsCheck">Whether differences are only counted.</param>
/// <param name="Phase">What it is at.</param>
/// <param name="Read">Offsets of the partition's journal that it is past.</param>
/// <param name="Total">Offsets that there are.</param>
/// <param name="Entries">Entries that were compared, when it is done.</param>
/// <param name="Findings">What differed, when it is done.</param>
/// <param name="Failure">Why it was given up, or null.</param>
public sealed record ProjectionScopeRebuild(
    string Id, string Scope, int Partition, bool IsCheck, ScopePhase Phase, long Read, long Total, long Entries,
    RepairFindings? Findings, string? Failure)
{
    /// <summary>Whether it goes on.</summary>
    public bool IsUnderWay => Phase is not (ScopePhase.Done or ScopePhase.Unknown or ScopePhase.Failed);
}

/// <summary>What a comparison with the ledger is at.</summary>
public enum ScanPhase
{
    /// <summary>Others come first.</summary>
    Waiting,

    /// <summary>The ledger reads through what it has.</summary>
    Asking,

    /// <summary>Searches are read through.</summary>
    Comparing,

    /// <summary>It is over.</summary>
    Done,

    /// <summary>It came to no result.</summary>
    Failed,
}

/// <summary>How far a comparison with the ledger is.</summary>
/// <param name="Id">The scan.</param>
/// <param name="Scope">What is compared, in words.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Phase">What it is at.</param>
/// <param name="Entries">Entries that were compared.</param>
/// <param name="Total">Entries that the ledger has; 0 until it has answered.</param>
/// <param name="Report">What was found, when it is done.</param>
/// <param name="Failure">Why it came to no result, or null.</param>
public sealed record ProjectionScan(
    string Id, string Scope, int Partition, ScanPhase Phase, long Entries, long Total, ScanReport? Report,
    string? Failure)
{
    /// <summary>Whether it goes on, or waits.</summary>
    public bool IsUnderWay => Phase is not (ScanPhase.Done or ScanPhase.Failed);
}
