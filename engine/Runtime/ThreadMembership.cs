using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Engine.Restore;
using Alloc.Engine.Transactions;

namespace Alloc.Engine.Runtime;

/// <summary>
/// A stream thread as a member of its group: joins, takes over what it is given, gives back what it loses. A member
/// that failed is thrown away and a new one joins, whose static membership gives it the same partitions.
/// </summary>
internal sealed class ThreadMembership : IDisposable
{
    private readonly StreamThreadContext context;
    private readonly ThreadIdentity identity;
    private readonly TaskEnvironment environment;
    private readonly CommitPipeline pipeline;
    private readonly TaskExecutor executor;
    private readonly FailurePolicy failures;
    private readonly RestoreLoop restore;
    private readonly RebalanceHandler rebalance;
    private readonly Action<StreamsState> setState;
    private ILogConsumer? consumer;
    private PartitionTakeover? takeover;

    /// <param name="context">What the threads share.</param>
    /// <param name="identity">Who the thread is.</param>
    /// <param name="environment">What its tasks share.</param>
    /// <param name="pipeline">Its transactions.</param>
    /// <param name="executor">Its tasks.</param>
    /// <param name="failures">Counts what goes wrong.</param>
    /// <param name="setState">Told what the thread is at.</param>
    public ThreadMembership(
        StreamThreadContext context, ThreadIdentity identity, TaskEnvironment environment, CommitPipeline pipeline,
        TaskExecutor executor, FailurePolicy failures, Action<StreamsState> setState)
    {
        this.context = context;
        this.identity = identity;
        this.environment = environment;
        this.pipeline = pipeline;
        this.executor = executor;
        this.failures = failures;
        this.setState = setState;
        restore = new RestoreLoop(context.Client, identity.ClientId, context.Clock);
        rebalance = new RebalanceHandler(() => pipeline.Drain(executor.Tasks), Leave);
    }

    /// <summary>The member's consumer; there is one from <see cref="JoinIfLeft"/> to <see cref="Discard"/>.</summary>
    public ILogConsumer Consumer => consumer!;

    /// <summary>How far restoring has come; a copy made once a round.</summary>
    public IReadOnlyList<RestoreProgress> RestoreProgress { get; private set; } = [];

    /// <summary>
    /// Input partitions of this member by the group's last word. Kept when it is not heard any more: only the group
    /// gives them away.
    /// </summary>
    public IReadOnlyList<TopicPartition> Inputs { get; private set; } = [];

    /// <summary>Tasks that it was given and that a fault of the program keeps from being restored.</summary>
    public IReadOnlyList<TaskId> StoppedTasks => takeover?.Stopped ?? [];

    /// <summary>What taking over waits for, in words; null when nothing is awaited.</summary>
    public string? WaitingFor => takeover?.WaitingFor;

    /// <summary>Grows when restoring comes to where it never was before.</summary>
    public long RestoredCount => restore.ProgressCount;

    /// <summary>Whether the group's word waits to be taken up.</summary>
    public bool HasNews => rebalance.Assigned is not null || rebalance.Failure is not null;

    /// <summary>Whether tasks are still on their way.</summary>
    public bool IsTakingOver => takeover?.IsActive == true;

    /// <summary>Whether restoring has records at hand.</summary>
    public bool IsRestoring => !restore.IsIdle && !restore.IsHeldUp;

    /// <summary>Joins the group where this is no member of it.</summary>
    public void JoinIfLeft()
    {
        if (consumer is not null)
        {
            return;
        }
        var readHeaders = context.Topology.SubTopologies.SelectMany(s => s.Sources).Any(s => s.Options.ReadHeaders);
        consumer = context.Client
            .CreateGroupConsumer(new GroupConsumerOptions(identity.ClientId, identity.GroupInstanceId, readHeaders));
        takeover = new PartitionTakeover(
            pipeline, consumer, context.Tasks, context.Opener, restore, executor, environment, context.Options,
            context.Topology, context.Damages, this);
        consumer.Subscribe(context.Topology.SourceTopics, rebalance);
    }

    /// <summary>Acts on what the group said in the last poll.</summary>
    /// <exception cref="StreamsException">A handler failed of what no new start can mend.</exception>
    public void TakeUpRebalance()
    {
        if (rebalance.Revoked is { } revoked)
        {
            Log.Revoked(context.Logger, identity.Name, string.Join(", ", revoked));
            Inputs = [];
        }
        if (rebalance.Lost is { } lost)
        {
            Log.Lost(context.Logger, identity.Name, string.Join(", ", lost));
            context.Metrics.Recovered("lost");
        }
        var assigned = rebalance.Assigned;
        var failure = rebalance.Failure;
        rebalance.Clear();
        if (failure is not null)
        {
            Log.Recovering(context.Logger, identity.Name, failure.Message);
            context.Metrics.Recovered("revocation");
            FailurePolicy.ThrowIfFatal(failure);
            // The work is dropped already, and the group waits for its member: counted, but not waited for.
            failures.CountOnly(failure);
        }
        if (assigned is not { } next)
        {
            return;
        }
        Log.Assigned(context.Logger, identity.Name, string.Join(", ", next.Partitions));
        Inputs = next.Partitions;
        setState(StreamsState.Rebalancing);
        pipeline.SetGroup(next.Metadata ?? throw new TaskMigratedException("The group gave no member id"));
        takeover!.Begin(next.Partitions);
        context.Tasks.Heard(takeover.Wanted, this, environment.NowMs);
        setState(takeover.IsActive ? StreamsState.Restoring : StreamsState.Running);
    }

    /// <summary>Goes on taking over for a moment.</summary>
    /// <exception cref="StreamsException">A log does not fit the state, or the client failed.</exception>
    public void TakeOver()
    {
        if (!takeover!.IsActive)
        {
            return;
        }
        takeover.Advance();
        RestoreProgress = restore.Progress();
        if (!takeover.IsActive)
        {
            RestoreProgress = [];
            setState(StreamsState.Running);
        }
    }

    /// <summary>
    /// Stops work on all tasks; their states stay open for whoever is assigned them. When it is not clean, uncommitted
    /// work is dropped, and the producers with it.
    /// </summary>
    public void Suspend(bool isClean)
    {
        takeover?.Stop();
        if (!isClean)
        {
            pipeline.Abandon();
        }
        foreach (var task in executor.Clear(consumer))
        {
            task.EndAssignment();
            task.CloseNodes();
            if (!isClean)
            {
                task.DropUncommitted();
            }
            context.Tasks.Suspend(task.TaskId, this, environment.NowMs, isExpectedBack: !isClean);
        }
    }

    /// <summary>Drops what is not committed, and the member: what is left of old assignments goes too.</summary>
    public void Discard()
    {
        Leave(isClean: false);
        rebalance.Clear();
        consumer?.Dispose();
        consumer = null;
        RestoreProgress = [];
    }

    /// <summary>Expects nothing of the group any more.</summary>
    public void ExpectNothing() => context.Tasks.Heard([], this, environment.ReadClockMs());

    /// <summary>Leaves in peace: a static member keeps its place until its session ends.</summary>
    public void Close() => consumer?.Close();

    public void Dispose()
    {
        restore.Dispose();
        consumer?.Dispose();
    }

    /// <summary>The partitions are this member's no more.</summary>
    private void Leave(bool isClean)
    {
        pipeline.SetGroup(null);
        Suspend(isClean);
    }
}
