using Alloc.Engine.LogClient;
using Alloc.Engine.Observability;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;

namespace Alloc.Engine.Transactions;

/// <summary>
/// The transactions of one stream thread: one that takes outputs, and those whose commits are on their way.
/// </summary>
/// <remarks>
/// Kafka acknowledges the end of a transaction before its markers are written, and until then the same producer cannot
/// begin the next; so two or three producers take turns. Correct only with these rules: the records of N+1 go out after
/// those of N are delivered; its offsets after N's; its end after N's is acknowledged; if N fails, N+1 is dropped with
/// it, all producers are made anew, and InitTransactions runs on every id before any offset is read. Nothing relies on
/// the order of markers.
/// </remarks>
internal sealed class CommitPipeline : IOutputWriter, IDisposable
{
    private readonly ILogClient client;
    private readonly StreamsOptions options;
    private readonly TimeProvider clock;
    private readonly ThreadIdentity identity;
    private readonly EngineMetrics metrics;
    private readonly Queue<TransactionBuffer> inFlight = new();
    private readonly List<OutputRecord> held = [];
    private ILogProducer[] producers = [];
    private LogOperation[] initializations = [];
    private readonly List<Task> disposals = [];
    private TransactionBuffer? current;
    private TransactionBuffer? newestInFlight;
    private LogGroupMetadata? group;
    private int turn;
    private long initializationStartedAt;

    // When the oldest commit on its way began to be waited for: those behind it wait for it themselves.
    private long awaitedSince;

    public CommitPipeline(
        ILogClient client, StreamsOptions options, TimeProvider clock, ThreadIdentity identity, EngineMetrics metrics)
    {
        this.client = client;
        this.options = options;
        this.clock = clock;
        this.identity = identity;
        this.metrics = metrics;
    }

    /// <summary>False from a failure until every producer is initialised again.</summary>
    public bool IsHealthy { get; private set; }

    public bool HasOpenTransaction => current is not null;

    /// <summary>Transactions that were committed, so far.</summary>
    public long CommittedCount { get; private set; }

    public bool HasInFlight => inFlight.Count > 0;

    /// <summary>Whether the transaction at hand has reached a bound and must commit before more is processed.</summary>
    public bool IsFull => current is not null
        && (current.RecordCount >= options.TransactionRecordLimit || current.Bytes >= options.TransactionByteLimit);

    public TimeSpan OpenFor => current is null ? TimeSpan.Zero : clock.GetElapsedTime(current.StartedTimestamp);

    /// <summary>
    /// Sets the membership to commit with: taken once, in the assigned handler; null when revoked or lost.
    /// </summary>
    public void SetGroup(LogGroupMetadata? metadata) => group = metadata;

    /// <summary>
    /// Makes all producers anew and starts InitTransactions on every id; ask <see cref="TryFinishInitialization"/>.
    /// </summary>
    public void StartInitialization()
    {
        DisposeProducers();
        producers = new ILogProducer[options.ProducersPerThread];
        initializations = new LogOperation[producers.Length];
        for (var index = 0; index < producers.Length; index++)
        {
            var id = identity.TransactionalId(index);
            producers[index] = client.CreateTransactionalProducer(id, identity.ClientId);
            initializations[index] = producers[index].StartInit();
        }
        initializationStartedAt = clock.GetTimestamp();
    }

    /// <summary>True once every producer may begin.</summary>
    /// <exception cref="LogException">One of them failed.</exception>
    public bool TryFinishInitialization()
    {
        if (IsHealthy)
        {
            return true;
        }
        if (initializations.Length == 0)
        {
            StartInitialization();
        }
        foreach (var operation in initializations)
        {
            if (operation.Failure is { } failure)
            {
                initializations = [];
                throw failure;
            }
            if (!operation.IsDone)
            {
                if (IsOverdue(initializationStartedAt, options.TransactionTimeout + (2 * options.RequestTimeout)))
                {
                    initializations = [];
                    throw NeverCameBack("InitTransactions", LogFailure.RetryCall);
                }
                return false;
            }
        }
        initializations = [];
        IsHealthy = true;
        return true;
    }

    /// <summary>Whether a record may be processed now: a transaction is open, or a producer is free for one.</summary>
    public bool TryOpen()
    {
        if (current is not null)
        {
            return true;
        }
        if (!IsHealthy || group is null || inFlight.Count >= producers.Length)
        {
            return false;
        }
        var producer = producers[turn];
        turn = (turn + 1) % producers.Length;
        producer.Begin();
        current = new TransactionBuffer(producer, clock.GetTimestamp(), held);
        ReleaseIfDelivered();
        return true;
    }

    public void Write(StreamTask task, in OutputRecord output) => current!.Write(in output);

    /// <summary>Counts a processed record into the transaction at hand.</summary>
    public void CountRecord() => current!.Count();

    /// <summary>
    /// Starts the commit of the transaction at hand. False when it must wait: the records before are not delivered yet,
    /// or a sink cannot be serialized now.
    /// </summary>
    public bool TryStartCommit(IReadOnlyCollection<StreamTask> tasks)
    {
        if (!ReleaseIfDelivered())
        {
            return false;
        }
        var transaction = current!;
        foreach (var task in tasks)
        {
            try
            {
                task.EmitDeferred(this);
            }
            catch (DependencyUnavailableException error)
            {
                task.Wait.Begin(task.Environment, task.TaskId, error.Message);
                return false;
            }
        }
        var offsets = new List<TopicPartitionOffset>();
        foreach (var task in tasks)
        {
            var share = ShareOf(task);
            transaction.Shares.Add(share);
            offsets.AddRange(share.Offsets.Select(o => new TopicPartitionOffset(o.Queue.Partition, o.Offset)));
        }
        if (offsets.Count == 0 || group is null)
        {
            throw new TaskMigratedException(
                "A transaction without offsets or without membership would skip the group's fencing");
        }
        transaction.Commit = transaction.Producer.StartCommit(
            new CommitRequest(offsets, group, newestInFlight?.Commit) { SendRest = transaction.SendRest });
        if (inFlight.Count == 0)
        {
            awaitedSince = clock.GetTimestamp();
        }
        inFlight.Enqueue(transaction);
        newestInFlight = transaction;
        current = null;
        return true;
    }

    /// <summary>Takes what committed: layers become visible, positions move. Lets held records go.</summary>
    /// <exception cref="LogException">A commit failed: all uncommitted work must be dropped.</exception>
    public void Advance()
    {
        while (inFlight.TryPeek(out var transaction))
        {
            if (transaction.Commit!.Failure is { } failure)
            {
                metrics.CommitFailed();
                throw Unknown(failure);
            }
            if (!transaction.Commit.IsDone)
            {
                if (IsOverdue(awaitedSince, options.TransactionTimeout + options.RequestTimeout))
                {
                    metrics.CommitFailed();
                    throw NeverCameBack("A commit", LogFailure.NewProducer);
                }
                break;
            }
            inFlight.Dequeue();
            awaitedSince = clock.GetTimestamp();
            Complete(transaction);
        }
        if (inFlight.Count == 0)
        {
            newestInFlight = null;
        }
        ReleaseIfDelivered();
    }

    /// <summary>Commits all there is and waits for it; for revocation and shutdown.</summary>
    /// <exception cref="LogException">A commit failed or did not end in time.</exception>
    public void Drain(IReadOnlyCollection<StreamTask> tasks)
    {
        var started = clock.GetTimestamp();
        while (current is not null || inFlight.Count > 0)
        {
            if (inFlight.TryPeek(out var first) && current is not null && !ReleaseIfDelivered())
            {
                newestInFlight!.Commit!.WaitFor(CommitStage.Delivered, TimeSpan.FromMilliseconds(50));
            }
            else if (current is not null)
            {
                if (!TryStartCommit(tasks))
                {
                    throw new LogException("Work in progress cannot be committed now", LogFailure.Abort, "Deferred");
                }
            }
            else
            {
                first!.Commit!.Wait(TimeSpan.FromMilliseconds(50));
            }
            Advance();
            if (clock.GetElapsedTime(started) > options.TransactionTimeout)
            {
                throw new LogException("A commit did not end in time", LogFailure.NewProducer, "Local_TimedOut");
            }
        }
    }

    /// <summary>
    /// Forgets all transactions; their producers are of no more use. The tasks' layers are the caller's to drop.
    /// </summary>
    public void Abandon()
    {
        IsHealthy = false;
        initializations = [];
        current = null;
        held.Clear();
        newestInFlight = null;
        inFlight.Clear();
        DisposeProducers();
    }

    public void Dispose()
    {
        DisposeProducers();
        Task.WaitAll([.. disposals], options.RequestTimeout);
    }

    /// <summary>
    /// A commit that was retriable to the end has an unknown outcome, and a delayed EndTxn of it could touch the
    /// producer's next transaction: it is never called again, its producer never used again.
    /// </summary>
    private static Exception Unknown(Exception failure) =>
        failure is LogException { Failure: LogFailure.RetryCall } retriable
        ? new LogException(retriable.Message, LogFailure.NewProducer, retriable.Code, retriable)
        : failure;

    // The client may never come back from a call, whatever time it was given: SendOffsetsToTransaction does not when
    // the broker that it knew as the group's coordinator is gone for good (confluentinc/librdkafka#5456, #5511).
    private bool IsOverdue(long since, TimeSpan longest) => clock.GetElapsedTime(since) > longest;

    private static LogException NeverCameBack(string call, LogFailure failure) =>
        new($"{call} has not come back in time; its producer is given up", failure, "Local_TimedOut");

    private bool ReleaseIfDelivered()
    {
        if (newestInFlight is not null && newestInFlight.Commit!.Stage < CommitStage.Delivered)
        {
            return false;
        }
        current?.Release();
        return true;
    }

    private static TaskShare ShareOf(StreamTask task)
    {
        var watermarks = task.Watermarks.Snapshot();
        var share = new TaskShare(
            task, task.State.Freeze(), Array.ConvertAll(task.Queues, q => (q, q.CommitOffset, q.Mark)),
            task.StreamTimeMs, watermarks)
        {
            WallClockMs = task.WallClockMs,
            HaveWatermarksMoved = watermarks is not null && !TaskTime.AreEqual(watermarks, task.WrittenWatermarks),
        };
        // Should they not be written after all, the task begins anew with those of its state.
        task.WrittenWatermarks = watermarks ?? task.WrittenWatermarks;
        return share;
    }

    private void Complete(TransactionBuffer transaction)
    {
        CommittedCount++;
        foreach (var share in transaction.Shares)
        {
            var before = share.Task.Position;
            var changelogs = new Dictionary<string, long>(before.Changelogs, StringComparer.Ordinal);
            foreach (var topic in share.Task.Changelogs.Topics)
            {
                if (transaction.NextOffset(new TopicPartition(topic, share.Task.TaskId.Partition)) is { } next)
                {
                    changelogs[topic] = next;
                }
            }
            var marks = new Dictionary<string, long>(before.SourceMarks, StringComparer.Ordinal);
            foreach (var (queue, offset, mark) in share.Offsets)
            {
                if (mark >= 0)
                {
                    marks[queue.Partition.Topic] = mark;
                }
                queue.MarkCommitted(offset);
            }
            share.Task.State.MarkCommitted(share.Layer, new StatePosition
            {
                Changelogs = changelogs,
                SourceMarks = marks,
                StreamTimeMs = share.StreamTimeMs,
                Watermarks = share.Watermarks ?? before.Watermarks,
            });
            foreach (var (queue, offset, _) in share.Offsets)
            {
                share.Task.ReportCommitted(queue.Partition.Topic, offset);
            }
        }
        metrics.Committed(transaction.RecordCount, clock.GetElapsedTime(transaction.StartedTimestamp));
    }

    private void DisposeProducers()
    {
        // An old producer may still be in a call; it ends beside. What it does late is fenced by its successor's
        // initialisation.
        disposals.RemoveAll(d => d.IsCompleted);
        // One that could not be made is missing. One that never ends keeps a thread of its own, not one of the pool.
        disposals.AddRange(producers.OfType<ILogProducer>().Select(p => BlockingWork.Run(p.Dispose)));
        producers = [];
        turn = 0;
    }
}
