using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Engine.Restore;
using Alloc.Engine.Ticks;
using Alloc.Engine.Transactions;
using Alloc.Engine.Watermarks;
using Microsoft.Extensions.Logging;

namespace Alloc.Engine.Runtime;

/// <summary>
/// One stream thread: a member of the group with its tasks and transactions. Its loop polls, processes, commits,
/// restores; every failure ends in one of four ways: try again, drop uncommitted work and start from the committed
/// offsets, join again, stop. Between two new starts it waits longer each time; see <see cref="FailurePolicy"/>.
/// </summary>
internal sealed class StreamThread : IDisposable
{
    private static readonly TimeSpan IdlePoll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BusyPoll = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan EndCommitInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan WaitingTurn = TimeSpan.FromMilliseconds(20);

    /// <summary>Records taken by polls, with those that are ready already, before processing has its turn.</summary>
    private const int PollBatch = 2_048;

    private readonly StreamThreadContext context;
    private readonly ThreadIdentity identity;
    private readonly TaskEnvironment environment;
    private readonly CommitPipeline pipeline;
    private readonly TaskExecutor executor;
    private readonly TickAppender ticks;
    private readonly FailurePolicy failures;
    private readonly ThreadMembership member;
    private readonly CommitTiming timing;
    private readonly ThreadRest rest;
    private readonly Thread thread;
    private readonly CancellationToken stopping;
    private readonly ILogger logger;
    private long lastCommitTimestamp;
    private long lastProgress;

    public StreamThread(StreamThreadContext context, ThreadIdentity identity, CancellationToken stopping)
    {
        this.context = context;
        this.identity = identity;
        this.stopping = stopping;
        logger = context.Logger;
        var options = context.Options;
        environment = new TaskEnvironment(
            options.ApplicationId, context.Clock, options.MaxClockSkew, context.PartitionCounts, logger,
            options.OutputByteLimit, context.Stops)
        {
            BrokerTime = context.Watermarks?.Time,
            AllowedClockSkewMs = (long)options.AllowedClockSkew.TotalMilliseconds,
            Rules = context.Watermarks?.Rules ?? WatermarkRules.Sound,
        };
        environment.Refresh();
        pipeline = new CommitPipeline(context.Client, options, context.Clock, identity, context.Metrics);
        executor = new TaskExecutor(pipeline, environment, options, context.Metrics);
        ticks = new TickAppender(context.Client, identity, environment, context.Metrics);
        failures = new FailurePolicy(context.Clock, options, identity.Jitter(options.RecoverySeed));
        member = new ThreadMembership(context, identity, environment, pipeline, executor, failures, SetState);
        timing = new CommitTiming(options);
        rest = new ThreadRest(context, stopping);
        thread = new Thread(Run) { Name = identity.Name, IsBackground = true };
    }

    /// <summary>What the thread is at.</summary>
    public StreamsState State { get; private set; } = StreamsState.Created;

    /// <summary>Why it stopped by itself.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>How far restoring has come.</summary>
    public IReadOnlyList<RestoreProgress> RestoreProgress => member.RestoreProgress;

    /// <summary>Its input partitions by the group's last word.</summary>
    public IReadOnlyList<TopicPartition> Inputs => member.Inputs;

    /// <summary>The failures that it recovers from; null when it made progress since the last.</summary>
    public RecoveryStatus? Recovery => failures.Status;

    /// <summary>What the whole thread waits for, in words; null when it works.</summary>
    public string? WaitingFor { get; private set; }

    /// <summary>Tasks that it was given and that a fault of the program keeps from being restored.</summary>
    public IReadOnlyList<TaskId> StoppedTasks => member.StoppedTasks;

    /// <summary>Its name, as in the log.</summary>
    public string Name => identity.Name;

    public void Start()
    {
        SetState(StreamsState.Rebalancing);
        thread.Start();
    }

    public bool Join(TimeSpan timeout) => thread.Join(timeout);

    public void Dispose()
    {
        ticks.Dispose();
        pipeline.Dispose();
        member.Dispose();
    }

    private void Run()
    {
        try
        {
            context.Options.ThreadStarts?.Invoke();
            OpenTicks();
            SetState(StreamsState.Rebalancing);
            while (!stopping.IsCancellationRequested)
            {
                RunOnce();
            }
            SetState(StreamsState.PendingShutdown);
            Shutdown();
            SetState(StreamsState.NotRunning);
        }
        catch (Exception error)
        {
            Failure = error;
            Log.ThreadFailed(logger, identity.Name, error.Message, error);
            CloseAfterFailure();
            SetState(StreamsState.Error);
        }
    }

    private void OpenTicks()
    {
        if (context.Topology.SubTopologies.SelectMany(s => s.Sources).Any(s => s.Options.Tick is not null))
        {
            ticks.Open();
        }
    }

    /// <summary>One round; a failure that can be mended is mended here.</summary>
    private void RunOnce()
    {
        try
        {
            environment.Refresh();
            if (IsWaiting())
            {
                return;
            }
            member.JoinIfLeft();
            member.TakeUpRebalance();
            executor.ThrowIfFailed();
            pipeline.Advance();
            TakeOver();
            var workedSince = Poll();
            if (RestIfDue())
            {
                return;
            }
            var hasWorked = executor.Process();
            if (context.Watermarks is { } watermarks)
            {
                executor.AdvanceWatermarks(watermarks.Known);
            }
            hasWorked |= executor.Punctuate();
            ticks.Append(executor.Tasks);
            CommitIfDue();
            executor.BoundQueues(member.Consumer);
            NoteProgress();
            if (hasWorked)
            {
                rest.Worked(workedSince);
            }
        }
        catch (LogException error) when (error.Failure == LogFailure.RetryCall)
        {
            Log.ClientError(logger, identity.Name, error.Message);
        }
        catch (LogException error)
            when (error.Failure is LogFailure.Abort or LogFailure.NewProducer or LogFailure.QueueFull)
        {
            Recover(error);
        }
        catch (LogException error) when (error.Failure == LogFailure.Rejoin)
        {
            Rejoin(error);
        }
        catch (TaskMigratedException error)
        {
            Rejoin(error);
        }
        catch (TaskCorruptedException error)
        {
            RecoverFromDamage(error);
        }
        catch (TaskFailedException error)
        {
            RecoverWithout(error);
        }
    }

    /// <summary>
    /// Waits a turn while a failure is too recent. There is no consumer meanwhile; the group keeps a static member's
    /// place for longer than that.
    /// </summary>
    private bool IsWaiting()
    {
        if (failures.Remaining is not { Ticks: > 0 } left)
        {
            return false;
        }
        stopping.WaitHandle.WaitOne(left < WaitingTurn ? left : WaitingTurn);
        return true;
    }

    /// <summary>Whether something was done for good since the last failure.</summary>
    private void NoteProgress()
    {
        var progress = pipeline.CommittedCount + member.RestoredCount;
        var isDone = State == StreamsState.Running && !pipeline.HasInFlight && !pipeline.HasOpenTransaction
            && executor.HasReachedEnds;
        if (progress != lastProgress || isDone)
        {
            lastProgress = progress;
            failures.Progressed();
        }
        WaitingFor = member.WaitingFor;
    }

    private void TakeOver()
    {
        var restoredCount = member.RestoredCount;
        var since = context.Clock.GetTimestamp();
        member.TakeOver();
        if (member.RestoredCount != restoredCount)
        {
            rest.Worked(since);
        }
    }

    /// <summary>Takes what the client has, and waits for it while there is nothing to do.</summary>
    /// <returns>When the first answer came: what it waited before that is no work.</returns>
    private long Poll()
    {
        var timeout = PollTimeout();
        var polledAt = 0L;
        // Once in any case: the client's own news come with it.
        var limit = rest.IsDue ? 1 : Math.Max(1, PollBatch - executor.ReadyCount);
        for (var count = 0; count < limit; count++)
        {
            member.Consumer.Poll(timeout, out var result);
            polledAt = polledAt == 0 ? context.Clock.GetTimestamp() : polledAt;
            if (result.Kind == PollKind.None)
            {
                break;
            }
            executor.Dispatch(in result);
            timeout = TimeSpan.Zero;
        }
        return polledAt;
    }

    /// <summary>
    /// Rests where others come first: nothing stays open meanwhile, for what reads its outputs would wait too.
    /// </summary>
    private bool RestIfDue()
    {
        if (!rest.IsDue || (pipeline.HasOpenTransaction && !pipeline.TryStartCommit(executor.Tasks)))
        {
            return false;
        }
        rest.Take();
        return true;
    }

    private TimeSpan PollTimeout()
    {
        if (member.HasNews)
        {
            return TimeSpan.Zero;
        }
        if (!executor.IsQueueEmpty || executor.HasWatermarkDue)
        {
            // Work waits: either it can be done now, or a commit must come through first.
            return pipeline.IsFull || !pipeline.TryOpen() ? BusyPoll : TimeSpan.Zero;
        }
        if (pipeline.HasInFlight || pipeline.HasOpenTransaction)
        {
            return BusyPoll;
        }
        if (member.IsTakingOver)
        {
            return member.IsRestoring ? TimeSpan.Zero : TimeSpan.FromMilliseconds(5);
        }
        var due = executor.NextDueMs(ticks.BrokerAheadMs) - environment.NowMs;
        return due < IdlePoll.TotalMilliseconds ? TimeSpan.FromMilliseconds(Math.Max(due, 1)) : IdlePoll;
    }

    private void CommitIfDue()
    {
        var options = context.Options;
        if (!pipeline.HasOpenTransaction)
        {
            // Markers at the end of an input count as lag until an offset beyond them is committed.
            if (!executor.HasTasks || pipeline.HasInFlight || !executor.HasUncommittedEnd
                || context.Clock.GetElapsedTime(lastCommitTimestamp) < EndCommitInterval || !pipeline.TryOpen())
            {
                return;
            }
        }
        else if (!timing.IsDue(
            pipeline.OpenFor, context.Clock.GetElapsedTime(lastCommitTimestamp),
            environment.NowMs + ticks.BrokerAheadMs - executor.OldestWaitingMs,
            pipeline.IsFull || executor.UncommittedBytes >= options.TransactionByteLimit,
            executor.IsQueueEmpty && !executor.HasWatermarkDue && executor.IsDrained(member.Consumer)))
        {
            return;
        }
        if (pipeline.TryStartCommit(executor.Tasks))
        {
            lastCommitTimestamp = context.Clock.GetTimestamp();
        }
    }

    /// <summary>Drops what is not committed and starts again from the committed offsets.</summary>
    private void Recover(Exception error)
    {
        Log.Recovering(logger, identity.Name, error.Message);
        StartAgain(error);
    }

    /// <summary>
    /// As <see cref="Recover"/>; the local state of the damaged tasks, and of no other, is wiped when it is opened
    /// next: the log has it all.
    /// </summary>
    private void RecoverFromDamage(TaskCorruptedException error)
    {
        context.Damages.Add(error);
        Log.StateDamaged(logger, string.Join(", ", error.Tasks), error.Message);
        StartAgain(error);
    }

    /// <summary>
    /// As <see cref="Recover"/>, without the task that failed: its neighbours' work in the same transaction is done
    /// again, and nothing of it is lost.
    /// </summary>
    private void RecoverWithout(TaskFailedException error)
    {
        context.Stops.Add(error.Task, error.Message, error.IsStateUsable);
        Log.TaskStopped(logger, error.Task, error.Message, error);
        StartAgain(error);
    }

    /// <summary>Drops what is not committed and becomes a new member.</summary>
    private void Rejoin(Exception error)
    {
        Log.Rejoining(logger, identity.Name, error.Message);
        StartAgain(error);
    }

    /// <summary>
    /// Whatever failed, the way back is the same: new producers, and a new consumer too, whose static membership gives
    /// it the same partitions. It is rare, so it need not be fast; what is left of old assignments and old transactions
    /// cannot get in its way.
    /// </summary>
    private void StartAgain(Exception error)
    {
        context.Metrics.Recovered((error as LogException)?.Code ?? error.GetType().Name);
        failures.Count(error);
        member.Discard();
        WaitingFor = null;
        SetState(StreamsState.Rebalancing);
        if (failures.Remaining > TimeSpan.Zero)
        {
            var status = failures.Status!;
            Log.BacksOff(logger, identity.Name, status.Failures, status.Limit, status.Wait.TotalSeconds);
        }
    }

    private void Shutdown()
    {
        try
        {
            pipeline.Drain(executor.Tasks);
            member.Suspend(isClean: true);
        }
        catch (StreamsException error)
        {
            if (error is TaskCorruptedException damage)
            {
                context.Damages.Add(damage);
            }
            Log.Recovering(logger, identity.Name, error.Message);
            member.Suspend(isClean: false);
        }
        member.Close();
    }

    private void CloseAfterFailure()
    {
        try
        {
            member.Suspend(isClean: false);
            member.ExpectNothing();
            member.Close();
        }
        catch (Exception error)
        {
            Log.ClientError(logger, identity.Name, error.Message);
        }
    }

    private void SetState(StreamsState next)
    {
        if (State != next)
        {
            State = next;
            context.ThreadStateChanged();
        }
    }
}
