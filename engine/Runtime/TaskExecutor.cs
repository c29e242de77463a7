using Alloc.Engine.LogClient;
using Alloc.Engine.Observability;
using Alloc.Engine.Processing;
using Alloc.Engine.Transactions;
using Alloc.Engine.Watermarks;

namespace Alloc.Engine.Runtime;

/// <summary>
/// Runs the ready tasks of one thread: takes fetched records, processes them in turn, keeps queues bounded.
/// </summary>
internal sealed class TaskExecutor(
    CommitPipeline pipeline, TaskEnvironment environment, StreamsOptions options, EngineMetrics metrics)
{
    /// <summary>Records of one task before the next has its turn.</summary>
    private const int TurnSize = 256;

    /// <summary>Records of all tasks before the loop looks at the clock and its commits again.</summary>
    private const int BatchSize = 1_024;

    private readonly List<StreamTask> tasks = [];
    private readonly Dictionary<TopicPartition, RecordQueue> queues = [];
    private readonly List<TopicPartition> toPause = [];
    private readonly List<TopicPartition> toResume = [];
    private TopicPartition lastPartition;
    private RecordQueue? lastQueue;
    private object? lastKnownEnds;
    private int firstTask;

    public IReadOnlyList<StreamTask> Tasks => tasks;

    public bool HasTasks => tasks.Count > 0;

    /// <summary>Assigns the inputs of tasks, all paused until each task is added.</summary>
    public void Assign(IReadOnlyList<StreamTask> assigned, ILogConsumer consumer)
    {
        foreach (var queue in assigned.SelectMany(t => t.Queues))
        {
            queue.IsPaused = true;
            queues.Add(queue.Partition, queue);
        }
        consumer.Assign(queues.Values.Select(q => new TopicPartitionOffset(q.Partition, q.NextFetchOffset)).ToList());
        consumer.Pause(queues.Keys);
    }

    /// <summary>Adds a task that is ready: its inputs are fetched from now on.</summary>
    public void Add(StreamTask task, ILogConsumer consumer)
    {
        tasks.Add(task);
        // What is known of its sources is news to it.
        lastKnownEnds = null;
        consumer.Resume(Array.ConvertAll(task.Queues, q => q.Partition));
        foreach (var queue in task.Queues)
        {
            queue.IsPaused = false;
        }
    }

    /// <summary>Takes all tasks away.</summary>
    public IReadOnlyList<StreamTask> Clear(ILogConsumer? consumer)
    {
        // A pause outlives an assignment.
        var paused = queues.Values.Where(q => q.IsPaused).Select(q => q.Partition).ToList();
        if (paused.Count > 0)
        {
            try
            {
                consumer?.Resume(paused);
            }
            catch (LogException)
            {
                // Partitions that are gone already have nothing to resume.
            }
        }
        var cleared = tasks.ToList();
        tasks.Clear();
        queues.Clear();
        lastQueue = null;
        return cleared;
    }

    /// <summary>Puts what a poll brought into its queue; partitions that are nobody's any more are ignored.</summary>
    public void Dispatch(in PollResult result)
    {
        if (lastQueue is null || lastPartition.Partition != result.Partition.Partition
            || lastPartition.Topic != result.Partition.Topic)
        {
            if (!queues.TryGetValue(result.Partition, out lastQueue))
            {
                return;
            }
            lastPartition = result.Partition;
        }
        if (result.Kind == PollKind.Record)
        {
            lastQueue.Enqueue(in result);
        }
        else
        {
            lastQueue.ReachEnd(result.Offset);
        }
    }

    /// <summary>
    /// Throws what somebody beside this thread, a reader or the writer, found wrong with a task's state.
    /// </summary>
    /// <exception cref="TaskCorruptedException">It is damaged.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public void ThrowIfFailed()
    {
        foreach (var task in tasks)
        {
            task.State.ThrowIfFailed();
        }
    }

    /// <summary>
    /// True when every input is read to an end that the log told, and all of it is processed: nothing is left undone.
    /// </summary>
    public bool HasReachedEnds => tasks.TrueForAll(
        t => t.Wait.IsStopped || Array.TrueForAll(
            t.Queues, q => q.Count == 0 && q.EndOffset >= Math.Max(0, q.NextOffset)));

    /// <summary>
    /// Records that could be processed now, in the order of their time. More of them need not be taken from the client:
    /// those that wait here for long are copied by the garbage collector again and again.
    /// </summary>
    public int ReadyCount
    {
        get
        {
            var count = 0;
            foreach (var task in tasks)
            {
                if (task.Wait.RetryAtMs <= environment.NowMs)
                {
                    count += RecordQueue.ReadyCount(task.Queues);
                }
            }
            return count;
        }
    }

    /// <summary>Processes a batch; true if anything was done.</summary>
    public bool Process()
    {
        var done = 0;
        for (var index = 0; index < tasks.Count && done < BatchSize; index++)
        {
            var task = tasks[(firstTask + index) % tasks.Count];
            if (task.Wait.RetryAtMs <= environment.NowMs)
            {
                done += ProcessTurn(task);
            }
        }
        if (tasks.Count > 0)
        {
            firstTask = (firstTask + 1) % tasks.Count;
        }
        return done > 0;
    }

    /// <summary>Has every task move its watermarks on with what it processed, and with what the log told.</summary>
    /// <param name="known">Where partitions ended; another instance whenever something is new.</param>
    public void AdvanceWatermarks(IReadOnlyDictionary<TopicPartition, KnownEnd> known)
    {
        var isNew = !ReferenceEquals(known, lastKnownEnds);
        lastKnownEnds = known;
        foreach (var task in tasks)
        {
            for (var index = 0; isNew && index < task.Queues.Length; index++)
            {
                if (known.TryGetValue(task.Queues[index].Partition, out var end))
                {
                    task.Watermarks.Offer(index, end);
                }
            }
            task.Watermarks.Advance();
        }
    }

    /// <summary>
    /// Runs what is due by stream time, by the host's clock and by watermark. What is due by watermark may take many
    /// calls: no more than a turn of them, and none into a transaction that is full.
    /// </summary>
    public bool Punctuate()
    {
        var ran = false;
        foreach (var task in tasks)
        {
            if (task.HasPunctuationDue && pipeline.TryOpen())
            {
                ran |= task.Punctuate(pipeline);
            }
            var calls = 1;
            while (task.HasWatermarkDue && calls++ < TurnSize && !pipeline.IsFull && pipeline.TryOpen())
            {
                ran |= task.Punctuate(pipeline);
            }
            CountUnusual(task);
        }
        return ran;
    }

    /// <summary>Whether a watermark timer of some task is due.</summary>
    public bool HasWatermarkDue => tasks.Exists(t => t.HasWatermarkDue);

    /// <summary>Pauses partitions whose queue is full and resumes those that have room again.</summary>
    public void BoundQueues(ILogConsumer consumer)
    {
        toPause.Clear();
        toResume.Clear();
        foreach (var queue in tasks.SelectMany(t => t.Queues))
        {
            if (!queue.IsPaused && queue.Count >= options.QueuedRecordLimit)
            {
                queue.IsPaused = true;
                toPause.Add(queue.Partition);
            }
            else if (queue.IsPaused && queue.Count <= options.QueuedRecordLimit / 2)
            {
                queue.IsPaused = false;
                toResume.Add(queue.Partition);
            }
        }
        if (toPause.Count > 0)
        {
            consumer.Pause(toPause);
        }
        if (toResume.Count > 0)
        {
            consumer.Resume(toResume);
        }
    }

    /// <summary>True when nothing waits in a queue that could be processed now.</summary>
    public bool IsQueueEmpty => tasks.TrueForAll(t => t.NextQueue() is null || t.Wait.RetryAtMs > environment.NowMs);

    /// <summary>
    /// Timestamp of the oldest record that waits in a queue and will be processed; <see cref="long.MaxValue"/> when
    /// none does.
    /// </summary>
    public long OldestWaitingMs
    {
        get
        {
            var oldest = long.MaxValue;
            foreach (var task in tasks.Where(t => !t.Wait.IsStopped))
            {
                foreach (var queue in task.Queues)
                {
                    oldest = Math.Min(oldest, queue.HeadTimestampMs);
                }
            }
            return oldest;
        }
    }

    /// <summary>
    /// True when the input is read to its end, as far as the last fetch knows: a commit would not grow by waiting.
    /// </summary>
    public bool IsDrained(ILogConsumer consumer)
    {
        foreach (var queue in tasks.SelectMany(t => t.Queues))
        {
            if (queue.Count == 0 && queue.EndOffset < queue.NextOffset
                && consumer.EndOffset(queue.Partition) > queue.NextOffset)
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>
    /// Whether a partition's end lies beyond its committed offset though all is processed: markers, which lag must not
    /// count.
    /// </summary>
    public bool HasUncommittedEnd
    {
        get
        {
            foreach (var queue in tasks.SelectMany(t => t.Queues))
            {
                if (queue.CommitOffset > queue.CommittedOffset)
                {
                    return true;
                }
            }
            return false;
        }
    }

    /// <summary>Uncommitted writes of all tasks, in bytes.</summary>
    public long UncommittedBytes => tasks.Sum(t => t.State.UncommittedBytes);

    /// <summary>The host's time at which something is due without input.</summary>
    public long NextDueMs(long brokerAheadMs)
    {
        var next = long.MaxValue;
        foreach (var task in tasks.Where(t => !t.Wait.IsStopped))
        {
            next = Math.Min(next, Math.Min(task.NextPunctuationMs, task.Tick.NextLookMs(brokerAheadMs)));
            if (task.Wait.Reason is not null)
            {
                next = Math.Min(next, task.Wait.RetryAtMs);
            }
            if (task.TimerWait.Reason is not null)
            {
                next = Math.Min(next, task.TimerWait.RetryAtMs);
            }
        }
        return next;
    }

    private int ProcessTurn(StreamTask task)
    {
        var processedBefore = task.Counters.Processed;
        var done = 0;
        RecordQueue? queue = null;
        while (done < TurnSize && task.NextQueue() is { } next)
        {
            queue = next;
            if (!pipeline.TryOpen() || pipeline.IsFull || !task.Process(queue, pipeline))
            {
                break;
            }
            pipeline.CountRecord();
            done++;
        }
        if (queue is not null)
        {
            metrics.RecordsProcessed(task.Counters.Processed - processedBefore, queue.Partition.Topic);
            CountUnusual(task);
        }
        return done;
    }

    private void CountUnusual(StreamTask task)
    {
        if (task.Counters.HasDeadLetters)
        {
            task.Counters.TakeDeadLetters(metrics.DeadLetters);
        }
        if (task.Late.HasCounted)
        {
            task.Late.Take(metrics.Late);
        }
        if (task.Unusual.HasCounted)
        {
            task.Unusual.Take(metrics.Unusual);
        }
    }
}
