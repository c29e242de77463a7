using System.Runtime.InteropServices;
using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;

namespace Alloc.Engine.Transactions;

/// <summary>
/// One transaction: the outputs that wait until the one before is delivered, the last record of each partition whose
/// offset is wanted, and what it will commit.
/// </summary>
internal sealed class TransactionBuffer(ILogProducer producer, long startedTimestamp)
{
    private readonly List<OutputRecord> held = [];
    private readonly Dictionary<TopicPartition, LastRecord> last = [];

    public ILogProducer Producer { get; } = producer;

    public long StartedTimestamp { get; } = startedTimestamp;

    /// <summary>True once records go straight to the producer.</summary>
    public bool IsSending { get; private set; }

    public int RecordCount { get; private set; }

    public int OutputCount { get; private set; }

    public long Bytes { get; private set; }

    public CommitOperation? Commit { get; set; }

    /// <summary>Per task: the layer and the offsets.</summary>
    public List<TaskShare> Shares { get; } = [];

    /// <summary>Counts a processed record.</summary>
    public void Count() => RecordCount++;

    public void Write(in OutputRecord output)
    {
        OutputCount++;
        Bytes += (output.Key?.Length ?? 0) + (output.Value?.Length ?? 0) + 64;
        if (IsSending)
        {
            Send(in output);
        }
        else
        {
            held.Add(output);
        }
    }

    /// <summary>The transaction before is delivered: what was held goes out, in order.</summary>
    public void Release()
    {
        if (IsSending)
        {
            return;
        }
        IsSending = true;
        foreach (ref readonly var output in CollectionsMarshal.AsSpan(held))
        {
            Send(in output);
        }
        held.Clear();
    }

    /// <summary>Sends the last records, with handlers that learn their offsets.</summary>
    public void SendLast()
    {
        foreach (var (partition, record) in last)
        {
            var target = record;
            Producer.Send(Outgoing(in record.Record), (offset, _, failure) =>
            {
                if (failure is null)
                {
                    Volatile.Write(ref target.Offset, offset);
                }
            });
        }
    }

    /// <summary>
    /// The offset after the last record of a partition; null where none was written. Valid once delivered.
    /// </summary>
    public long? NextOffset(TopicPartition partition) =>
        last.TryGetValue(partition, out var record) ? Volatile.Read(ref record.Offset) + 1 : null;

    private void Send(in OutputRecord output)
    {
        if (!output.IsChangelog)
        {
            Producer.Send(Outgoing(in output), null);
            return;
        }
        // The last record of a partition has a handler; which one is the last shows when the next comes or the commit
        // does.
        ref var slot = ref CollectionsMarshal.GetValueRefOrAddDefault(
            last, new TopicPartition(output.Topic, output.Partition), out var exists);
        if (exists)
        {
            Producer.Send(Outgoing(in slot!.Record), null);
        }
        else
        {
            slot = new LastRecord();
        }
        slot.Record = output;
    }

    private static OutgoingRecord Outgoing(in OutputRecord output) =>
        new(new TopicPartition(output.Topic, output.Partition), output.Key, output.Value,
            output.TimestampMs, output.Headers);

    private sealed class LastRecord
    {
        public OutputRecord Record;
        public long Offset = -1;
    }
}

/// <summary>What one task puts into a transaction.</summary>
/// <param name="Layer">Its writes; null where it wrote nothing.</param>
/// <param name="Offsets">Per input queue, the offset that is committed and the mark that goes with it.</param>
/// <param name="StreamTimeMs">The task's stream time at the commit.</param>
/// <param name="Watermarks">Up to when its sources are known; null where it uses no watermarks or none is.</param>
internal sealed record TaskShare(
    StreamTask Task, IStateLayer Layer,
    IReadOnlyList<(RecordQueue Queue, long Offset, long Mark)> Offsets, long StreamTimeMs,
    IReadOnlyDictionary<string, long>? Watermarks);
