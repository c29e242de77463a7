using Alloc.Engine.LogClient;
using Alloc.Engine.Observability;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Engine.Topology;

namespace Alloc.Engine.Restore;

/// <summary>A task whose state is open, with what is to be restored and where its input stands.</summary>
internal sealed record OpenedTask(
    StreamTask Task, IReadOnlyList<RestoreRange> Ranges, IReadOnlyList<InputRange> Inputs);

/// <summary>
/// Opens a task's state from its directory, else from the newest checkpoint that helps, and finds what is left to
/// restore. Runs beside the stream thread, which goes on polling. The bounds are read here: after the producers'
/// initialisation and after the committed offsets.
/// </summary>
internal sealed class TaskOpener(
    ITaskStateProvider provider, ApplicationDirectory directory, Checkpoints? checkpoints, ILogAdmin admin,
    TaskRegistry registry, DamagedTasks damages, EngineMetrics metrics)
{
    /// <summary>
    /// Opens a task, or goes on with the state that a suspended task still has open. A state that was found damaged is
    /// wiped first, whoever had it open.
    /// </summary>
    /// <exception cref="TaskCorruptedException">The state is damaged, that of this task.</exception>
    public OpenedTask Open(
        TaskId id, SubTopology subTopology, StreamTask? suspended, IReadOnlyDictionary<TopicPartition, long> committed,
        TaskEnvironment environment)
    {
        var inputs = subTopology.Sources.Select(s => new TopicPartition(s.Topic, id.Partition)).Select(p =>
            new InputRange(p, admin.Bounds(p), committed.TryGetValue(p, out var offset) ? offset : null)).ToList();
        var changelogs = new TaskChangelogs(environment.ApplicationId, subTopology);
        var bounds = changelogs.Topics.ToDictionary(
            t => t, t => admin.Bounds(new TopicPartition(t, id.Partition)), StringComparer.Ordinal);
        if (damages.ReasonOf(id) is { } damage)
        {
            suspended?.CloseState(flush: false);
            registry.Forget(id);
            suspended = null;
            Wipe(id, damage, environment);
        }
        var state = suspended?.State ?? OpenState(id, subTopology, environment);
        try
        {
            if (suspended is null && !Covers(state.Position, changelogs, bounds))
            {
                state = FromCheckpoint(id, subTopology, state, changelogs, bounds, environment);
            }
            var ranges = changelogs.Topics
                .Select(t => Range(id, t, changelogs, bounds[t], ref state, subTopology, environment)).ToList();
            var task = suspended ?? new StreamTask(id, subTopology, state, environment);
            return new OpenedTask(task, ranges, inputs);
        }
        catch
        {
            if (suspended is null)
            {
                state.Dispose();
            }
            throw;
        }
    }

    /// <summary>Throws a task's local state away; it must be closed.</summary>
    public void Wipe(TaskId id)
    {
        provider.Wipe(directory.TaskDirectory(id));
        damages.Wiped(id);
        metrics.StateWiped(id);
    }

    private void Wipe(TaskId id, string reason, TaskEnvironment environment)
    {
        Log.StateWiped(environment.Logger, id, reason);
        Wipe(id);
    }

    private ITaskState OpenState(TaskId id, SubTopology subTopology, TaskEnvironment environment) =>
        OpenState(id, subTopology, environment, out _);

    private ITaskState OpenState(TaskId id, SubTopology subTopology, TaskEnvironment environment, out bool isWiped)
    {
        isWiped = false;
        var options = new TaskStateOptions
        {
            TaskId = id,
            Directory = directory.TaskDirectory(id),
            Stores = subTopology.Stores,
        };
        try
        {
            return provider.Open(options);
        }
        catch (TaskCorruptedException error)
        {
            damages.Add(id, error.Message);
            Wipe(id, error.Message, environment);
            isWiped = true;
            return provider.Open(options);
        }
    }

    /// <summary>
    /// An empty state covers a changelog that was never cut, but a checkpoint may still spare the reading.
    /// </summary>
    private static bool Covers(
        StatePosition position, TaskChangelogs changelogs, Dictionary<string, LogBounds> bounds) =>
        !position.IsEmpty && changelogs.Topics.All(t => (position.NextOffset(t) ?? 0) >= bounds[t].Beginning);

    /// <summary>
    /// The newest checkpoint that the log can continue; the state as it is where there is none. One that turned out to
    /// be damaged is taken only where the log alone does not reach back far enough.
    /// </summary>
    private ITaskState FromCheckpoint(
        TaskId id, SubTopology subTopology, ITaskState state, TaskChangelogs changelogs,
        Dictionary<string, LogBounds> bounds,
        TaskEnvironment environment)
    {
        while (Find(id, changelogs, bounds) is { } found)
        {
            state.Dispose();
            var target = directory.TaskDirectory(id);
            provider.Wipe(target);
            provider.InstallCheckpoint(found.Directory, target);
            damages.BeginsWith(id, found.Directory);
            Log.CheckpointInstalled(environment.Logger, id, found.Directory);
            state = OpenState(id, subTopology, environment, out var isWiped);
            if (!isWiped)
            {
                return state;
            }
            // Damaged, and distrusted now: the next one.
        }
        return state;
    }

    private Checkpoint? Find(TaskId id, TaskChangelogs changelogs, Dictionary<string, LogBounds> bounds)
    {
        bool IsUsable(StatePosition position) => changelogs.Topics.All(t =>
            position.NextOffset(t) is { } next
                ? next >= bounds[t].Beginning && next <= bounds[t].HighWatermark
                : bounds[t].Beginning == 0);
        var reachesBack = changelogs.Topics.All(t => !changelogs.IsJournal(t) || bounds[t].Beginning == 0);
        return checkpoints?.FindNewest(id, (path, position) => IsUsable(position) && !damages.IsDistrusted(id, path))
            ?? (reachesBack ? null : checkpoints?.FindNewest(id, (_, position) => IsUsable(position)));
    }

    private RestoreRange Range(
        TaskId id, string topic, TaskChangelogs changelogs, LogBounds bounds, ref ITaskState state,
        SubTopology subTopology,
        TaskEnvironment environment)
    {
        var partition = new TopicPartition(topic, id.Partition);
        var isJournal = changelogs.IsJournal(topic);
        var next = state.Position.NextOffset(topic);
        if (next > bounds.HighWatermark)
        {
            throw new StreamsException(
                $"{partition} ends at offset {bounds.HighWatermark}, but the state of task {id} was built from it up "
                + $"to {next}: the topic was cut or made anew. Restore the topic, or remove the state directory to "
                + "start from what the topic holds now.");
        }
        if (isJournal && (next ?? 0) < bounds.Beginning)
        {
            throw new StreamsException(
                $"{partition} begins at offset {bounds.Beginning}, but task {id} needs it from {next ?? 0}: decisions "
                + "are missing. Give a checkpoint directory that holds a checkpoint of this partition from there or "
                + "later.");
        }
        if (!isJournal && next < bounds.Beginning)
        {
            // What was compacted away may include deletes that this state never saw.
            state.Dispose();
            Wipe(id, $"{partition} begins at {bounds.Beginning}, after {next}", environment);
            state = OpenState(id, subTopology, environment);
            next = null;
        }
        return new RestoreRange(partition, isJournal, Math.Max(next ?? 0, bounds.Beginning), bounds.HighWatermark);
    }
}
