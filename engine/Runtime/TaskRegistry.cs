using System.Collections.Concurrent;
using Alloc.Engine.Processing;
using Microsoft.Extensions.Logging;

namespace Alloc.Engine.Runtime;

/// <summary>
/// All tasks of the process, so that one that moves from thread to thread keeps its open state. A task is owned by one
/// thread; a suspended one may be taken by any.
/// </summary>
internal sealed class TaskRegistry(ILogger logger)
{
    private readonly Dictionary<TaskId, Entry> entries = [];
    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<TaskId, StreamTask> ready = new();
    private readonly List<Task> beside = [];
    private long heardAtMs = long.MinValue;

    /// <summary>Tasks whose stores are restored; for interactive reads from any thread.</summary>
    public IReadOnlyDictionary<TaskId, StreamTask> Ready => ready;

    /// <summary>
    /// A task that was ready when its thread heard from the group last, was not given away since, and is expected back;
    /// null for others. What it has committed may be read while nobody knows better.
    /// </summary>
    public LastKnownTask? LastKnown(TaskId id)
    {
        lock (gate)
        {
            return entries.TryGetValue(id, out var entry) && entry is { ExpectedBy: not null, Task: { } task }
                ? new LastKnownTask(task, entry.ExpectedSinceMs)
                : null;
        }
    }

    /// <summary>How many tasks have an open state, owned or suspended.</summary>
    public int OpenCount
    {
        get
        {
            lock (gate)
            {
                return entries.Values.Count(e => e.Task is not null);
            }
        }
    }

    /// <summary>
    /// Reserves a task for a thread. False while another thread still works on it, or it is being closed. The task is
    /// the suspended one with its state open, or null when its state is to be opened and handed to <see cref="Set"/>.
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

    /// <summary>The reserved task's state was closed, to be opened anew.</summary>
    public void Forget(TaskId id)
    {
        lock (gate)
        {
            entries[id].Task = null;
            entries[id].ExpectedBy = null;
        }
    }

    /// <summary>The task's stores may be read.</summary>
    public void MarkReady(StreamTask task)
    {
        ready[task.TaskId] = task;
        lock (gate)
        {
            if (entries.TryGetValue(task.TaskId, out var entry))
            {
                entry.ExpectedBy = null;
            }
        }
    }

    /// <summary>
    /// The group has spoken: what it did not give this owner again is not expected back. What is suspended and was not
    /// among it has another owner, and is only kept in case it comes back soon; until then, with the broker away,
    /// nothing is closed.
    /// </summary>
    /// <param name="assigned">What the owner was given.</param>
    /// <param name="owner">Who heard it.</param>
    /// <param name="nowMs">The host's time.</param>
    public void Heard(IReadOnlyCollection<TaskId> assigned, object owner, long nowMs)
    {
        lock (gate)
        {
            heardAtMs = nowMs;
            foreach (var (id, entry) in entries)
            {
                if (entry.ExpectedBy == owner && !assigned.Contains(id))
                {
                    entry.ExpectedBy = null;
                }
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
    public void Suspend(TaskId id, object owner, long nowMs, bool isExpectedBack = false)
    {
        var wasReady = ready.TryRemove(id, out _);
        lock (gate)
        {
            if (entries.TryGetValue(id, out var entry) && entry.Owner == owner)
            {
                entry.Owner = null;
                entry.SuspendedAtMs = nowMs;
                if (wasReady && isExpectedBack)
                {
                    entry.ExpectedBy = owner;
                    entry.ExpectedSinceMs = nowMs;
                }
                if (entry.Task is null)
                {
                    entries.Remove(id);
                }
            }
        }
    }

    /// <summary>
    /// Closes, beside, tasks that were suspended so long ago and have come back to no thread of this process since.
    /// </summary>
    public Task CloseIdle(long nowMs, TimeSpan idleFor, DamagedTasks damages, Action<TaskId> wipe)
    {
        var beforeMs = nowMs - (long)idleFor.TotalMilliseconds;
        var closing = Claim(e => e is { Owner: null, ExpectedBy: null } && e.SuspendedAtMs <= heardAtMs
            && heardAtMs <= beforeMs);
        return closing.Count == 0 ? Task.CompletedTask : Beside(BlockingWork.Run(() => Close(closing, damages, wipe)));
    }

    /// <summary>
    /// Closes every task that no thread works on: all its committed state is in the database afterwards. What is being
    /// opened or closed beside is waited for.
    /// </summary>
    public void CloseAll(DamagedTasks damages, Action<TaskId> wipe)
    {
        Task[] underWay;
        lock (gate)
        {
            underWay = [.. beside];
        }
        Task.WaitAll(underWay);
        Close(Claim(e => e.Owner is null), damages, wipe);
    }

    /// <summary>
    /// Finishes an opening that nobody waits for any more: the state is suspended when it is open, and until then the
    /// task is nobody's.
    /// </summary>
    public void FinishBeside(TaskId id, object owner, Task<StreamTask> opening, long nowMs)
    {
        lock (gate)
        {
            if (!entries.TryGetValue(id, out var entry) || entry.Owner != owner)
            {
                return;
            }
            entry.Owner = opening;
        }
        Beside(FinishAsync());

        async Task FinishAsync()
        {
            try
            {
                Set(id, await opening.ConfigureAwait(false));
            }
            catch (Exception error)
            {
                // Whoever takes the task over next meets the same failure again, and reports it.
                Log.TaskNotOpened(logger, id, error.Message);
            }
            Suspend(id, opening, nowMs);
        }
    }

    private Task Beside(Task task)
    {
        lock (gate)
        {
            beside.RemoveAll(t => t.IsCompleted);
            beside.Add(task);
        }
        return task;
    }

    private List<StreamTask> Claim(Func<Entry, bool> which)
    {
        lock (gate)
        {
            var claimed = entries.Values.Where(e => e.Task is not null && e.Owner != this && which(e)).ToList();
            claimed.ForEach(e => (e.Owner, e.ExpectedBy) = (this, null));
            return claimed.ConvertAll(e => e.Task!);
        }
    }

    private void Close(List<StreamTask> tasks, DamagedTasks damages, Action<TaskId> wipe)
    {
        foreach (var task in tasks)
        {
            ready.TryRemove(task.TaskId, out _);
            try
            {
                Close(task, damages, wipe);
            }
            catch (Exception error)
            {
                // It is closed all the same, and the log has what did not get to the disk; the others are closed too.
                Log.TaskNotClosed(logger, task.TaskId, error.Message);
            }
            finally
            {
                lock (gate)
                {
                    entries.Remove(task.TaskId);
                }
            }
        }
    }

    /// <summary>What is damaged is not written to any more, and nobody opens it again.</summary>
    private void Close(StreamTask task, DamagedTasks damages, Action<TaskId> wipe)
    {
        try
        {
            task.CloseState(flush: damages.ReasonOf(task.TaskId) is null);
        }
        catch (TaskCorruptedException error)
        {
            damages.Add(task.TaskId, error.Message);
        }
        if (damages.ReasonOf(task.TaskId) is { } reason)
        {
            Log.StateWiped(logger, task.TaskId, reason);
            wipe(task.TaskId);
        }
    }

    private sealed class Entry
    {
        public object? Owner { get; set; }

        public StreamTask? Task { get; set; }

        public long SuspendedAtMs { get; set; }

        /// <summary>Who had the task ready and expects it back; null where the group gave it away.</summary>
        public object? ExpectedBy { get; set; }

        /// <summary>Since when it waits for it.</summary>
        public long ExpectedSinceMs { get; set; }
    }
}

/// <summary>A task as it was when the group was heard last.</summary>
/// <param name="Task">The task; its state is open.</param>
/// <param name="SinceMs">The host's time at which its thread had to start again.</param>
internal sealed record LastKnownTask(StreamTask Task, long SinceMs);
