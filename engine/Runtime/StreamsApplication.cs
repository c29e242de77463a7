using Alloc.Engine.LogClient;
using Alloc.Engine.Observability;
using Alloc.Engine.Processing;
using Alloc.Engine.Restore;
using Alloc.Engine.State;
using Alloc.Engine.State.RocksDb;
using Alloc.Engine.Topics;
using Alloc.Engine.Watermarks;
using Microsoft.Extensions.Logging;

namespace Alloc.Engine.Runtime;

/// <summary>
/// Runs a topology: verifies topics, takes the state directory, runs the stream threads, answers reads of committed
/// state.
/// </summary>
public sealed class StreamsApplication : IAsyncDisposable
{
    private readonly Topology.Topology topology;
    private readonly StreamsOptions options;
    private readonly StreamsSeams seams;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly ILogClient client;
    private readonly ITaskStateProvider stateProvider;
    private readonly IFileSystem files;
    private readonly TaskRegistry tasks;
    private readonly DamagedTasks damages;
    private readonly StoppedTasks stops = new();
    private readonly EngineMetrics metrics;
    private readonly CancellationTokenSource stopping = new();
    private static readonly TimeSpan IdleLook = TimeSpan.FromSeconds(1);
    private readonly Lock stateGate = new();
    private ApplicationDirectory? directory;
    private TaskCheckpoints? taskCheckpoints;
    private ILogAdmin? admin;
    private StreamThread[] threads = [];
    private TaskOpener? opener;
    private ITimer? checkpointTimer;
    private InputWatch? watch;
    private ApplicationWatermarks? watermarks;
    private RepartitionPurge? purge;
    private ITimer? idleTimer;
    private bool isStopped;
    private bool hangs;

    /// <summary>Prepares an application over Kafka and the local disk; touches neither yet.</summary>
    public StreamsApplication(
        Topology.Topology topology, StreamsOptions options, TimeProvider clock, ILoggerFactory loggerFactory)
        : this(topology, options, clock, loggerFactory, new StreamsSeams(
            new KafkaLogClient(options, loggerFactory),
            new RocksDbStateProvider(options.State, LocalFileSystem.Instance), LocalFileSystem.Instance))
    {
    }

    /// <summary>Prepares an application with the given seams, for simulation and tests.</summary>
    public StreamsApplication(
        Topology.Topology topology, StreamsOptions options, TimeProvider clock,
        ILoggerFactory loggerFactory, StreamsSeams seams)
    {
        options.RequireValid();
        this.topology = topology;
        this.options = options;
        this.clock = clock;
        client = seams.Log;
        stateProvider = seams.State;
        files = seams.Files;
        this.seams = seams;
        logger = loggerFactory.CreateLogger<StreamsApplication>();
        tasks = new TaskRegistry(logger);
        damages = new DamagedTasks(clock);
        metrics = new EngineMetrics(
            options.ApplicationId, () => GaugeReader.Read(tasks, threads, stateProvider, Inputs, Contact, Watermarks),
            clock);
    }

    /// <summary>
    /// Raised after every change of <see cref="State"/>, on the thread that changed it; must return soon and not throw.
    /// </summary>
    public event Action<StreamsState, StreamsState>? StateChanged;

    /// <summary>The application's state: the least advanced of its threads.</summary>
    public StreamsState State { get; private set; } = StreamsState.Created;

    /// <summary>Why the application is in <see cref="StreamsState.Error"/>.</summary>
    public Exception? Failure => threads.Select(t => t.Failure).FirstOrDefault(f => f is not null);

    /// <summary>How far restoring has come, per task that restores.</summary>
    public IReadOnlyList<RestoreProgress> RestoreProgress => threads.SelectMany(t => t.RestoreProgress).ToList();

    /// <summary>The application's id: the name of its group.</summary>
    public string ApplicationId => options.ApplicationId;

    /// <summary>This instance's name in the group; known once started.</summary>
    public string InstanceId =>
        directory?.InstanceId ?? throw new InvalidOperationException("The application is not started.");

    /// <summary>The topology that runs.</summary>
    public Topology.Topology Topology => topology;

    /// <summary>
    /// Every input partition of this instance, and those that nobody in the group has: how far decisions are, measured
    /// to the end of the log, and what holds them up. Empty until the first look, a second after the start.
    /// </summary>
    public IReadOnlyList<InputStatus> Inputs => watch?.Read() ?? [];

    /// <summary>
    /// Up to when each source partition of this instance is known, and what holds it back; empty where the topology
    /// uses no watermarks.
    /// </summary>
    public IReadOnlyList<WatermarkStatus> Watermarks =>
        watermarks?.Reader.Read(Inputs, threads.SelectMany(t => t.Inputs)) ?? [];

    /// <summary>What is done and what waits, as it is now: it may be asked often.</summary>
    public WorkStatus Work
    {
        get
        {
            var (oldestMs, processed) = (long.MaxValue, 0L);
            foreach (var task in tasks.Ready.Values)
            {
                processed += task.Counters.Processed;
                foreach (var queue in task.Queues)
                {
                    oldestMs = Math.Min(oldestMs, queue.OldestUncommittedMs);
                }
            }
            var ageMs = oldestMs == long.MaxValue ? 0 : clock.GetUtcNow().ToUnixTimeMilliseconds() - oldestMs;
            return new WorkStatus(TimeSpan.FromMilliseconds(Math.Max(0, ageMs)), processed);
        }
    }

    /// <summary>What is heard of Kafka.</summary>
    public BrokerContact Contact => watch?.Contact ?? new BrokerContact(TimeSpan.Zero, null);

    /// <summary>
    /// Tasks of this instance that are ready, with their position and what they wait for, and those that a fault of the
    /// program stopped.
    /// </summary>
    public IReadOnlyList<TaskStatus> Tasks
    {
        get
        {
            var inputs = Inputs.ToDictionary(i => new TopicPartition(i.Topic, i.Partition));
            return tasks.Ready.Values.Select(t =>
            {
                var own = t.Queues.Select(q => inputs.GetValueOrDefault(q.Partition)).ToList();
                return new TaskStatus(
                    t.TaskId, t.Counters.Processed, t.Counters.DeadLetters, t.Counters.SkippedDecided,
                    t.Wait.Reason ?? t.TimerWait.Reason,
                    t.Wait.Reason is null ? t.TimerWait.Waited : t.Wait.Waited, t.State.UnpersistedEntries,
                    own.Contains(null) ? null : own.Sum(i => i!.LagRecords), own.Max(i => i?.Age ?? TimeSpan.Zero),
                    t.Wait.IsStopped);
            })
                .Concat(threads.SelectMany(t => t.StoppedTasks).Select(id => new TaskStatus(
                    id, 0, 0, 0, stops.ReasonOf(id), TimeSpan.Zero, 0, null, TimeSpan.Zero, IsStopped: true)))
                .OrderBy(t => t.TaskId).ToList();
        }
    }

    /// <summary>
    /// Threads that failed and have made no progress since, with how often and what comes next; empty when all is well.
    /// A single failure that the thread has recovered from is among them until it has committed something.
    /// </summary>
    public IReadOnlyList<RecoveryStatus> Recoveries =>
        threads.Select(t => t.Recovery).OfType<RecoveryStatus>().ToList();

    /// <summary>
    /// What whole threads wait for, in words: the end of a wait after failures, or answers of the broker.
    /// </summary>
    public IReadOnlyList<string> WaitingFor => threads.Select(WaitOf).OfType<string>().ToList();

    /// <summary>
    /// Tasks whose state is open on this machine: those it works on, and for a while those that went elsewhere.
    /// </summary>
    public int OpenStateCount => tasks.OpenCount;

    /// <summary>
    /// Has a partition go on though its records, up to an offset, are stamped further ahead of this host's clock than
    /// <see cref="StreamsOptions.MaxClockSkew"/>. What they make due happens then. Holds until the partition moves.
    /// </summary>
    /// <param name="topic">The input topic.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="throughOffset">The last record accepted.</param>
    /// <param name="reason">Who accepts it and why; it is logged.</param>
    /// <returns>False when no ready task of this instance reads the partition.</returns>
    public bool AcceptTime(string topic, int partition, long throughOffset, string reason)
    {
        foreach (var queue in tasks.Ready.Values.SelectMany(t => t.Queues))
        {
            if (queue.Partition.Topic == topic && queue.Partition.Partition == partition)
            {
                queue.TimeAcceptedThrough = throughOffset;
                Log.TimeAccepted(logger, topic, partition, throughOffset, reason);
                return true;
            }
        }
        return false;
    }

    /// <summary>
    /// Takes the state directory, verifies the topics and starts the threads; returns then, while tasks still restore
    /// (see <see cref="State"/>).
    /// </summary>
    /// <exception cref="StreamsException">The directory is taken or of another topology, topics do not fit, or the
    /// broker refuses.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (State != StreamsState.Created)
        {
            throw new InvalidOperationException("An application starts once.");
        }
        directory = ApplicationDirectory.Take(files, options, topology.Fingerprint);
        admin = client.CreateAdmin($"{options.ApplicationId}-{directory.InstanceId}-admin");
        var checkpoints = options.CheckpointDirectory is { } root
            ? new Checkpoints(files, stateProvider, root, options.ApplicationId)
            : null;
        taskCheckpoints = checkpoints is null ? null : new TaskCheckpoints(checkpoints, tasks, clock, logger);
        var verifier = new TopicVerifier(admin, options, logger);
        var partitionCounts = await new BrokerWait(clock, options.StartTimeout, SayBrokerAway).UntilAnsweredAsync(
            "which topics there are", () => verifier.Verify(topology), cancellationToken);
        if (topology.UsesWatermarks)
        {
            watermarks = ApplicationWatermarks.Create(
                topology, options, seams, clock, InstanceId, tasks, () => threads.SelectMany(t => t.Inputs),
                partitionCounts);
            await new BrokerWait(clock, options.StartTimeout, SayBrokerAway).UntilAnsweredAsync(
                "what its clock shows", watermarks.ReadClock, cancellationToken);
        }
        opener = new TaskOpener(stateProvider, directory, checkpoints, admin, tasks, damages, metrics);
        var context = new StreamThreadContext(topology, options, client, clock, tasks, opener, damages, stops,
            partitionCounts, metrics, logger, UpdateState)
        {
            Watermarks = watermarks,
        };
        threads = Enumerable.Range(1, options.ThreadCount).Select(number => new StreamThread(context,
            new ThreadIdentity(options.ApplicationId, directory.InstanceId, number, options.Endpoint), stopping.Token))
                .ToArray();
        foreach (var thread in threads)
        {
            thread.Start();
        }
        watch = new InputWatch(
            tasks, () => threads.SelectMany(t => t.Inputs), () => threads.SelectMany(t => t.RestoreProgress),
            [.. topology.SourceTopics.SelectMany(
                t => Enumerable.Range(0, partitionCounts[t]).Select(p => new TopicPartition(t, p)))],
            clock);
        watch.Start(admin);
        watermarks?.Start(admin);
        if (RepartitionPurge.TopicsOf(topology) is { Count: > 0 } repartitioned)
        {
            purge = new RepartitionPurge(
                repartitioned, () => threads.SelectMany(t => t.Inputs), options.RepartitionPurgeInterval, logger);
            purge.Start(admin);
        }
        if (checkpoints is not null && options.CheckpointInterval is { } interval)
        {
            checkpointTimer = clock.CreateTimer(_ => _ = taskCheckpoints!.TakeQuietlyAsync(), null, interval, interval);
        }
        // A timer, and not a thread's loop: a thread that stopped, or that the group gives nothing, closes nothing.
        idleTimer = clock.CreateTimer(_ => CloseIdle(), null, IdleLook, IdleLook);
    }

    /// <summary>Commits, closes the tasks and gives the state directory back. Repeats do nothing.</summary>
    public Task StopAsync() => BlockingWork.Run(Stop);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        metrics.Dispose();
        if (!hangs)
        {
            // What a thread is still in must not be taken from under it; the process ends soon.
            stopping.Dispose();
            stateProvider.Dispose();
        }
    }

    /// <summary>
    /// Committed reads of one partition's store; null if this instance does not hold it ready. The view follows the
    /// state as it commits; ask again after a rebalance.
    /// </summary>
    /// <exception cref="TopologyException">No sub-topology has such a store.</exception>
    public IReadOnlyKeyValueStore<TKey, TValue>? Query<TKey, TValue>(string storeName, int partition)
        where TKey : notnull
        where TValue : class =>
        tasks.Ready.TryGetValue(new TaskId(SubTopologyOf(storeName), partition), out var task)
            ? task.State.ReadCommitted<TKey, TValue>(storeName)
            : null;

    /// <summary>Committed reads of a store in all partitions that this instance holds ready, by partition.</summary>
    /// <exception cref="TopologyException">No sub-topology has such a store.</exception>
    public IReadOnlyList<KeyValuePair<int, IReadOnlyKeyValueStore<TKey, TValue>>> Query<TKey, TValue>(string storeName)
        where TKey : notnull
        where TValue : class
    {
        var sub = SubTopologyOf(storeName);
        return tasks.Ready.Values.Where(t => t.TaskId.SubTopology == sub).OrderBy(t => t.TaskId).Select(t =>
            new KeyValuePair<int, IReadOnlyKeyValueStore<TKey, TValue>>(
                t.TaskId.Partition, t.State.ReadCommitted<TKey, TValue>(storeName))).ToList();
    }

    /// <summary>
    /// All stores of one partition as they are committed, for code that takes a task's stores and only reads them; null
    /// if this instance does not hold the partition ready. Every write throws. Two reads may see two commits.
    /// </summary>
    /// <param name="storeName">One of the stores, which says whose.</param>
    /// <param name="partition">The partition.</param>
    /// <exception cref="TopologyException">No sub-topology has such a store.</exception>
    public IStores? QueryStores(string storeName, int partition) =>
        tasks.Ready.TryGetValue(new TaskId(SubTopologyOf(storeName), partition), out var task)
            ? task.State.ReadCommitted()
            : null;

    /// <summary>
    /// The same of a partition that this instance held ready when it heard from the group last, and that has not been
    /// given to another as far as it knows: while Kafka is away, what was committed by then can still be read. Null
    /// where that is not so, or the partition is ready.
    /// </summary>
    /// <param name="storeName">One of the stores, which says whose.</param>
    /// <param name="partition">The partition.</param>
    /// <exception cref="TopologyException">No sub-topology has such a store.</exception>
    public LastKnownStores? QueryLast(string storeName, int partition) =>
        tasks.LastKnown(new TaskId(SubTopologyOf(storeName), partition)) is { } last
            ? new LastKnownStores(
                last.Task.State.ReadCommitted(),
                TimeSpan.FromMilliseconds(Math.Max(0, clock.GetUtcNow().ToUnixTimeMilliseconds() - last.SinceMs)))
            : null;

    /// <summary>
    /// Some stores of one partition as they are committed now, all at one position, for a thread that reads through
    /// them; null if this instance does not hold the partition ready.
    /// </summary>
    /// <param name="storeNames">The stores, at least one, of one sub-topology.</param>
    /// <param name="partition">The partition.</param>
    /// <exception cref="TopologyException">No sub-topology has such a store.</exception>
    public IStateSnapshot? Snapshot(IReadOnlyList<string> storeNames, int partition)
    {
        try
        {
            return tasks.Ready.TryGetValue(new TaskId(SubTopologyOf(storeNames[0]), partition), out var task)
                ? task.State.Snapshot(storeNames)
                : null;
        }
        catch (ObjectDisposedException)
        {
            // It is being closed: the partition goes elsewhere.
            return null;
        }
    }

    /// <summary>Who owns a partition of an input topic, by the group's own account; null if nobody does now.</summary>
    /// <exception cref="LogException">The broker does not answer.</exception>
    public PartitionOwner? FindOwner(string topic, int partition)
    {
        var owner = Group().FirstOrDefault(m => m.Partitions.Contains(new TopicPartition(topic, partition)));
        return owner is null ? null : OwnerOf(owner);
    }

    /// <summary>
    /// The group's own account of a topic: its members, whether they own partitions or not, and who owns which
    /// partition. One question to the broker.
    /// </summary>
    /// <exception cref="LogException">The broker does not answer.</exception>
    public GroupAccount FindOwners(string topic)
    {
        var owners = new Dictionary<int, PartitionOwner>();
        var members = new List<PartitionOwner>();
        foreach (var member in Group())
        {
            var owner = OwnerOf(member);
            members.Add(owner);
            foreach (var partition in member.Partitions.Where(p => p.Topic == topic))
            {
                owners[partition.Partition] = owner;
            }
        }
        return new GroupAccount(members, owners);
    }

    /// <summary>Writes a checkpoint of every task of this instance now; returns their directories.</summary>
    /// <exception cref="InvalidOperationException">No checkpoint directory is configured.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public async Task<IReadOnlyList<string>> CheckpointAsync()
    {
        var store = taskCheckpoints ?? throw new InvalidOperationException("No checkpoint directory is configured.");
        return await store.TakeAsync();
    }

    private void CloseIdle() => _ = tasks.CloseIdle(
        clock.GetUtcNow().ToUnixTimeMilliseconds(), options.SuspendedTaskTimeout, damages, opener!.Wipe);

    private static string? WaitOf(StreamThread thread) => thread.Recovery switch
    {
        { Failures: > 1 } recovery => FormattableString.Invariant(
            $"{thread.Name} recovers from failure {recovery.Failures} of {recovery.Limit} in a row, trying again ")
            + FormattableString.Invariant($"after {recovery.Wait.TotalSeconds:0.0} s: {recovery.LastError}"),
        _ => thread.WaitingFor,
    };

    private void SayBrokerAway(string what, TimeSpan waited, string reason) =>
        Log.BrokerAway(logger, what, waited.TotalSeconds, reason);

    private IReadOnlyList<GroupMember> Group() =>
        (admin ?? throw new InvalidOperationException("The application is not started.")).Members();

    private PartitionOwner OwnerOf(GroupMember member) => new(
        member.MemberId, member.ClientId, ThreadIdentity.EndpointOf(member.ClientId),
        member.ClientId.StartsWith($"{options.ApplicationId}-{InstanceId}-", StringComparison.Ordinal));

    private int SubTopologyOf(string storeName) =>
        topology.SubTopologies.FirstOrDefault(s => s.Stores.Any(d => d.Name == storeName))?.Index
        ?? throw new TopologyException($"No sub-topology has a store '{storeName}'.");

    private void Stop()
    {
        lock (stopping)
        {
            if (isStopped)
            {
                return;
            }
            isStopped = true;
            checkpointTimer?.Dispose();
            idleTimer?.Dispose();
            stopping.Cancel();
            watch?.Stop();
            watermarks?.Stop();
            purge?.Stop();
            // By the machine's clock: a virtual one may stand still for good once nobody polls.
            var started = TimeProvider.System.GetTimestamp();
            TimeSpan Left() => options.ShutdownTimeout - TimeProvider.System.GetElapsedTime(started) is
            { Ticks: > 0 } left ? left : TimeSpan.Zero;
            foreach (var thread in threads)
            {
                if (thread.Join(Left()) && BlockingWork.Run(thread.Dispose).Wait(Left()))
                {
                    continue;
                }
                hangs = true;
                Log.ThreadHangs(logger, thread.Name, options.ShutdownTimeout.TotalSeconds, thread.State);
            }
            if (opener is not null && !BlockingWork.Run(() => tasks.CloseAll(damages, opener.Wipe)).Wait(Left()))
            {
                hangs = true;
                Log.ClosingHangs(logger, options.ShutdownTimeout.TotalSeconds);
            }
            if (!hangs)
            {
                watch?.Dispose();
                watermarks?.Dispose();
                purge?.Dispose();
                admin?.Dispose();
                directory?.Dispose();
            }
            UpdateState();
        }
    }

    private void UpdateState()
    {
        StreamsState before;
        StreamsState after;
        lock (stateGate)
        {
            before = State;
            after = Combine(threads.Select(t => t.State).ToList());
            State = after;
        }
        if (before != after)
        {
            Log.StateChanged(logger, before, after);
            StateChanged?.Invoke(before, after);
        }
    }

    private StreamsState Combine(List<StreamsState> states)
    {
        if (states.Contains(StreamsState.Error))
        {
            return StreamsState.Error;
        }
        if (stopping.IsCancellationRequested)
        {
            return states.TrueForAll(s => s == StreamsState.NotRunning)
                ? StreamsState.NotRunning
                : StreamsState.PendingShutdown;
        }
        return states.Count == 0 || states.Exists(s => s is StreamsState.Created or StreamsState.Rebalancing)
            ? StreamsState.Rebalancing
            : states.Contains(StreamsState.Restoring) ? StreamsState.Restoring
            : StreamsState.Running;
    }
}
