using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Engine.Transactions;

namespace Alloc.Engine.Restore;

/// <summary>
/// Restores the tasks of one thread, all at once and in slices, so that the thread goes on polling its group and
/// processing the tasks that are ready. Reads committed records up to the high watermark.
/// </summary>
internal sealed class RestoreLoop(ILogClient client, string clientId, TimeProvider clock) : IDisposable
{
    /// <summary>Records between two looks at the clock.</summary>
    private const int BatchSize = 512;

    /// <summary>Records after which what was applied becomes a committed layer.</summary>
    private const int LayerSize = 20_000;

    private readonly List<Restoring> tasks = [];
    private readonly Dictionary<TopicPartition, (Restoring Task, RestoreRange Range)> routes = [];
    private readonly Dictionary<TopicPartition, long> furthest = [];
    private readonly List<OpenedTask> complete = [];
    private ILogConsumer? consumer;
    private PollResult held;

    public bool IsIdle => tasks.Count == 0 && complete.Count == 0;

    /// <summary>
    /// Grows when restoring comes to where it never was before in this process: to do the same again is no progress.
    /// </summary>
    public long ProgressCount { get; private set; }

    /// <summary>True while a record waits for something outside.</summary>
    public bool IsHeldUp => held.Kind != PollKind.None;

    /// <summary>Begins with tasks; nothing else may be under way.</summary>
    /// <remarks>
    /// A consumer of its own for each time: what it fetched ahead, and its threads, go with the takeover.
    /// </remarks>
    public void Start(IReadOnlyList<OpenedTask> opened)
    {
        foreach (var task in opened)
        {
            var restoring = new Restoring(task, task.Task.Changelogs.Journal?.Applier(), clock.GetTimestamp());
            tasks.Add(restoring);
            foreach (var range in task.Ranges.Where(r => !r.IsComplete))
            {
                Log.RestoreStarted(
                    task.Task.Environment.Logger, task.Task.TaskId, range.Remaining, range.Partition.Topic, range.From);
                routes.Add(range.Partition, (restoring, range));
            }
        }
        if (routes.Count > 0)
        {
            consumer = client.CreateRestoreConsumer($"{clientId}-restore");
            consumer.Assign(
                routes.Values.Select(r => new TopicPartitionOffset(r.Range.Partition, r.Range.Position)).ToList());
        }
    }

    /// <summary>Forgets every task; what was applied and not yet committed is dropped.</summary>
    public IReadOnlyList<StreamTask> Clear()
    {
        var cleared = tasks.ConvertAll(t => t.Opened.Task);
        foreach (var task in cleared)
        {
            task.State.DropUncommitted();
        }
        cleared.AddRange(complete.Select(c => c.Task));
        complete.Clear();
        tasks.Clear();
        routes.Clear();
        held = default;
        DisposeConsumer();
        return cleared;
    }

    public IReadOnlyList<RestoreProgress> Progress() => tasks.ConvertAll(t => new RestoreProgress(
        t.Opened.Task.TaskId,
        t.Opened.Ranges.Sum(r => r.Position - r.From),
        t.Opened.Ranges.Sum(r => r.Remaining),
        t.Opened.Task.Wait.Reason));

    /// <summary>
    /// Restores for about this long; returns a task that is complete, or null. It stays among its tasks until
    /// <see cref="HandOver"/>: what fails in between loses sight of none.
    /// </summary>
    /// <exception cref="StreamsException">A journal does not fit the state.</exception>
    public OpenedTask? Advance(TimeSpan slice)
    {
        var started = clock.GetTimestamp();
        while (routes.Count > 0 && clock.GetElapsedTime(started) < slice)
        {
            if (!ReadBatch())
            {
                break;
            }
        }
        NoteProgress();
        foreach (var restoring in tasks.FindAll(t => t.IsComplete))
        {
            Commit(restoring);
            tasks.Remove(restoring);
            complete.Add(restoring.Opened);
            var task = restoring.Opened.Task;
            var inputs = string.Join(
                ", ", restoring.Opened.Inputs.Select(i => $"{i.Partition}@{i.CommittedOffset?.ToString() ?? "none"}"));
            Log.TaskReady(task.Environment.Logger, task.TaskId, inputs, restoring.AppliedCount,
                (long)clock.GetElapsedTime(restoring.Started).TotalMilliseconds);
        }
        return complete.Count == 0 ? null : complete[0];
    }

    /// <summary>The task that was returned last is somebody else's now.</summary>
    public void HandOver() => complete.RemoveAt(0);

    public void Dispose() => DisposeConsumer();

    private void NoteProgress()
    {
        foreach (var range in tasks.SelectMany(t => t.Opened.Ranges))
        {
            if (range.Position > furthest.GetValueOrDefault(range.Partition, range.From))
            {
                ProgressCount++;
                furthest[range.Partition] = range.Position;
            }
        }
    }

    /// <summary>False when nothing came in time, or a record waits.</summary>
    private bool ReadBatch()
    {
        for (var count = 0; count < BatchSize; count++)
        {
            if (!TryNext(count == 0, out var result))
            {
                return count > 0;
            }
            if (!routes.TryGetValue(result.Partition, out var route))
            {
                continue;
            }
            if (result.Kind == PollKind.EndOfPartition)
            {
                route.Range.Position = Math.Max(route.Range.Position, result.Offset);
            }
            else if (result.Offset >= route.Range.Position)
            {
                if (!TryApply(route.Task, route.Range, in result))
                {
                    return false;
                }
            }
            if (route.Range.IsComplete)
            {
                Finish(result.Partition);
                if (routes.Count == 0)
                {
                    return true;
                }
            }
        }
        return true;
    }

    /// <summary>The record that had to wait, when its time has come, else what the log brings.</summary>
    private bool TryNext(bool mayWait, out PollResult next)
    {
        if (!IsHeldUp)
        {
            consumer!.Poll(TimeSpan.FromMilliseconds(mayWait ? 5 : 0), out next);
            return next.Kind != PollKind.None;
        }
        next = held;
        var waiting = routes[held.Partition].Task.Opened.Task;
        if (waiting.Environment.NowMs < waiting.Wait.RetryAtMs)
        {
            return false;
        }
        held = default;
        return true;
    }

    /// <summary>
    /// False when something outside that the record needs does not answer: nothing is skipped, it is tried again.
    /// </summary>
    private bool TryApply(Restoring restoring, RestoreRange range, in PollResult record)
    {
        var task = restoring.Opened.Task;
        try
        {
            Apply(restoring, range, in record);
            task.Wait.End();
            return true;
        }
        catch (DependencyUnavailableException error)
        {
            task.State.RollbackRecord();
            task.Wait.Begin(
                task.Environment, task.TaskId, TaskWait.Describe(error, range.Partition, record.Offset));
            held = record;
            return false;
        }
        catch (TaskCorruptedException error)
        {
            throw error.Of(task.TaskId);
        }
    }

    private static void Apply(Restoring restoring, RestoreRange range, in PollResult record)
    {
        var state = restoring.Opened.Task.State;
        state.BeginRecord();
        if (range.IsJournal)
        {
            ApplyJournal(restoring, range, in record);
        }
        else if (record.Key is null or { Length: 0 })
        {
            restoring.Times = restoring.Times.Max(ReadTimes(range, in record));
        }
        else
        {
            ApplyChange(restoring, range, in record);
        }
        state.CommitRecord();
        range.AppliedTo = record.Offset + 1;
        range.Position = record.Offset + 1;
        restoring.AppliedCount++;
        if (++restoring.UncommittedCount >= LayerSize)
        {
            Commit(restoring);
        }
    }

    private static TaskTime ReadTimes(RestoreRange range, in PollResult record)
    {
        try
        {
            return TaskTime.Read(record.Value);
        }
        catch (InvalidDataException error)
        {
            throw new StreamsException(
                $"The changelog record {range.Partition}@{record.Offset} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>
    /// What cannot be read here is in the log, where no wiping of local state reaches it.
    /// </summary>
    private static void ApplyChange(Restoring restoring, RestoreRange range, in PollResult record)
    {
        try
        {
            restoring.Opened.Task.State.RestoreChange(
                restoring.Opened.Task.Changelogs.StoreOf(range.Partition.Topic), record.Key, record.Value,
                record.Value is null);
        }
        catch (Exception error) when (error is BadRecordException or TaskCorruptedException { Tasks.Count: 0 })
        {
            throw new StreamsException(
                $"The changelog record {range.Partition}@{record.Offset} cannot be read: {error.Message}", error);
        }
        catch (Exception error) when (!Faults.IsOfEngine(error))
        {
            throw Failed(restoring, range, in record, error);
        }
    }

    private static TaskFailedException Failed(
        Restoring restoring, RestoreRange range, in PollResult record, Exception error) => new(
        restoring.Opened.Task.TaskId,
        $"the program failed when the record {range.Partition}@{record.Offset} was restored: {Faults.Reason(error)}. "
        + "Nothing is lost; it is restored when the instance is started again with a program that is mended", error)
        {
            IsStateUsable = false,
        };

    private static void ApplyJournal(Restoring restoring, RestoreRange range, in PollResult record)
    {
        JournalEntry entry;
        try
        {
            entry = restoring.Applier!.Apply(record.Key, record.Value, record.Offset, restoring.Opened.Task.State);
        }
        catch (BadRecordException error)
        {
            throw new StreamsException(
                $"The journal record {range.Partition}@{record.Offset} cannot be applied: {error.Message}", error);
        }
        catch (Exception error) when (!Faults.IsOfEngine(error))
        {
            throw Failed(restoring, range, in record, error);
        }
        restoring.Times = restoring.Times.Max(new TaskTime(record.TimestampMs, TaskTime.None));
        if (entry.SourcePartition != range.Partition.Partition)
        {
            throw new StreamsException(
                $"The journal record {range.Partition}@{record.Offset} was decided from partition "
                + $"{entry.SourcePartition}: only the engine may write there.");
        }
        var mark = restoring.Marks.GetValueOrDefault(entry.SourceTopic, -1);
        if (entry.SourceOffset < mark || (entry.IsOriginal && entry.SourceOffset == mark))
        {
            throw new StreamsException(
                $"The journal record {range.Partition}@{record.Offset} was decided from "
                + $"{entry.SourceTopic}@{entry.SourceOffset}, but {mark} was decided before it: two writers, or a "
                + "record decided twice.");
        }
        if (entry.IsOriginal)
        {
            restoring.Marks[entry.SourceTopic] = entry.SourceOffset;
        }
    }

    private static void Commit(Restoring restoring)
    {
        var state = restoring.Opened.Task.State;
        restoring.UncommittedCount = 0;
        var changelogs = new Dictionary<string, long>(state.Position.Changelogs, StringComparer.Ordinal);
        foreach (var range in restoring.Opened.Ranges)
        {
            changelogs[range.Partition.Topic] = range.AppliedTo;
        }
        state.MarkCommitted(state.Freeze(), new StatePosition
        {
            Changelogs = changelogs,
            SourceMarks = new Dictionary<string, long>(restoring.Marks, StringComparer.Ordinal),
            StreamTimeMs = restoring.Times.StreamTimeMs,
            Watermarks = restoring.Times.Watermarks,
        });
    }

    /// <summary>A partition that is restored grows on with what its task writes now; that is not to be read.</summary>
    private void Finish(TopicPartition partition)
    {
        routes.Remove(partition);
        if (routes.Count == 0)
        {
            DisposeConsumer();
        }
        else
        {
            consumer!.Pause([partition]);
        }
    }

    private void DisposeConsumer()
    {
        consumer?.Dispose();
        consumer = null;
    }

    private sealed class Restoring(OpenedTask opened, IJournalApplier? applier, long started)
    {
        public OpenedTask Opened { get; } = opened;

        public IJournalApplier? Applier { get; } = applier;

        public long Started { get; } = started;

        public Dictionary<string, long> Marks { get; } = new(
            opened.Task.State.Position.SourceMarks, StringComparer.Ordinal);

        public TaskTime Times { get; set; } = new(
            opened.Task.State.Position.StreamTimeMs, opened.Task.State.Position.Watermarks);

        public long AppliedCount { get; set; }

        public int UncommittedCount { get; set; }

        public bool IsComplete => Opened.Ranges.All(r => r.IsComplete);
    }
}
