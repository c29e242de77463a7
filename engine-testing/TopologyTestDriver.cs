using Alloc.Engine.LogClient;
using Alloc.Engine.Partitioning;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Engine.Transactions;
using Alloc.Engine.Watermarks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Alloc.Engine.Testing;

/// <summary>
/// Runs a topology without a broker, on virtual time, one record at a time; in the manner of Kafka Streams'
/// TopologyTestDriver. The tasks, overlay and journal are the engine's own; only the log is a list.
/// </summary>
public sealed class TopologyTestDriver : IDisposable, IOutputWriter
{
    private const string ApplicationId = "test";
    private readonly Topology.Topology topology;
    private readonly IReadOnlyDictionary<string, int> partitionCounts;
    private readonly FakeTimeProvider clock;
    private readonly TaskEnvironment environment;
    private readonly BrokerTime? brokerTime;
    private readonly HashSet<TopicPartition> held = [];
    private readonly HashSet<TopicPartition> paused = [];
    private readonly Dictionary<TopicPartition, long> committed = [];
    private readonly Dictionary<TopicPartition, long> watermarksAtOpening = [];
    private readonly Dictionary<TopicPartition, List<TestRecord>> log = [];
    private readonly Dictionary<string, Queue<TestRecord>> unread = new(StringComparer.Ordinal);
    private readonly SortedDictionary<TaskId, StreamTask> tasks = [];
    private readonly List<OutputRecord> outputs = [];
    private readonly Dictionary<string, long> late = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> unusual = new(StringComparer.Ordinal);
    private MemoryStateProvider states = new();
    private int openings;

    /// <summary>Starts every task with empty state.</summary>
    /// <param name="topology">What to run.</param>
    /// <param name="startMs">The virtual clock's start, milliseconds since the Unix epoch.</param>
    /// <param name="partitionCount">Partitions of every topic.</param>
    /// <param name="partitionCounts">Partitions of topics that have others.</param>
    public TopologyTestDriver(
        Topology.Topology topology, long startMs = 0, int partitionCount = 1,
        IReadOnlyDictionary<string, int>? partitionCounts = null)
        : this(topology, startMs, partitionCount, WatermarkRules.Sound, partitionCounts)
    {
    }

    /// <summary>The same with rules of watermarks that may be wrong, for tests of tests.</summary>
    internal TopologyTestDriver(
        Topology.Topology topology, long startMs, int partitionCount, WatermarkRules rules,
        IReadOnlyDictionary<string, int>? partitionCounts = null)
    {
        this.topology = topology;
        PartitionCount = partitionCount;
        this.partitionCounts = partitionCounts ?? new Dictionary<string, int>();
        clock = FakeClock.At(startMs);
        environment = new TaskEnvironment(
            ApplicationId, clock, TimeSpan.FromMinutes(1), TopicSizes(), NullLogger.Instance)
        {
            BrokerTime = brokerTime = topology.UsesWatermarks ? new BrokerTime(clock) : null,
            Rules = rules,
        };
        Refresh();
        OpenTasks();
    }

    /// <summary>Partitions of every topic that was given no others.</summary>
    public int PartitionCount { get; }

    /// <summary>The virtual clock, milliseconds since the Unix epoch.</summary>
    public long NowMs => clock.NowMs();

    /// <summary>
    /// False keeps everything of one transaction until <see cref="Commit()"/>; default true: each record commits.
    /// </summary>
    public bool CommitsEachRecord { get; set; } = true;

    /// <summary>Whether ticks that are due are appended when the clock moves; default true.</summary>
    public bool AppendsTicks { get; set; } = true;

    /// <summary>
    /// Appends a record to an input topic and processes it. The clock moves to the timestamp if that is later; the
    /// partition is the key's by murmur2 unless it is given.
    /// </summary>
    /// <returns>The record's offset.</returns>
    /// <exception cref="StreamsException">The record waits for something that is not available, or its processing
    /// failed fatally.</exception>
    public long PipeInput(string topic, byte[]? key, byte[]? value, long timestampMs, int? partition = null,
        RecordHeaders? headers = null)
    {
        if (timestampMs > clock.NowMs() && timestampMs <= clock.NowMs() + TimeSpan.FromDays(3650).TotalMilliseconds)
        {
            clock.Advance(TimeSpan.FromMilliseconds(timestampMs - clock.NowMs()));
        }
        Refresh();
        var target = new TopicPartition(topic, partition ?? (key is null ? 0 : Murmur2.Partition(key, CountOf(topic))));
        var offset = Append(target, key, value, timestampMs, headers);
        Process(target);
        return offset;
    }

    /// <summary>Moves the clock on, runs wall-clock punctuators, and appends the ticks that are due.</summary>
    /// <exception cref="StreamsException">A punctuator failed.</exception>
    public void AdvanceWallClock(TimeSpan time)
    {
        clock.Advance(time);
        Refresh();
        foreach (var task in tasks.Values)
        {
            ReachEnds(task);
            while (task.HasPunctuationDue && task.Punctuate(this))
            {
                if (CommitsEachRecord)
                {
                    Commit(task);
                }
            }
            if (task.Wait.IsStopped)
            {
                throw new StreamsException($"Task {task.TaskId} stopped: {task.Wait.Reason}");
            }
        }
        if (AppendsTicks)
        {
            foreach (var task in tasks.Values.Where(t => t.Tick.DueAtMs <= clock.NowMs()).ToList())
            {
                Tick(task);
            }
        }
    }

    /// <summary>
    /// Keeps a source partition from being known any further by its silence, as a pause, an open transaction or a
    /// stopped upstream does; records that are piped in all the same are processed, and are known.
    /// </summary>
    public void HoldWatermark(string topic, int partition = 0) => held.Add(new TopicPartition(topic, partition));

    /// <summary>Ends <see cref="HoldWatermark"/>; the next move of the clock takes effect.</summary>
    public void ReleaseWatermark(string topic, int partition = 0)
    {
        held.Remove(new TopicPartition(topic, partition));
        foreach (var task in tasks.Values)
        {
            // The end that was not to be reached is forgotten.
            task.Watermarks.Sources
                .FirstOrDefault(s => s.Queue.Partition == new TopicPartition(topic, partition))?.Reset();
        }
    }

    /// <summary>
    /// Has a source partition read no further, as a pause, a full queue or an open transaction does: what is piped in
    /// waits in the log, whose end is told all the same. Restarts change nothing about it.
    /// </summary>
    public void PauseInput(string topic, int partition = 0) => paused.Add(new TopicPartition(topic, partition));

    /// <summary>Ends <see cref="PauseInput"/>: what waits is processed.</summary>
    public void ResumeInput(string topic, int partition = 0)
    {
        var source = new TopicPartition(topic, partition);
        if (paused.Remove(source))
        {
            Refresh();
            Fetch(source);
            Process(source);
        }
    }

    /// <summary>The process stands still: time passes, nothing is done, and no end of the log is asked for.</summary>
    public void StandStill(TimeSpan time) => clock.Advance(time);

    /// <summary>
    /// Up to when a source partition is known, milliseconds since the Unix epoch; <see cref="long.MinValue"/> for
    /// nothing.
    /// </summary>
    /// <exception cref="TopologyException">No task reads the topic, or the topology uses no watermarks.</exception>
    public long WatermarkMs(string topic, int partition = 0) => tasks.Values.FirstOrDefault(
        t => t.TaskId.Partition == partition && t.Queues.Any(q => q.Partition.Topic == topic)) is { } task
            ? task.WatermarkMs(topic)
            : throw new TopologyException($"The topology does not read '{topic}'.");

    /// <summary>The same as it was when the partition's task began last, before it did anything.</summary>
    internal long WatermarkAtOpeningMs(string topic, int partition) =>
        watermarksAtOpening[new TopicPartition(topic, partition)];

    /// <summary>Records of a partition's tasks that came too late, by source.</summary>
    public IReadOnlyDictionary<string, long> LateCounts => late;

    /// <summary>Records that went a way of their own, by kind as <c>alloc_unusual_records_total</c> has it.</summary>
    public IReadOnlyDictionary<string, long> UnusualCounts => unusual;

    /// <summary>Commits what was processed since the last commit.</summary>
    public void Commit()
    {
        foreach (var task in tasks.Values)
        {
            Commit(task);
        }
    }

    /// <summary>The next unread record of an output topic, which the topology may read too; null: none.</summary>
    public TestRecord? ReadOutput(string topic) =>
        unread.TryGetValue(topic, out var queue) && queue.TryDequeue(out var record) ? record : null;

    /// <summary>All unread records of an output topic.</summary>
    public IReadOnlyList<TestRecord> ReadOutputs(string topic)
    {
        var records = new List<TestRecord>();
        while (ReadOutput(topic) is { } record)
        {
            records.Add(record);
        }
        return records;
    }

    /// <summary>Everything in a topic's partition, input or output, read or not.</summary>
    public IReadOnlyList<TestRecord> Log(string topic, int partition = 0) =>
        log.TryGetValue(new TopicPartition(topic, partition), out var records) ? records : [];

    /// <summary>A store of a partition's task, with everything written so far.</summary>
    /// <exception cref="TopologyException">No such store, or of another type.</exception>
    public TStore GetStore<TStore>(string name, int partition = 0)
        where TStore : class => TaskOf(name, partition).GetStore<TStore>(name);

    /// <summary>Some stores of a partition's task as they are committed now.</summary>
    /// <exception cref="TopologyException">No such store.</exception>
    public IStateSnapshot Snapshot(IReadOnlyList<string> names, int partition = 0) =>
        TaskOf(names[0], partition).State.Snapshot(names);

    /// <summary>The log time at which a partition's task asked for a tick; the greatest there is: none.</summary>
    public long TickDueMs(int partition = 0) =>
        tasks.Values.Where(t => t.TaskId.Partition == partition).Min(t => t.Tick.DueAtMs);

    /// <summary>Records of a partition's tasks that became dead letters.</summary>
    public long DeadLetterCount => tasks.Values.Sum(t => t.Counters.DeadLetters);

    /// <summary>Those of one kind.</summary>
    public long DeadLettersOf(BadRecordKind kind) => tasks.Values.Sum(t => t.Counters.DeadLettersOf(kind));

    /// <summary>Throws all state away and restores it from journals and changelogs, as a new instance would.</summary>
    public void RestartFromJournal()
    {
        CloseTasks(_ => true);
        states.Dispose();
        states = new MemoryStateProvider();
        OpenTasks();
    }

    /// <summary>
    /// Ends the process as kill -9 does: what is not committed is dropped, and a new instance does it again, with what
    /// the log has and nothing else.
    /// </summary>
    public void Kill()
    {
        outputs.Clear();
        CloseTasks(_ => true);
        states.Dispose();
        states = new MemoryStateProvider();
        OpenAndGoOn(_ => true);
    }

    /// <summary>
    /// The tasks of a partition go to another instance, as in a rebalance: all is committed, then they begin anew there
    /// with what the log has.
    /// </summary>
    public void Move(int partition)
    {
        Commit();
        CloseTasks(id => id.Partition == partition);
        OpenAndGoOn(id => id.Partition == partition);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CloseTasks(_ => true);
        states.Dispose();
    }

    void IOutputWriter.Write(StreamTask task, in OutputRecord output) => outputs.Add(output);

    private StreamTask TaskOf(string store, int partition) => tasks[new TaskId(topology.SubTopologies.FirstOrDefault(
        s => s.Stores.Any(d => d.Name == store))?.Index
            ?? throw new TopologyException($"The topology has no store '{store}'."), partition)];

    private Dictionary<string, int> TopicSizes() => topology.SubTopologies
        .SelectMany(s => s.Sources.Select(n => n.Topic).Concat(s.Sinks.Select(n => n.Topic))
            .Concat(s.Sources.Select(n => n.Options.DeadLetterTopic).OfType<string>()))
        .Distinct().ToDictionary(t => t, CountOf, StringComparer.Ordinal);

    private int CountOf(string topic) => partitionCounts.GetValueOrDefault(topic, PartitionCount);

    /// <summary>Opens the tasks that are not open.</summary>
    /// <param name="fromCommitted">Whether what was read and not committed is read again.</param>
    private void OpenTasks(bool fromCommitted = false)
    {
        openings++;
        foreach (var sub in topology.SubTopologies)
        {
            for (var partition = 0; partition < sub.Sources.Max(s => CountOf(s.Topic)); partition++)
            {
                var id = new TaskId(sub.Index, partition);
                if (tasks.ContainsKey(id))
                {
                    continue;
                }
                var state = states.Open(
                    new TaskStateOptions { TaskId = id, Directory = $"{id}-{openings}", Stores = sub.Stores });
                var task = new StreamTask(id, sub, state, environment);
                tasks.Add(id, task);
                DriverRestore.Run(task, Log);
                foreach (var queue in task.Queues)
                {
                    var position = state.Position.SourceMarks.TryGetValue(queue.Partition.Topic, out var mark)
                        ? mark
                        : -1;
                    var next = fromCommitted || paused.Contains(queue.Partition)
                        ? committed.GetValueOrDefault(queue.Partition)
                        : Log(queue.Partition.Topic, partition).Count;
                    queue.Reset(Math.Max(position + 1, next), position);
                }
                task.Open();
                foreach (var queue in task.Queues)
                {
                    watermarksAtOpening[queue.Partition] = task.Watermarks.At(queue.Index);
                }
            }
        }
    }

    private void OpenAndGoOn(Func<TaskId, bool> isConcerned)
    {
        Refresh();
        OpenTasks(fromCommitted: true);
        foreach (var task in tasks.Values.Where(t => isConcerned(t.TaskId)).ToList())
        {
            foreach (var queue in task.Queues.Where(q => !paused.Contains(q.Partition)))
            {
                Fetch(queue.Partition);
            }
            Process(task.Queues[0].Partition);
        }
    }

    private void Refresh()
    {
        brokerTime?.Learn(clock.NowMs());
        environment.Refresh();
    }

    /// <summary>Every source of a task is read to its end: it is known up to now, unless it is held.</summary>
    private void ReachEnds(StreamTask task)
    {
        foreach (var queue in task.Queues.Where(q => q.Count == 0))
        {
            // The driver's log has an end that is reached: past the last record, whatever was written meanwhile.
            var end = held.Contains(queue.Partition) ? long.MaxValue
                : paused.Contains(queue.Partition) ? Log(queue.Partition.Topic, queue.Partition.Partition).Count
                : queue.NextOffset;
            task.Watermarks.Offer(queue.Index, new KnownEnd(NowMs, end));
        }
        task.Watermarks.Advance();
    }

    private void CloseTasks(Func<TaskId, bool> isConcerned)
    {
        foreach (var task in tasks.Values.Where(t => isConcerned(t.TaskId)).ToList())
        {
            task.CloseState(flush: false);
            tasks.Remove(task.TaskId);
        }
    }

    private long Append(TopicPartition partition, byte[]? key, byte[]? value, long timestampMs, RecordHeaders? headers)
    {
        if (!log.TryGetValue(partition, out var records))
        {
            log[partition] = records = [];
        }
        var record = new TestRecord(
            partition.Topic, partition.Partition, records.Count, key, value, timestampMs, headers);
        records.Add(record);
        if (!paused.Contains(partition))
        {
            Fetch(partition);
        }
        return record.Offset;
    }

    /// <summary>Puts into the queues of a partition what they do not have yet.</summary>
    private void Fetch(TopicPartition partition)
    {
        var records = Log(partition.Topic, partition.Partition);
        foreach (var queue in tasks.Values.SelectMany(t => t.Queues).Where(q => q.Partition == partition))
        {
            for (var offset = (int)queue.NextFetchOffset; offset < records.Count; offset++)
            {
                queue.Enqueue(new PollResult
                {
                    Kind = PollKind.Record,
                    Partition = partition,
                    Offset = offset,
                    Key = records[offset].Key,
                    Value = records[offset].Value,
                    TimestampMs = records[offset].TimestampMs,
                    Headers = records[offset].Headers,
                });
            }
        }
    }

    private void Process(TopicPartition partition)
    {
        foreach (var task in tasks.Values.Where(t => t.Queues.Any(q => q.Partition == partition)).ToList())
        {
            while (task.NextQueue() is { } queue)
            {
                if (!task.Process(queue, this))
                {
                    throw new StreamsException($"Task {task.TaskId} waits: {task.Wait.Reason}");
                }
                if (CommitsEachRecord)
                {
                    Commit(task);
                }
            }
            task.Watermarks.Advance();
            while (task.HasPunctuationDue && task.Punctuate(this))
            {
                if (CommitsEachRecord)
                {
                    Commit(task);
                }
            }
        }
    }

    private void Tick(StreamTask task)
    {
        var queue = Array.Find(task.Queues, q => q.Source.Definition.Options.Tick is not null)
            ?? throw new TopologyException($"Task {task.TaskId} asks for a tick, but none of its sources makes any.");
        var tick = queue.Source.Definition.Options.Tick!(task.TaskId.Partition, task.Tick.DueAtMs);
        Append(queue.Partition, tick.Key, tick.Value, clock.NowMs(), null);
        Process(queue.Partition);
    }

    private void Commit(StreamTask task)
    {
        task.EmitDeferred(this);
        var positions = new Dictionary<string, long>(task.State.Position.Changelogs, StringComparer.Ordinal);
        var layer = task.State.Freeze();
        if (task.Changelogs.StoreNames.Count > 0)
        {
            layer.Visit(task.Changelogs.StoreNames, (store, key, value) => outputs.Add(new OutputRecord(
                task.Changelogs.TopicOf(store), task.TaskId.Partition, key, value, NowMs, null, true)));
        }
        var watermarks = task.Watermarks.Snapshot();
        if (watermarks is not null && task.Changelogs.StoreNames.Count > 0
            && !TaskTime.AreEqual(watermarks, task.WrittenWatermarks))
        {
            task.WrittenWatermarks = watermarks;
            outputs.Add(new OutputRecord(
                task.Changelogs.FirstChangelog, task.TaskId.Partition, [],
                new TaskTime(task.StreamTimeMs, watermarks).ToBytes(), NowMs, null, true));
        }
        task.Late.Take((count, topic) => late[topic] = late.GetValueOrDefault(topic) + count);
        task.Unusual.Take((count, kind) => unusual[kind] = unusual.GetValueOrDefault(kind) + count);
        var written = outputs.ToList();
        outputs.Clear();
        foreach (var output in written)
        {
            var partition = new TopicPartition(output.Topic, output.Partition);
            var offset = Append(partition, output.Key, output.Value, output.TimestampMs, output.Headers);
            if (output.IsChangelog)
            {
                positions[output.Topic] = offset + 1;
            }
            if (!unread.TryGetValue(output.Topic, out var queue))
            {
                unread[output.Topic] = queue = new();
            }
            queue.Enqueue(log[partition][^1]);
        }
        task.State.MarkCommitted(layer, new StatePosition
        {
            Changelogs = positions,
            SourceMarks = task.Queues.Where(q => q.Mark >= 0)
                .ToDictionary(q => q.Partition.Topic, q => q.Mark, StringComparer.Ordinal),
            StreamTimeMs = task.StreamTimeMs,
            Watermarks = watermarks ?? task.State.Position.Watermarks,
        });
        foreach (var queue in task.Queues)
        {
            committed[queue.Partition] = queue.CommitOffset;
            task.ReportCommitted(queue.Partition.Topic, queue.CommitOffset);
        }
        written.Select(o => new TopicPartition(o.Topic, o.Partition)).Distinct().ToList().ForEach(Process);
    }
}
