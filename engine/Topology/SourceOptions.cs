namespace Alloc.Engine.Topology;

/// <summary>A record that the engine appends to a task's own input partition to let log time move on.</summary>
/// <param name="Key">The key's bytes, or null.</param>
/// <param name="Value">The value's bytes, or null.</param>
public readonly record struct TickRecord(byte[]? Key, byte[]? Value);

/// <summary>Makes the tick for a partition; <paramref name="dueAtMs"/> is the log time that was asked for.</summary>
public delegate TickRecord TickFactory(int partition, long dueAtMs);

/// <summary>How a source topic is read.</summary>
public sealed record SourceOptions
{
    /// <summary>
    /// Makes ticks for this topic's partitions; null where tasks never ask for any. At most one source of a
    /// sub-topology has it.
    /// </summary>
    public TickFactory? Tick { get; init; }

    /// <summary>
    /// Takes records that cannot be processed, with the reason and origin in headers; null stops the application on the
    /// first one.
    /// </summary>
    public string? DeadLetterTopic { get; init; }

    /// <summary>
    /// Refuses to start unless the broker stamps this topic's records (<c>message.timestamp.type=LogAppendTime</c>).
    /// </summary>
    public bool RequireLogAppendTime { get; init; }

    /// <summary>The group of ours that writes the topic; null where others do.</summary>
    public SourceUpstream? Upstream { get; init; }

    /// <summary>
    /// Whether the topic is one that the application itself writes for itself: it is made at the start where it is
    /// missing.
    /// </summary>
    public bool IsRepartition { get; init; }

    /// <summary>Reads headers of records; off saves a native call a record.</summary>
    public bool ReadHeaders { get; init; }
}

/// <summary>Which partition a sink writes to.</summary>
public enum SinkPartitioning
{
    /// <summary>The task's own partition, always: outputs stay beside their input.</summary>
    TaskPartition,

    /// <summary>By the key's bytes, as Java clients do; null keys are spread.</summary>
    Murmur2,

    /// <summary>By <see cref="SinkOptions{TKey, TValue}.Partitioner"/>.</summary>
    Explicit,
}

/// <summary>Which records a sink writes.</summary>
public enum SinkEmit
{
    /// <summary>Every one, in order.</summary>
    EveryRecord,

    /// <summary>
    /// The last one of each key in a transaction; for compacted topics whose readers want the newest value.
    /// </summary>
    LastPerKeyPerCommit,
}

/// <summary>How a sink topic is written.</summary>
public record SinkOptions
{
    /// <summary>Which partition; by default the key decides.</summary>
    public SinkPartitioning Partitioning { get; init; } = SinkPartitioning.Murmur2;

    /// <summary>Which records; by default every one.</summary>
    public SinkEmit Emit { get; init; } = SinkEmit.EveryRecord;

    /// <summary>
    /// The cleanup policy that the topic must have (<c>delete</c>, <c>compact</c>, <c>compact,delete</c>); null for
    /// any.
    /// </summary>
    public string? CleanupPolicy { get; init; }
}

/// <summary>A sink's options with a partitioner of its own.</summary>
public sealed record SinkOptions<TKey, TValue> : SinkOptions
{
    /// <summary>
    /// Key, value and the topic's partition count to partition; for <see cref="SinkPartitioning.Explicit"/>.
    /// </summary>
    public Func<TKey, TValue, int, int>? Partitioner { get; init; }
}
