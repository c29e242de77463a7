using Alloc.Engine.Processing;

namespace Alloc.Engine.Runtime;

/// <summary>
/// Which tasks' local state was found damaged, and what it had been opened from. A damaged state is wiped when it is
/// opened next, or closed; its neighbours never are. Thread-safe.
/// </summary>
/// <remarks>
/// Damage that comes back is the disk's: after <see cref="Limit"/> times without <see cref="Calm"/> in between it is
/// said and not mended any more.
/// </remarks>
internal sealed class DamagedTasks(TimeProvider clock)
{
    /// <summary>Times that one task's state may be damaged before that is taken for the disk's fault.</summary>
    public const int Limit = 5;

    /// <summary>A task that was ready for so long begins to count anew.</summary>
    public static readonly TimeSpan Calm = TimeSpan.FromMinutes(10);

    private readonly Lock gate = new();
    private readonly Dictionary<TaskId, Entry> entries = [];

    /// <summary>Notes damage to the tasks that it names, to be wiped.</summary>
    /// <exception cref="StreamsException">It comes back again and again.</exception>
    public void Add(TaskCorruptedException damage)
    {
        foreach (var task in damage.Tasks)
        {
            Add(task, damage.Message);
        }
    }

    /// <summary>Notes damage that is still to be wiped.</summary>
    /// <exception cref="StreamsException">It comes back again and again.</exception>
    public void Add(TaskId id, string reason)
    {
        lock (gate)
        {
            var entry = EntryOf(id);
            if (entry.Reason is not null)
            {
                return;
            }
            if (entry.ReadySince is { } ready && clock.GetElapsedTime(ready) >= Calm)
            {
                entry.Count = 0;
                entry.Checkpoint = null;
            }
            entry.ReadySince = null;
            entry.Reason = reason;
            if (entry.Checkpoint is { } checkpoint)
            {
                entry.Distrusted.Add(checkpoint);
                entry.Checkpoint = null;
            }
            if (++entry.Count > Limit)
            {
                throw new StreamsException(
                    $"The local state of task {id} was found damaged {Limit + 1} times in a row, restored from the log "
                    + "each time: its disk or memory is faulty. Give this instance another data directory. "
                    + $"({reason})");
            }
        }
    }

    /// <summary>Why a task's state is to be wiped; null when it is sound.</summary>
    public string? ReasonOf(TaskId id)
    {
        lock (gate)
        {
            return entries.TryGetValue(id, out var entry) ? entry.Reason : null;
        }
    }

    /// <summary>Nothing is left of the damaged state.</summary>
    public void Wiped(TaskId id)
    {
        lock (gate)
        {
            EntryOf(id).Reason = null;
        }
    }

    /// <summary>A task begins with a checkpoint; null for what its own directory holds.</summary>
    public void BeginsWith(TaskId id, string? checkpoint)
    {
        lock (gate)
        {
            EntryOf(id).Checkpoint = checkpoint;
        }
    }

    /// <summary>Whether a state that began with the checkpoint turned out to be damaged.</summary>
    public bool IsDistrusted(TaskId id, string checkpoint)
    {
        lock (gate)
        {
            return entries.TryGetValue(id, out var entry) && entry.Distrusted.Contains(checkpoint);
        }
    }

    /// <summary>The task is restored.</summary>
    public void Ready(TaskId id)
    {
        lock (gate)
        {
            if (entries.TryGetValue(id, out var entry))
            {
                entry.ReadySince = clock.GetTimestamp();
            }
        }
    }

    private Entry EntryOf(TaskId id)
    {
        if (!entries.TryGetValue(id, out var entry))
        {
            entries[id] = entry = new Entry();
        }
        return entry;
    }

    private sealed class Entry
    {
        public string? Reason { get; set; }

        public int Count { get; set; }

        public long? ReadySince { get; set; }

        public string? Checkpoint { get; set; }

        public HashSet<string> Distrusted { get; } = new(StringComparer.Ordinal);
    }
}
