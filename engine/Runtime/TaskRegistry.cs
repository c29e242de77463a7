using System.Collections.Concurrent;
using Alloc.Engine.Processing;

namespace Alloc.Engine.Runtime;

/// <summary>
/// All tasks of the process, so that one that moves from thread to thread keeps its open state. A task is owned by one
/// thread; a suspended one may be taken by any.
/// </summary>
internal sealed class TaskRegistry
{
    private const long IdleForMs = 30_000;

    private readonly Dictionary<TaskId, Entry> entries = [];
    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<TaskId, StreamTask> ready = new();
    private readonly ConcurrentDictionary<TaskId, LastKnownTask> last = new();

    /// <summary>Tasks whose stores are restored; for interactive reads from any thread.</summary>
    public IReadOnlyDictionary<TaskId, StreamTask> Ready => ready;

    /// <summary>
    /// A task that was ready when its thread heard from the group last, was not given away since, and is expected back;
    /// null for others. What it has committed may be read while nobody knows better.
    /// </summary>
    public LastKnownTask? LastKnown(TaskId id) => last.TryGetValue(id, out var known) ? known : null;

    /// <summary>All tasks with an open state.</summary>
    public IReadOnlyList<StreamTask> All()
    {
        lock (gate)
        {
            return entries.Values.Where(e => e.Task is not null).Select(e => e.Task!).ToList();
        }
    }

    /// <summary>
    /// Reserves a task for a thread. False while another thread still works on it. The task is the suspended one with
    /// its state open, or null when its state is to be opened and handed to <see cref="Set"/>.
    /// </summary>
    public bool TryAcquire(TaskId id, object owner, out StreamTask? task)
    {
        lock (gate)
        {
            task = null;
            if (!entries.TryGetValue(id, out var entry))
            {
                entries.Add(id, new Entry { Owner = owner });
                return true;
            }
            if (entry.Owner is not null && entry.Owner != owner)
            {
                return false;
            }
            entry.Owner = owner;
            task = entry.Task;
            return true;
        }
    }

    /// <summary>The reserved task's state is open.</summary>
    public void Set(TaskId id, StreamTask task)
    {
        lock (gate)
        {
            entries[id].Task = task;
        }
    }

    /// <summary>The task's stores may be read.</summary>
    public void MarkReady(StreamTask task)
    {
        ready[task.TaskId] = task;
        last.TryRemove(task.TaskId, out _);
    }

    /// <summary>The group has spoken: what it did not give this owner again is not expected back.</summary>
    public void Expect(IReadOnlyCollection<TaskId> assigned, object owner)
    {
        foreach (var (id, known) in last)
        {
            if (known.Owner == owner && !assigned.Contains(id))
            {
                last.TryRemove(id, out _);
            }
        }
    }

    /// <summary>The owner stops working on the task but keeps its state open for whoever is assigned it next.</summary>
    /// <param name="id">The task.</param>
    /// <param name="owner">Who stops.</param>
    /// <param name="nowMs">The host's time.</param>
    /// <param name="isExpectedBack">
    /// True where the group did not take it away: the owner starts again and expects the same tasks.
    /// </param>
    public void Suspend(TaskId id, object owner, long nowMs = long.MinValue, bool isExpectedBack = false)
    {
        if (ready.TryRemove(id, out var task) && isExpectedBack)
        {
            last[id] = new LastKnownTask(task, owner, nowMs);
        }
        lock (gate)
        {
            if (entries.TryGetValue(id, out var entry) && entry.Owner == owner)
            {
                entry.Owner = null;
                entry.SuspendedAtMs = nowMs;
                if (entry.Task is null)
                {
                    entries.Remove(id);
                }
            }
        }
    }

    /// <summary>Closes tasks that were suspended a while ago and came back to no thread of this process.</summary>
    public void CloseIdle(long nowMs) => Close(e => e.Owner is null && e.SuspendedAtMs < nowMs - IdleForMs
        && !last.ContainsKey(e.Task!.TaskId));

    /// <summary>Closes every task: all committed state is in the database afterwards.</summary>
    public void CloseAll() => Close(_ => true);

    /// <summary>Closes a suspended task and throws its state away.</summary>
    public void Discard(StreamTask task, Action<TaskId> wipe)
    {
        last.TryRemove(task.TaskId, out _);
        task.CloseState(flush: false);
        wipe(task.TaskId);
        lock (gate)
        {
            entries.Remove(task.TaskId);
        }
    }

    private void Close(Func<Entry, bool> which)
    {
        List<Entry> closing;
        lock (gate)
        {
            closing = entries.Values.Where(e => e.Task is not null && which(e)).ToList();
            foreach (var entry in closing)
            {
                entry.Owner = this;
            }
        }
        foreach (var task in closing.ConvertAll(e => e.Task!))
        {
            ready.TryRemove(task.TaskId, out _);
            last.TryRemove(task.TaskId, out _);
            task.CloseState(flush: true);
            lock (gate)
            {
                entries.Remove(task.TaskId);
            }
        }
    }

    private sealed class Entry
    {
        public object? Owner { get; set; }

        public StreamTask? Task { get; set; }

        public long SuspendedAtMs { get; set; }
    }
}

/// <summary>A task as it was when the group was heard last.</summary>
/// <param name="Task">The task; its state is open.</param>
/// <param name="Owner">The thread that had it.</param>
/// <param name="SinceMs">The host's time at which that thread had to start again.</param>
internal sealed record LastKnownTask(StreamTask Task, object Owner, long SinceMs);
