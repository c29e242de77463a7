using Alloc.Client;
using Confluent.Kafka;

namespace Alloc.Verify;

/// <summary>
/// Reads one partition from its first record to where it ended when reading began, twice at once: read committed and
/// read uncommitted. What only the second sees was aborted, or is in an open transaction.
/// </summary>
internal sealed class LogReader
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly IConsumer<byte[]?, byte[]?> committed;
    private readonly IConsumer<byte[]?, byte[]?> uncommitted;
    private readonly TopicPartition partition;
    private readonly Findings findings;
    private readonly CancellationToken cancellation;
    private ConsumeResult<byte[]?, byte[]?>? uncommittedNext;
    private bool isDone;
    private bool isUncommittedDone;

    /// <param name="readers">What reads; the reading before must be over.</param>
    /// <param name="partition">What to read.</param>
    /// <param name="findings">Where differences between the two readers go.</param>
    /// <param name="timeout">How long the broker may take to say where the log begins and ends.</param>
    /// <param name="cancellation">Stops the reading.</param>
    public LogReader(
        ReaderPair readers, TopicPartition partition, Findings findings, TimeSpan timeout,
        CancellationToken cancellation)
    {
        this.partition = partition;
        this.findings = findings;
        this.cancellation = cancellation;
        committed = readers.Committed;
        uncommitted = readers.Uncommitted;
        var watermarks = uncommitted.QueryWatermarkOffsets(partition, timeout);
        First = watermarks.Low;
        End = watermarks.High;
        var start = new TopicPartitionOffset(partition, First.Value);
        committed.Assign(start);
        uncommitted.Assign(start);
        isDone = isUncommittedDone = End.Value <= First.Value;
    }

    /// <summary>The first offset that the log still has.</summary>
    public Offset First { get; }

    /// <summary>The high watermark when reading began.</summary>
    public Offset End { get; }

    /// <summary>Records read that are committed.</summary>
    public long CommittedCount { get; private set; }

    /// <summary>Records that only a read-uncommitted reader sees.</summary>
    public long UncommittedOnlyCount { get; private set; }

    /// <summary>How far the reading is, as an offset.</summary>
    public long Progress { get; private set; }

    /// <summary>The next committed record; null at the end.</summary>
    public ConsumeResult<byte[]?, byte[]?>? Next()
    {
        while (!isDone)
        {
            var record = Consume(committed);
            Progress = Math.Max(Progress, record.Offset.Value + 1);
            if (record.IsPartitionEOF || record.Offset.Value >= End.Value)
            {
                isDone = true;
                break;
            }
            CommittedCount++;
            Compare(record);
            return record;
        }
        DrainUncommitted(long.MaxValue);
        return null;
    }

    /// <summary>Whether the log grew since reading began.</summary>
    public bool HasMovedOn(TimeSpan timeout) =>
        uncommitted.QueryWatermarkOffsets(partition, timeout).High > End;

    /// <summary>Every record that a read-committed reader sees must stand in the log, with the same bytes.</summary>
    private void Compare(ConsumeResult<byte[]?, byte[]?> record)
    {
        DrainUncommitted(record.Offset.Value);
        var at = new Position(partition.Topic, partition.Partition.Value, record.Offset.Value);
        if (uncommittedNext is null || uncommittedNext.Offset != record.Offset)
        {
            findings.Add(FindingKind.AbortedDataSeen, "", at,
                "a read-committed reader sees a record that a read-uncommitted one does not");
            return;
        }
        var other = uncommittedNext.Message;
        if (!Same(record.Message.Value, other.Value) || !Same(record.Message.Key, other.Key))
        {
            findings.Add(FindingKind.AbortedDataSeen, "", at, "the two readers see different bytes");
        }
        uncommittedNext = null;
    }

    private void DrainUncommitted(long offset)
    {
        while (!isUncommittedDone)
        {
            uncommittedNext ??= Consume(uncommitted);
            if (uncommittedNext.IsPartitionEOF || uncommittedNext.Offset.Value >= End.Value)
            {
                isUncommittedDone = true;
                uncommittedNext = null;
            }
            else if (uncommittedNext.Offset.Value >= offset)
            {
                return;
            }
            else
            {
                UncommittedOnlyCount++;
                uncommittedNext = null;
            }
        }
    }

    private ConsumeResult<byte[]?, byte[]?> Consume(IConsumer<byte[]?, byte[]?> consumer)
    {
        cancellation.ThrowIfCancellationRequested();
        // Most records wait in the client's queue; a token is only worth its cost when they do not.
        if (consumer.Consume(0) is { } ready)
        {
            return ready;
        }
        return consumer.Consume(Patience) ?? throw AllocException.Unavailable(
            $"{partition.Topic}[{partition.Partition.Value}] gave no record for {Patience.TotalSeconds:0} s at offset "
            + $"{Progress} of {End.Value}.",
            "Is the broker still running? Nothing was changed; run alloc verify again.");
    }

    private static bool Same(byte[]? a, byte[]? b) => a.AsSpan().SequenceEqual(b) && a is null == b is null;
}
