namespace Alloc.Engine.State;

/// <summary>
/// Decides which task's committed layers are written when, and writes them on one thread for all tasks.
/// </summary>
internal sealed class StateWriter : IDisposable
{
    private static readonly TimeSpan CompactionPollInterval = TimeSpan.FromMilliseconds(20);

    private readonly StateStoreOptions options;
    private readonly object gate = new();
    private readonly List<TaskState> tasks = [];
    private readonly Thread? thread;
    private int storeCount;
    private bool isStopping;

    public StateWriter(StateStoreOptions options)
    {
        this.options = options;
        CacheCapacity = options.CachedEntryCount;
        if (options.WritesInBackground)
        {
            thread = new Thread(Run) { IsBackground = true, Name = "state-writer" };
            thread.Start();
        }
    }

    /// <summary>Entries that each store may keep though the database has them.</summary>
    public int CacheCapacity { get; private set; }

    /// <summary>Bytes in memory for indexes and filters of the open tasks' databases.</summary>
    public long TableReaderBytes
    {
        get
        {
            lock (gate)
            {
                return tasks.Sum(task => task.TableReaderBytes);
            }
        }
    }

    public void Add(TaskState task, int stores)
    {
        lock (gate)
        {
            tasks.Add(task);
            CountStores(stores);
        }
    }

    public void Remove(TaskState task, int stores)
    {
        lock (gate)
        {
            if (tasks.Remove(task))
            {
                CountStores(-stores);
                Monitor.PulseAll(gate);
            }
        }
    }

    /// <summary>
    /// A task has one committed layer more. Waits while too much is unwritten of all tasks that can be written.
    /// </summary>
    /// <exception cref="TaskCorruptedException">What is on disk is damaged.</exception>
    /// <exception cref="IOException">Writing failed.</exception>
    public void Committed(TaskState task)
    {
        if (thread is null)
        {
            WriteDue(task);
            return;
        }
        lock (gate)
        {
            var unwritten = Total();
            if (IsDue(unwritten))
            {
                Monitor.PulseAll(gate);
            }
            while (unwritten.Records > options.MaximumUnwrittenRecordCount && !isStopping && !task.HasFailed)
            {
                Monitor.Wait(gate);
                unwritten = Total();
            }
        }
        task.ThrowIfFailed();
    }

    public void Dispose()
    {
        lock (gate)
        {
            isStopping = true;
            Monitor.PulseAll(gate);
        }
        thread?.Join();
    }

    private void WriteDue(TaskState task)
    {
        TaskState? due;
        lock (gate)
        {
            due = IsDue(Total()) ? Largest() : null;
        }
        due?.WriteInBackground();
        task.ThrowIfFailed();
    }

    private void Run()
    {
        while (true)
        {
            TaskState? task;
            lock (gate)
            {
                while ((task = Pick(out var mayWait)) is null && !isStopping)
                {
                    _ = mayWait ? Monitor.Wait(gate) : Monitor.Wait(gate, CompactionPollInterval);
                }
                if (task is null || isStopping)
                {
                    return;
                }
            }
            task.WriteInBackground();
            lock (gate)
            {
                Monitor.PulseAll(gate);
            }
        }
    }

    /// <summary>The task to write now; null when there is none.</summary>
    /// <param name="mayWait">Whether nothing changes until the next commit; false while compaction is awaited.</param>
    private TaskState? Pick(out bool mayWait)
    {
        mayWait = true;
        var unwritten = Total();
        if (!IsDue(unwritten) || Largest() is not { } task)
        {
            return null;
        }
        mayWait = false;
        return unwritten.Records > options.MaximumUnwrittenRecordCount || !task.IsDatabaseBehind ? task : null;
    }

    private bool IsDue((int Records, long Bytes) unwritten) =>
        unwritten.Records >= options.WriteAfterRecordCount || unwritten.Bytes >= options.WriteAfterBytes;

    private TaskState? Largest()
    {
        TaskState? largest = null;
        var records = 0;
        foreach (var task in tasks)
        {
            var unwritten = task.HasFailed ? 0 : task.Unwritten.Records;
            if (unwritten > records)
            {
                largest = task;
                records = unwritten;
            }
        }
        return largest;
    }

    private (int Records, long Bytes) Total()
    {
        var total = (Records: 0, Bytes: 0L);
        // What a failed task holds is never written: to wait for it would hold its neighbours up for good.
        foreach (var task in tasks.Where(t => !t.HasFailed))
        {
            var unwritten = task.Unwritten;
            total = (total.Records + unwritten.Records, total.Bytes + unwritten.Bytes);
        }
        return total;
    }

    private void CountStores(int change)
    {
        storeCount += change;
        CacheCapacity = options.CachedEntryCount / Math.Max(1, storeCount);
    }
}
