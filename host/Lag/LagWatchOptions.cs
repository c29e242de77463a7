using Alloc.Client;
using Alloc.Engine.Observability;

namespace Alloc.Host.Lag;

/// <summary>What is watched, and how often.</summary>
internal sealed record LagWatchOptions
{
    /// <summary>How Kafka is reached.</summary>
    public required AllocClientOptions Client { get; init; }

    /// <summary>Which topics are of interest, by name.</summary>
    public required Func<string, bool> WatchesTopic { get; init; }

    /// <summary>The only group that is of interest; null for all.</summary>
    public string? Group { get; init; }

    /// <summary>Whether groups that are on none of these topics are told too.</summary>
    public bool KeepsAll { get; init; }

    /// <summary>From the end of one look to the next, above 0; 5 s by default.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How far back a group is judged by, some intervals; 1 min by default.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Groups that are watched at most, the first by name; 500 by default.</summary>
    public int MostGroups { get; init; } = 500;

    /// <summary>Partitions of all groups together at most; 20,000 by default.</summary>
    public int MostPartitions { get; init; } = 20_000;

    /// <summary>
    /// What the engines of this process say of their own groups: it is closer, and goes before what is seen from
    /// outside.
    /// </summary>
    public Func<IEnumerable<OwnInput>> Own { get; init; } = () => [];
}

/// <summary>An input partition of an application that runs in this process.</summary>
/// <param name="Group">The application's group.</param>
/// <param name="Status">What its engine says.</param>
internal readonly record struct OwnInput(string Group, InputStatus Status);
