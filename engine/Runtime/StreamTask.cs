using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Ticks;
using Alloc.Engine.Topology;
using Alloc.Engine.Watermarks;

namespace Alloc.Engine.Runtime;

/// <summary>Takes the outputs of records whose processing succeeded.</summary>
internal interface IOutputWriter
{
    void Write(StreamTask task, in OutputRecord output);
}

/// <summary>
/// One sub-topology for one partition: its nodes, stores, input queues and timers. Runs on whatever thread owns it, one
/// at a time. Everything that a record does is buffered until it returned.
/// </summary>
internal sealed class StreamTask : ITaskHost
{
    private readonly TaskEnvironment environment;
    private readonly List<OutputRecord> ofRecord = [];
    private readonly Punctuations punctuations = new();
    private readonly BesideWork beside;
    private TaskGraph graph;
    private int assignment;
    private RecordMetadata metadata;
    private bool hasMetadata;
    private long tickDueBeforeRecord;
    private Action<string, long>? committed;

    public StreamTask(TaskId taskId, SubTopology subTopology, ITaskState state, TaskEnvironment environment)
    {
        TaskId = taskId;
        SubTopology = subTopology;
        State = state;
        this.environment = environment;
        beside = new BesideWork(taskId);
        graph = new TaskGraph(subTopology, this);
        Changelogs = new TaskChangelogs(environment.ApplicationId, subTopology);
        Queues = graph.Sources.Select((s, index) =>
            new RecordQueue(new TopicPartition(s.Definition.Topic, taskId.Partition), s) { Index = index }).ToArray();
        Watermarks = new TaskWatermarks(Queues, environment);
    }

    public TaskId TaskId { get; }

    public TaskEnvironment Environment => environment;

    public SubTopology SubTopology { get; }

    public ITaskState State { get; }

    /// <summary>What restores the stores.</summary>
    public TaskChangelogs Changelogs { get; }

    /// <summary>One queue for each source, in the topology's order.</summary>
    public RecordQueue[] Queues { get; }

    /// <summary>Up to when each source is known.</summary>
    public TaskWatermarks Watermarks { get; }

    /// <summary>The watermarks that the task's changelogs have.</summary>
    public IReadOnlyDictionary<string, long>? WrittenWatermarks { get; set; }

    public TickSchedule Tick { get; } = new();

    public TaskWait Wait { get; } = new();

    /// <summary>
    /// What a watermark timer waits for. A record that waits holds no timer, and a timer no record.
    /// </summary>
    public TaskWait TimerWait { get; } = new();

    public TaskCounters Counters { get; } = new();

    public RecordTally Late { get; } = new();

    /// <summary>Records that went a way of their own, by kind.</summary>
    public RecordTally Unusual { get; } = new();

    public long StreamTimeMs { get; set; } = long.MinValue;

    public long WallClockMs => environment.NowMs;

    public long ClockMs => environment.ClockMs;

    public RecordMetadata? Metadata => hasMetadata ? metadata : null;

    public ByteBuffer Buffer { get; } = new(4096);

    /// <summary>Where journal and changelogs of the committed state end; each commit copies and moves it.</summary>
    public StatePosition Position => State.Position;

    /// <summary>
    /// Which assignment the task works in, counted from its opening; another number means that it went and came back,
    /// or went for good. Read by other threads.
    /// </summary>
    public int Assignment => Volatile.Read(ref assignment);

    /// <summary>The task is its thread's no more.</summary>
    public void EndAssignment() => Interlocked.Increment(ref assignment);

    /// <summary>Bytes of the outputs that the last record led to.</summary>
    public long LastOutputBytes { get; private set; }

    public TStore GetStore<TStore>(string name)
        where TStore : class => State.GetStore<TStore>(name);

    public int PartitionCount(string topic) => environment.PartitionCount(topic);

    public void Emit(in OutputRecord output)
    {
        if (output.Size > environment.OutputByteLimit)
        {
            throw new BadRecordException(
                $"it leads to a record of {output.Size} bytes for {output.Topic}, which takes "
                + $"{environment.OutputByteLimit} at most")
            {
                Kind = BadRecordKind.TooLarge,
            };
        }
        ofRecord.Add(output);
    }

    public IDisposable Schedule(TimeSpan interval, PunctuationType type, Action<long> punctuator) =>
        punctuations.Schedule(interval, type, punctuator, StreamTimeMs, WallClockMs);

    public void ScheduleTick(long dueAtMs) => Tick.DueAtMs = dueAtMs;

    public long WatermarkMs(string topic) => Watermarks.Of(topic);

    public IWatermarkTimer CreateWatermarkTimer(IReadOnlyCollection<string> topics, Action<long> onPassed) =>
        Watermarks.CreateTimer(topics, onPassed);

    public void ReportLate(string topic) => Late.Report(topic);

    public void ReportUnusual(UnusualRecord kind) => Unusual.Report(kind switch
    {
        UnusualRecord.NullKey => "null-key",
        UnusualRecord.NullValue => "null-value",
        UnusualRecord.UnknownControl => "unknown-control",
        _ => "truncated",
    });

    public void WhenCommitted(Action<string, long> observer) => committed += observer;

    /// <summary>Tells whom it concerns that input up to an offset is committed.</summary>
    public void ReportCommitted(string topic, long nextOffset)
    {
        try
        {
            committed?.Invoke(topic, nextOffset);
        }
        catch (Exception error) when (!Faults.IsOfEngine(error))
        {
            Stop($"when it heard that {topic}-{TaskId.Partition} is committed up to {nextOffset}", error);
        }
    }

    /// <summary>
    /// Makes the nodes anew and initialises them; the stores must be restored. A task that stopped stays stopped.
    /// </summary>
    public void Open()
    {
        try
        {
            OpenNodes();
        }
        catch (TaskCorruptedException error)
        {
            throw error.Of(TaskId);
        }
        catch (Exception error) when (!Faults.IsOfEngine(error))
        {
            Stop($"when it began, before record {Describe(Queues[0].Partition, Queues[0].NextOffset)}", error);
        }
        if (environment.Stops.ReasonOf(TaskId) is { } reason)
        {
            Wait.Stop(environment, TaskId, reason);
        }
    }

    private void OpenNodes()
    {
        CloseNodes();
        punctuations.Clear();
        Watermarks.Begin(State.Position.Watermarks);
        WrittenWatermarks = State.Position.Watermarks;
        committed = null;
        Tick.Reset();
        Wait.End();
        TimerWait.End();
        ofRecord.Clear();
        StreamTimeMs = State.Position.StreamTimeMs;
        graph = new TaskGraph(SubTopology, this);
        for (var index = 0; index < Queues.Length; index++)
        {
            Queues[index].Source = graph.Sources[index];
        }
        graph.Init();
    }

    /// <summary>Drops all that is not committed; <see cref="Open"/> must follow before it processes again.</summary>
    public void DropUncommitted()
    {
        State.DropUncommitted();
        ofRecord.Clear();
        graph.DropUncommitted();
        foreach (var queue in Queues)
        {
            queue.Reset(queue.NextOffset, queue.Mark);
        }
    }

    /// <summary>Closes the nodes; the state stays open.</summary>
    public void CloseNodes() =>
        graph.Close((node, error) =>
            // Nothing depends on it: what the task did is committed or dropped by others.
            Log.NodeNotClosed(environment.Logger, TaskId, node.Name, Faults.Reason(error), error));

    /// <summary>Runs work on the state beside the stream thread; closing waits for it. One at a time.</summary>
    public Task RunBeside(Action work) => beside.Run(work);

    /// <summary>Closes the state, when what runs beside is done.</summary>
    public void CloseState(bool flush)
    {
        CloseNodes();
        beside.End();
        try
        {
            if (flush)
            {
                State.Flush();
            }
        }
        finally
        {
            State.Dispose();
        }
    }

    /// <summary>The queue whose oldest record has the lowest timestamp; null when all are empty.</summary>
    public RecordQueue? NextQueue() => RecordQueue.Earliest(Queues);

    /// <summary>
    /// Processes the head of a queue. False when it must wait; then nothing has changed.
    /// </summary>
    public bool Process(RecordQueue queue, IOutputWriter outputs)
    {
        ref var record = ref queue.Head;
        if (record.Offset <= queue.Mark)
        {
            Counters.SkippedDecided++;
            queue.Dequeue();
            return true;
        }
        if (record.TimestampMs > ClockMs + environment.MaxClockSkewMs
            && record.Offset > queue.TimeAcceptedThrough)
        {
            var aheadSeconds = (record.TimestampMs - ClockMs) / 1000.0;
            Wait.Begin(environment, TaskId, FormattableString.Invariant(
                $"record {queue.Partition}@{record.Offset} is stamped {aheadSeconds:0.0} s ahead of ")
                + (Watermarks.IsUsed ? "the broker's clock" : "this host's clock")
                + "; it goes on when time catches up, or when an operator accepts it");
            return false;
        }
        metadata = new RecordMetadata(
            queue.Partition.Topic, queue.Partition.Partition, record.Offset, record.TimestampMs);
        hasMetadata = true;
        var streamTimeBefore = StreamTimeMs;
        StreamTimeMs = Math.Max(StreamTimeMs, record.TimestampMs);
        Begin();
        try
        {
            queue.Source.Process(record.Key, record.Value, record.TimestampMs, record.Headers);
        }
        catch (DependencyUnavailableException error)
        {
            Rollback();
            StreamTimeMs = streamTimeBefore;
            Wait.Begin(environment, TaskId, TaskWait.Describe(error, queue.Partition, record.Offset));
            return false;
        }
        catch (BadRecordException error)
        {
            Rollback();
            BuryRecord(queue, in record, error);
        }
        catch (TaskCorruptedException error)
        {
            throw error.Of(TaskId);
        }
        catch (Exception error) when (!Faults.IsOfEngine(error))
        {
            Rollback();
            StreamTimeMs = streamTimeBefore;
            Stop($"at record {Describe(queue.Partition, record.Offset)}", error);
            return false;
        }
        Commit(outputs);
        Wait.End();
        Counters.Processed++;
        Watermarks.See(queue, record.TimestampMs);
        queue.Dequeue();
        Tick.Processed(queue.NextOffset);
        return true;
    }

    /// <summary>Runs punctuators that are due; true if any ran.</summary>
    public bool Punctuate(IOutputWriter outputs)
    {
        var ran = false;
        while (!Wait.IsStopped && punctuations.TakeDueByStreamTime(StreamTimeMs) is { } byStreamTime)
        {
            Run(byStreamTime, StreamTimeMs, outputs);
            ran = true;
        }
        while (!Wait.IsStopped && punctuations.WallClock.TakeDue(WallClockMs) is { } byWallClock)
        {
            Run(byWallClock, WallClockMs, outputs);
            ran = true;
        }
        // One call and no loop: each does a bounded piece of work, and a commit may be due in between.
        if (HasWatermarkDue)
        {
            RunDue(Watermarks.FindDue()!, outputs);
            ran = true;
        }
        return ran;
    }

    /// <summary>Whether a punctuator or a watermark timer is due.</summary>
    public bool HasPunctuationDue => !Wait.IsStopped && (punctuations.IsDue(StreamTimeMs, WallClockMs)
        || HasWatermarkDue);

    /// <summary>Whether a watermark timer is due, and may be tried now.</summary>
    public bool HasWatermarkDue => Watermarks.HasDue && !Wait.IsStopped && TimerWait.RetryAtMs <= WallClockMs;

    /// <summary>Wall-clock time of the next punctuation; <see cref="long.MaxValue"/> for none.</summary>
    public long NextPunctuationMs => Wait.IsStopped ? long.MaxValue : punctuations.WallClock.NextMs;

    /// <summary>Emits what sinks deferred to the commit.</summary>
    /// <exception cref="DependencyUnavailableException">Serializing needs something that does not answer; nothing was
    /// emitted.</exception>
    /// <exception cref="TaskFailedException">A serializer failed, or what it wrote is larger than the log
    /// takes.</exception>
    public void EmitDeferred(IOutputWriter outputs)
    {
        foreach (var sink in graph.Sinks)
        {
            if (sink.IsDeferred)
            {
                try
                {
                    sink.EmitDeferred();
                }
                catch (DependencyUnavailableException)
                {
                    ofRecord.Clear();
                    throw;
                }
                catch (Exception error) when (!Faults.IsOfEngine(error))
                {
                    ofRecord.Clear();
                    throw Failed($"when what sink {sink.Name} kept for the commit was written", error);
                }
                HandOver(outputs);
            }
        }
    }

    /// <summary>Nobody else has the timer's time come again: what could not be done is tried again.</summary>
    private void RunDue(TaskWatermarks.WatermarkTimer timer, IOutputWriter outputs)
    {
        if (Run(timer.OnPassed, timer.WatermarkMs, outputs) is { } unavailable)
        {
            TimerWait.Begin(
                environment, TaskId, $"{unavailable.Message} for what is due by watermark at {timer.DueAtMs}");
        }
        else
        {
            TimerWait.End();
        }
    }

    /// <summary>Runs a punctuator; what it waits for, where its work was dropped for that.</summary>
    private DependencyUnavailableException? Run(Action<long> punctuator, long timeMs, IOutputWriter outputs)
    {
        hasMetadata = false;
        Begin();
        try
        {
            punctuator(timeMs);
        }
        catch (DependencyUnavailableException error)
        {
            // Nobody's record waits for it: the punctuation's work is dropped, its next time comes.
            Rollback();
            Commit(outputs);
            return error;
        }
        catch (TaskCorruptedException error)
        {
            throw error.Of(TaskId);
        }
        catch (Exception error) when (!Faults.IsOfEngine(error))
        {
            // A bad record too: there is none here that could be at fault.
            Rollback();
            Stop($"in a punctuator at {timeMs}", error);
            return null;
        }
        Commit(outputs);
        return null;
    }

    /// <summary>
    /// Stops the task where it is: its inputs are read no further, what it has done so far is committed, and its state
    /// can be read.
    /// </summary>
    private void Stop(string where, Exception error)
    {
        var reason = Reason(where, error);
        environment.Stops.Add(TaskId, reason, isReadable: true);
        Log.TaskStopped(environment.Logger, TaskId, reason, error);
        Wait.Stop(environment, TaskId, reason);
    }

    /// <summary>A failure that also spoils what the thread's other tasks have in the same transaction.</summary>
    public TaskFailedException Failed(string where, Exception error) => new(TaskId, Reason(where, error), error);

    private string Reason(string where, Exception error)
    {
        var next = string.Join(", ", Queues.Select(q => Describe(q.Partition, q.NextOffset)));
        return $"the program failed {where}: {Faults.Reason(error)}. Nothing is skipped; it goes on at {next} when "
            + "the instance is started again with a program that is mended";
    }

    private static string Describe(TopicPartition partition, long offset) => $"{partition}@{offset}";

    private void BuryRecord(RecordQueue queue, in QueuedRecord record, BadRecordException error)
    {
        var topic = queue.Source.Definition.Options.DeadLetterTopic ?? throw new StreamsException(
            $"Record {queue.Partition}@{record.Offset} cannot be processed and its source has no dead-letter topic: "
            + Faults.Reason(error), error);
        var partition = TaskId.Partition % environment.PartitionCount(topic);
        ofRecord.Add(DeadLetters.Of(topic, partition, in record, metadata, error, environment.OutputByteLimit));
        environment.ReportDeadLetter(this, metadata, error);
        Begin();
    }

    private void Begin()
    {
        tickDueBeforeRecord = Tick.DueAtMs;
        Watermarks.BeginRecord();
        State.BeginRecord();
    }

    private void Rollback()
    {
        State.RollbackRecord();
        ofRecord.Clear();
        Late.Drop();
        Unusual.Drop();
        Watermarks.RollbackRecord();
        Tick.DueAtMs = tickDueBeforeRecord;
        graph.RollbackRecord();
    }

    private void Commit(IOutputWriter outputs)
    {
        State.CommitRecord();
        graph.CommitRecord();
        Late.Keep();
        Unusual.Keep();
        HandOver(outputs);
    }

    private void HandOver(IOutputWriter outputs)
    {
        LastOutputBytes = 0;
        foreach (ref readonly var output in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(ofRecord))
        {
            LastOutputBytes += (output.Key?.Length ?? 0) + (output.Value?.Length ?? 0) + 64;
            outputs.Write(this, in output);
        }
        ofRecord.Clear();
    }
}
