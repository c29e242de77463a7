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
/// <param name="producer">Sends it.</param>
/// <param name="startedTimestamp">When it began.</param>
/// <param name="held">Where its outputs wait; empty. One transaction at a time has some: they use it in turn.</param>
internal sealed class TransactionBuffer(ILogProducer producer, long startedTimestamp, List<OutputRecord> held)
{
    private readonly Dictionary<TopicPartition, LastRecord> last = [];
    private LastRecord? recent;

    public ILogProducer Producer { get; } = producer;

    public long StartedTimestamp { get; } = startedTimestamp;

    /// <summary>True once records go straight to the producer.</summary>
    public bool IsSending { get; private set; }

    public int RecordCount { get; private set; }

    public long Bytes { get; private set; }

    public CommitOperation? Commit { get; set; }

    /// <summary>Per task: the layer and the offsets.</summary>
    public List<TaskShare> Shares { get; } = [];

    /// <summary>Counts a processed record.</summary>
    public void Count() => RecordCount++;

    public void Write(in OutputRecord output)
    {
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

    /// <summary>
    /// Sends what only the commit can: what stores changed, and the last records, with handlers that learn their
    /// offsets. On the commit's own thread, so that the stream thread goes on with the next transaction.
    /// </summary>
    /// <exception cref="TaskFailedException">A serializer failed.</exception>
    public void SendRest()
    {
        foreach (var share in Shares)
        {
            ChangelogWriter.Write(share, this);
        }
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
        // does. Mostly the next is of the same partition.
        if (recent is null || !ReferenceEquals(recent.Record.Topic, output.Topic)
            || recent.Record.Partition != output.Partition)
        {
            ref var slot = ref CollectionsMarshal.GetValueRefOrAddDefault(
                last, new TopicPartition(output.Topic, output.Partition), out var exists);
            if (!exists)
            {
                recent = slot = new LastRecord { Record = output };
                return;
            }
            recent = slot!;
        }
        Producer.Send(Outgoing(in recent.Record), null);
        recent.Record = output;
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
    IReadOnlyDictionary<string, long>? Watermarks)
{
    /// <summary>The host's clock when the commit began, milliseconds since 1970 UTC.</summary>
    public required long WallClockMs { get; init; }

    /// <summary>Whether watermarks moved since they were written last.</summary>
    public required bool HaveWatermarksMoved { get; init; }
}
