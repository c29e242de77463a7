using Alloc.Schemas.Registry;

namespace Alloc.Schemas.Catalogue;

/// <summary>What happens to old records of a topic.</summary>
public enum CleanupPolicy
{
    /// <summary>Whole segments go when retention says so.</summary>
    Delete,

    /// <summary>The newest record of each key stays.</summary>
    Compact,
}

/// <summary>Whether records of the past may be written to a topic again.</summary>
public enum ReplayTarget
{
    /// <summary>Never: what it says is the truth, or follows from it.</summary>
    Never,

    /// <summary>Only by somebody who says that its readers shall act on them.</summary>
    Asks,
}

/// <summary>One topic of the product.</summary>
public sealed record TopicDefinition
{
    /// <summary>The topic's name, with the prefix of its deployment.</summary>
    public required string Name { get; init; }

    /// <summary>What the topic is for.</summary>
    public required string Doc { get; init; }

    /// <summary>The bounded context that the topic belongs to.</summary>
    public required string Context { get; init; }

    /// <summary>What the records' keys are; keys are UTF-8 text.</summary>
    public required string Key { get; init; }

    /// <summary>The full name of the values' Avro record; null where values are bytes as received.</summary>
    public string? Schema { get; init; }

    /// <summary>The level that new versions of the schema are held to; null without a schema.</summary>
    public string? Compatibility { get; init; }

    /// <summary>Number of partitions, 1 to 10,000.</summary>
    public required int PartitionCount { get; init; }

    /// <summary>The topic whose number of partitions this one always shares; null when it has its own.</summary>
    public string? PartitionsOf { get; init; }

    public required CleanupPolicy Policy { get; init; }

    /// <summary>The topic for records that cannot be processed; null when there is none.</summary>
    public string? DeadLetterTopic { get; init; }

    /// <summary>Who writes to the topic.</summary>
    public IReadOnlyList<string> Writers { get; init; } = [];

    /// <summary>
    /// Whether others may write to it. To every other topic only its applications write: a record of anybody else would
    /// get past the log that they decide by.
    /// </summary>
    public bool IsOpen { get; init; }

    /// <summary>Whether records of the past may be written to it again.</summary>
    public ReplayTarget ReplayInto { get; init; }

    /// <summary>The topic's settings in Kafka's names, <c>cleanup.policy</c> included.</summary>
    public IReadOnlyDictionary<string, string> Configs { get; init; } = new SortedDictionary<string, string>();

    /// <summary>The subject that the values' schema is registered under.</summary>
    public string Subject => ConfluentFraming.SubjectOf(Name);
}
