using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;

namespace Alloc.Engine.Runtime;

/// <summary>A fetched record that waits for its task.</summary>
internal struct QueuedRecord
{
    public long Offset;
    public long TimestampMs;
    public byte[]? Key;
    public byte[]? Value;
    public RecordHeaders? Headers;
}

/// <summary>Records of one input partition in a growing ring, and where the task stands in that partition.</summary>
internal sealed class RecordQueue(TopicPartition partition, SourceNode source)
{
    private QueuedRecord[] ring = new QueuedRecord[256];
    private int head;
    private long lastProcessedMs = long.MaxValue;
    private long oldestUncommittedMs = long.MaxValue;
    private long timeAcceptedThrough = -1;

    public TopicPartition Partition { get; } = partition;

    /// <summary>The node that reads this topic; a new one whenever the task's nodes are made anew.</summary>
    public SourceNode Source { get; set; } = source;

    /// <summary>Its number among the queues of its task.</summary>
    public int Index { get; init; }

    public int Count { get; private set; }

    /// <summary>
    /// The offset after the last record that was processed: what a commit names, unless the end is further.
    /// </summary>
    public long NextOffset { get; private set; }

    /// <summary>
    /// The offset after the last record that was fetched: where fetching goes on after an assignment.
    /// </summary>
    public long NextFetchOffset { get; private set; }

    /// <summary>
    /// The end of the partition as a poll reported it; markers make it larger than the last record's offset + 1.
    /// </summary>
    public long EndOffset { get; private set; } = -1;

    /// <summary>The last offset whose record was decided, from the state; −1 for none.</summary>
    public long Mark { get; private set; } = -1;

    /// <summary>
    /// Records up to this offset are processed though they are stamped ahead of the host's clock; −1 for none. Set by
    /// an operator, from another thread.
    /// </summary>
    public long TimeAcceptedThrough
    {
        get => Volatile.Read(ref timeAcceptedThrough);
        set => Volatile.Write(ref timeAcceptedThrough, value);
    }

    /// <summary>True while the client is told not to fetch.</summary>
    public bool IsPaused { get; set; }

    /// <summary>What a commit names now: the end, when everything before it is processed.</summary>
    public long CommitOffset => Count == 0 && EndOffset > NextOffset ? EndOffset : NextOffset;

    /// <summary>The last committed value of <see cref="CommitOffset"/>.</summary>
    public long CommittedOffset { get; private set; } = -1;

    /// <summary>
    /// Timestamp of the oldest record that was fetched and is not committed; <see cref="long.MaxValue"/> for none.
    /// </summary>
    public long OldestUncommittedMs => Volatile.Read(ref oldestUncommittedMs);

    /// <summary>A commit covers everything before this offset.</summary>
    public void MarkCommitted(long offset)
    {
        CommittedOffset = offset;
        oldestUncommittedMs = offset >= NextOffset ? HeadTimestampMs : lastProcessedMs;
    }

    /// <summary>Timestamp of the oldest record that waits; <see cref="long.MaxValue"/> when none does.</summary>
    public long HeadTimestampMs => Count == 0 ? long.MaxValue : ring[head].TimestampMs;

    public ref QueuedRecord Head => ref ring[head];

    /// <summary>The queue whose oldest record has the lowest timestamp; null when all are empty.</summary>
    public static RecordQueue? Earliest(RecordQueue[] queues)
    {
        if (queues.Length == 1)
        {
            return queues[0].Count > 0 ? queues[0] : null;
        }
        RecordQueue? next = null;
        foreach (var queue in queues)
        {
            if (queue.Count > 0 && (next is null || queue.HeadTimestampMs < next.HeadTimestampMs))
            {
                next = queue;
            }
        }
        return next;
    }

    /// <summary>
    /// Records of a task's queues that may be processed in the order of their time: none while one of them is empty and
    /// its partition was not read to its end, for what comes next there may be older.
    /// </summary>
    public static int ReadyCount(RecordQueue[] queues)
    {
        var count = 0;
        foreach (var queue in queues)
        {
            if (queue.Count == 0 && queue.EndOffset < queue.NextOffset)
            {
                return 0;
            }
            count += queue.Count;
        }
        return count;
    }

    /// <summary>Empties the queue and sets where to go on.</summary>
    public void Reset(long nextOffset, long mark)
    {
        Array.Clear(ring);
        head = 0;
        Count = 0;
        NextOffset = nextOffset;
        NextFetchOffset = nextOffset;
        CommittedOffset = nextOffset;
        EndOffset = -1;
        oldestUncommittedMs = long.MaxValue;
        Mark = mark;
    }

    /// <summary>
    /// Sets where processing begins, at or after where fetching began; what was fetched before it is dropped.
    /// </summary>
    public void Begin(long nextOffset, long mark)
    {
        while (Count > 0 && Head.Offset < nextOffset)
        {
            Dequeue();
        }
        NextOffset = nextOffset;
        NextFetchOffset = Math.Max(NextFetchOffset, nextOffset);
        CommittedOffset = nextOffset;
        Mark = mark;
        lastProcessedMs = long.MaxValue;
        oldestUncommittedMs = HeadTimestampMs;
    }

    /// <summary>
    /// Takes a fetched record; one below the fetch position came from before an assignment and is dropped.
    /// </summary>
    public void Enqueue(in PollResult fetched)
    {
        if (fetched.Offset < NextFetchOffset)
        {
            return;
        }
        if (Count == ring.Length)
        {
            Grow();
        }
        ref var slot = ref ring[(head + Count) & (ring.Length - 1)];
        slot.Offset = fetched.Offset;
        slot.TimestampMs = fetched.TimestampMs;
        slot.Key = fetched.Key;
        slot.Value = fetched.Value;
        slot.Headers = fetched.Headers;
        Count++;
        oldestUncommittedMs = Math.Min(oldestUncommittedMs, fetched.TimestampMs);
        NextFetchOffset = fetched.Offset + 1;
    }

    /// <summary>Notes that the partition is read to this offset.</summary>
    public void ReachEnd(long offset)
    {
        EndOffset = Math.Max(EndOffset, offset);
        NextFetchOffset = Math.Max(NextFetchOffset, offset);
    }

    /// <summary>The head is done: it was processed, or decided before.</summary>
    public void Dequeue()
    {
        ref var slot = ref ring[head];
        NextOffset = slot.Offset + 1;
        Mark = Math.Max(Mark, slot.Offset);
        lastProcessedMs = slot.TimestampMs;
        slot = default;
        head = (head + 1) & (ring.Length - 1);
        Count--;
    }

    private void Grow()
    {
        var grown = new QueuedRecord[ring.Length * 2];
        for (var index = 0; index < Count; index++)
        {
            grown[index] = ring[(head + index) & (ring.Length - 1)];
        }
        ring = grown;
        head = 0;
    }
}
