using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.Transactions;

namespace Alloc.Engine.Restore;

/// <summary>
/// Takes over partitions, in the only order that is safe: InitTransactions on every own id; then the committed offsets,
/// which wait for pending transactions; then the high watermarks; then restoring up to them; then reading on. The
/// watermark first would miss a zombie's last outcomes and decide twice. Advanced by the thread's loop, so that polling
/// goes on.
/// </summary>
internal sealed class PartitionTakeover(
    CommitPipeline pipeline, ILogConsumer consumer, TaskRegistry registry, TaskOpener opener, RestoreLoop restore,
    TaskExecutor executor, TaskEnvironment environment, StreamsOptions options,
    Topology.Topology topology, DamagedTasks damages, object owner)
{
    private static readonly TimeSpan RestoreSlice = TimeSpan.FromMilliseconds(25);
    private readonly List<(TaskId Id, Task<OpenedTask> Opening)> opening = [];
    private readonly List<OpenedTask> opened = [];
    private IReadOnlyList<TopicPartition> partitions = [];
    private List<TaskId> wanted = [];
    private IReadOnlyDictionary<TopicPartition, long>? committed;
    private TaskWait? wait;

    /// <summary>What the broker is asked for and does not answer, in words; null when nothing is awaited.</summary>
    public string? WaitingFor => wait?.Reason;

    /// <summary>Tasks of the assignment that a fault stopped before they could be restored.</summary>
    public IReadOnlyList<TaskId> Stopped { get; private set; } = [];

    /// <summary>True while tasks are still on their way.</summary>
    public bool IsActive => wanted.Count > 0 || opening.Count > 0 || opened.Count > 0 || !restore.IsIdle
        || (partitions.Count > 0 && committed is null);

    /// <summary>Tasks that are assigned and not yet opened.</summary>
    public IReadOnlyCollection<TaskId> Wanted => wanted;

    /// <summary>Begins with all partitions of the member; whatever was under way must have been stopped.</summary>
    public void Begin(IReadOnlyList<TopicPartition> assigned)
    {
        partitions = assigned;
        committed = null;
        wait = null;
        var ids = topology.SubTopologies
            .SelectMany(sub => assigned.Where(p => sub.Sources[0].Topic == p.Topic)
                .Select(p => new TaskId(sub.Index, p.Partition)))
            .Distinct().Order().ToList();
        Stopped = ids.FindAll(environment.Stops.IsUnreadable);
        wanted = ids.FindAll(id => !environment.Stops.IsUnreadable(id));
    }

    /// <summary>Goes on for a moment; hands tasks to the executor as they get ready.</summary>
    /// <exception cref="StreamsException">A log does not fit the state, or the client failed.</exception>
    public void Advance()
    {
        if (!IsActive || !pipeline.TryFinishInitialization() || !TryReadCommitted())
        {
            return;
        }
        if (wait is null || wait.RetryAtMs <= environment.NowMs)
        {
            StartOpening();
        }
        FinishOpening();
        if (wanted.Count == 0 && opening.Count == 0 && opened.Count > 0)
        {
            Assign();
        }
        var slice = RestoreSlice;
        while (restore.Advance(slice) is { } restored)
        {
            SetInputs(restored);
            restored.Task.Open();
            damages.Ready(restored.Task.TaskId);
            executor.Add(restored.Task, consumer);
            restore.HandOver();
            registry.MarkReady(restored.Task);
            slice = TimeSpan.Zero;
        }
    }

    /// <summary>
    /// Stops: opened and half-restored tasks are suspended, with what they restored. What is still being opened is not
    /// waited for: a handler of the group calls this.
    /// </summary>
    public void Stop()
    {
        foreach (var (id, task) in opening)
        {
            registry.FinishBeside(id, owner, TaskOf(task), environment.NowMs);
        }
        opening.Clear();
        opened.ForEach(o => registry.Suspend(o.Task.TaskId, owner, environment.NowMs));
        opened.Clear();
        foreach (var task in restore.Clear())
        {
            registry.Suspend(task.TaskId, owner, environment.NowMs);
        }
        wanted = [];
        partitions = [];
        Stopped = [];
        wait = null;

        static async Task<StreamTask> TaskOf(Task<OpenedTask> opening) => (await opening.ConfigureAwait(false)).Task;
    }

    private bool TryReadCommitted()
    {
        if (committed is not null)
        {
            return true;
        }
        try
        {
            if (wait?.RetryAtMs > environment.NowMs)
            {
                return false;
            }
            committed = consumer.Committed(partitions, options.RequestTimeout);
            wait = null;
            return true;
        }
        catch (LogException error) when (error.Failure == LogFailure.RetryCall)
        {
            WaitFor("the committed offsets", error, new TaskId(0, partitions[0].Partition));
            return false;
        }
    }

    /// <summary>
    /// The broker does not answer: it is asked again, and that is said, for as long as it takes. Whether it is away for
    /// good is not for one instance to decide.
    /// </summary>
    private void WaitFor(string what, LogException error, TaskId task)
    {
        wait ??= new TaskWait();
        wait.Begin(environment, task, $"the broker is asked for {what}: {error.Message}");
    }

    private void StartOpening()
    {
        for (var index = wanted.Count - 1; index >= 0; index--)
        {
            var id = wanted[index];
            if (registry.TryAcquire(id, owner, out var suspended))
            {
                var sub = topology.SubTopologies[id.SubTopology];
                var offsets = committed!;
                opening.Add((id, BlockingWork.Run(() => opener.Open(id, sub, suspended, offsets, environment))));
                wanted.RemoveAt(index);
            }
        }
    }

    private void FinishOpening()
    {
        for (var index = opening.Count - 1; index >= 0; index--)
        {
            var (id, task) = opening[index];
            if (!task.IsCompleted)
            {
                continue;
            }
            opening.RemoveAt(index);
            try
            {
                var result = task.GetAwaiter().GetResult();
                registry.Set(id, result.Task);
                opened.Add(result);
                wait = null;
            }
            catch (LogException error) when (error.Failure == LogFailure.RetryCall)
            {
                registry.Suspend(id, owner, environment.NowMs);
                wanted.Add(id);
                WaitFor($"the bounds of the logs of task {id}", error, id);
            }
            catch
            {
                registry.Suspend(id, owner, environment.NowMs);
                throw;
            }
        }
    }

    /// <summary>
    /// Assigns all partitions, once: fetching begins at the committed offsets, and partitions whose tasks still restore
    /// are paused meanwhile. What comes in spite of it waits in their queues.
    /// </summary>
    private void Assign()
    {
        foreach (var task in opened)
        {
            foreach (var queue in task.Task.Queues)
            {
                var input = task.Inputs.Single(i => i.Partition == queue.Partition);
                queue.Reset(Math.Max(input.CommittedOffset ?? 0, input.Bounds.Beginning), -1);
            }
        }
        executor.Assign(opened.ConvertAll(o => o.Task), consumer);
        restore.Start(opened.ToList());
        opened.Clear();
    }

    /// <summary>
    /// Where each input's processing begins: at the committed offset; after the last decided record where nothing is
    /// committed or less than was decided; at the beginning for a task that never ran.
    /// </summary>
    private static void SetInputs(OpenedTask opened)
    {
        var position = opened.Task.State.Position;
        foreach (var queue in opened.Task.Queues)
        {
            var input = opened.Inputs.Single(i => i.Partition == queue.Partition);
            var mark = position.SourceMarks.TryGetValue(queue.Partition.Topic, out var decided) ? decided : -1;
            var start = Math.Max(input.CommittedOffset ?? (mark < 0 ? input.Bounds.Beginning : 0), mark + 1);
            if (input.CommittedOffset is { } offset && offset <= mark)
            {
                opened.Task.Counters.SkippedDecided += mark + 1 - offset;
                Log.SkippingDecided(opened.Task.Environment.Logger, opened.Task.TaskId, mark + 1 - offset,
                    queue.Partition.Topic, mark + 1);
            }
            if (start < input.Bounds.Beginning)
            {
                throw new StreamsException(
                    $"{queue.Partition} begins at offset {input.Bounds.Beginning}, but the next record to decide is "
                    + $"{start}: commands are lost. Restore the topic, or reset the group's offset on purpose.");
            }
            if (start > input.Bounds.HighWatermark)
            {
                throw new StreamsException(
                    $"{queue.Partition} ends at offset {input.Bounds.HighWatermark}, but everything before {start} was "
                    + "decided: the topic was cut or made anew. Restore the topic, or start with a new application id "
                    + "and state.");
            }
            queue.Begin(start, mark);
        }
    }
}
