using Alloc.Engine.Processing;

namespace Alloc.Engine.LogClient;

/// <summary>A partition of a topic.</summary>
public readonly record struct TopicPartition(string Topic, int Partition)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Topic}-{Partition}";
}

/// <summary>A partition and an offset in it.</summary>
public readonly record struct TopicPartitionOffset(TopicPartition Partition, long Offset)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Partition}@{Offset}";
}

/// <summary>What a poll brought.</summary>
public enum PollKind
{
    /// <summary>Nothing within the time.</summary>
    None,

    /// <summary>A record.</summary>
    Record,

    /// <summary>
    /// The partition is read to its end (for read-committed readers: to the last stable offset); the offset is the end.
    /// </summary>
    EndOfPartition,
}

/// <summary>One result of a poll. A struct, so that a poll costs no allocation beyond the bytes.</summary>
public struct PollResult
{
    public PollKind Kind { get; set; }
    public TopicPartition Partition { get; set; }
    public long Offset { get; set; }
    public long TimestampMs { get; set; }
    public byte[]? Key { get; set; }
    public byte[]? Value { get; set; }
    public RecordHeaders? Headers { get; set; }
}

/// <summary>
/// Membership of a consumer in its group, taken in the assigned handler; opaque but for the member's id.
/// </summary>
/// <param name="MemberId">The member's id; never empty.</param>
/// <param name="Native">What the client needs to send offsets with a transaction.</param>
public sealed record LogGroupMetadata(string MemberId, object Native);

/// <summary>What to send.</summary>
public readonly record struct OutgoingRecord(
    TopicPartition Partition, byte[]? Key, byte[]? Value, long TimestampMs, RecordHeaders? Headers);

/// <summary>Earliest and latest offsets of a partition.</summary>
/// <param name="Beginning">The first offset that the log still holds.</param>
/// <param name="HighWatermark">The offset after the last one that is replicated, read uncommitted.</param>
public readonly record struct LogBounds(long Beginning, long HighWatermark);

/// <summary>Tells how a send ended.</summary>
/// <param name="offset">The record's offset, or −1 if it failed.</param>
/// <param name="timestampMs">The record's timestamp as the broker has it.</param>
/// <param name="failure">Null when delivered.</param>
public delegate void DeliveryHandler(long offset, long timestampMs, LogException? failure);
