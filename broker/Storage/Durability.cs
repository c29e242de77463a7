namespace Alloc.Broker.Storage;

/// <summary>What an answer promises.</summary>
internal enum Acknowledgement
{
    /// <summary>The process may die: acks 1, records inside a transaction that is still open, plain offset
    /// commits.</summary>
    Leader,

    /// <summary>The machine may die: acks all outside transactions, a transaction's decision, changes of
    /// topics.</summary>
    Commit,
}

/// <summary>
/// Decides when an answer may leave: at once, or after an fsync (<see cref="BrokerOptions.Durability"/>). A thread of
/// its own does the fsyncs; all that wait when one begins share the next one.
/// </summary>
/// <remarks>A failed fsync leaves unknown what is on disk: the broker is stopped
/// (<see cref="StorageContext.OnFault"/>), and what waits is never answered.</remarks>
internal sealed class Durability : IDisposable
{
    private static readonly ParallelOptions Parallelism = new() { MaxDegreeOfParallelism = 8 };
    private readonly DurabilityMode mode;
    private readonly StorageContext context;
    private readonly Lock gate = new();
    private readonly SemaphoreSlim wake = new(0);
    private readonly Thread thread;
    private List<SyncRequest> waiting = [];
    private volatile bool isStopped;

    public Durability(DurabilityMode mode, StorageContext context)
    {
        this.mode = mode;
        this.context = context;
        thread = new Thread(Run) { IsBackground = true, Name = "alloc-broker-fsync" };
        thread.Start();
    }

    /// <summary>
    /// Runs <paramref name="then"/> on the loop once all that was appended to <paramref name="logs"/> so far is as safe
    /// as <paramref name="acknowledgement"/> asks in the broker's mode: at the end of this turn, or after an fsync.
    /// Only on the loop.
    /// </summary>
    public void After(Acknowledgement acknowledgement, IEnumerable<PartitionLog> logs, Action then)
    {
        if (!NeedsSync(acknowledgement))
        {
            context.Loop.AtEndOfTurn(then);
            return;
        }
        Sync(logs, then);
    }

    /// <inheritdoc cref="After(Acknowledgement, IEnumerable{PartitionLog}, Action)"/>
    public void After(Acknowledgement acknowledgement, PartitionLog log, Action then) =>
        After(acknowledgement, [log], then);

    /// <summary>
    /// Like <see cref="After(Acknowledgement, IEnumerable{PartitionLog}, Action)"/>, for a file that is no partition's.
    /// </summary>
    /// <param name="acknowledgement">What the answer promises.</param>
    /// <param name="sync">Syncs the file; on the thread of the fsyncs, once for all that wait with the same
    /// delegate.</param>
    /// <param name="then">Runs on the loop.</param>
    public void After(Acknowledgement acknowledgement, Action sync, Action then)
    {
        if (!NeedsSync(acknowledgement))
        {
            context.Loop.AtEndOfTurn(then);
            return;
        }
        Sync(sync, then);
    }

    /// <summary>Syncs a file that is no partition's whatever the mode, then runs <paramref name="then"/> on the
    /// loop.</summary>
    public void Sync(Action sync, Action then) => Enqueue(new SyncRequest([], [], [], sync, then));

    /// <summary>Whether an answer of this kind waits for an fsync.</summary>
    public bool NeedsSync(Acknowledgement acknowledgement) =>
        mode == DurabilityMode.Always || (mode == DurabilityMode.Commit && acknowledgement == Acknowledgement.Commit);

    /// <summary>Syncs logs whatever the mode, then runs <paramref name="then"/> on the loop.</summary>
    public void Sync(IEnumerable<PartitionLog> logs, Action then)
    {
        var request = new SyncRequest([], [], [], null, then);
        foreach (var log in logs)
        {
            log.TakeUnsynced(request.Segments, request.Directories);
        }
        Enqueue(request);
    }

    /// <summary>Runs <paramref name="then"/> on the loop once files and directories are as safe as the mode asks of a
    /// commit.</summary>
    public void After(List<string> files, List<string> directories, Action then)
    {
        if (files.Count + directories.Count > 0 && NeedsSync(Acknowledgement.Commit))
        {
            Enqueue(new SyncRequest([], files, directories, null, then));
        }
        else
        {
            context.Loop.AtEndOfTurn(then);
        }
    }

    public void Dispose()
    {
        isStopped = true;
        wake.Release();
        thread.Join();
        wake.Dispose();
    }

    private void Enqueue(SyncRequest request)
    {
        bool isFirst;
        lock (gate)
        {
            waiting.Add(request);
            isFirst = waiting.Count == 1;
        }
        if (isFirst)
        {
            wake.Release();
        }
    }

    private void Run()
    {
        while (true)
        {
            wake.Wait();
            List<SyncRequest> group;
            lock (gate)
            {
                group = waiting;
                waiting = [];
            }
            if (group.Count > 0 && !SyncGroup(group))
            {
                return;
            }
            if (isStopped)
            {
                return;
            }
        }
    }

    private bool SyncGroup(List<SyncRequest> group)
    {
        try
        {
            SyncSegments([.. group.SelectMany(r => r.Segments).Distinct()]);
            foreach (var path in group.SelectMany(r => r.Files).Distinct(StringComparer.Ordinal))
            {
                SyncFile(path);
            }
            foreach (var directory in group.SelectMany(r => r.Directories).Distinct(StringComparer.Ordinal))
            {
                if (Directory.Exists(directory))
                {
                    context.Disk.SyncDirectory(directory);
                }
            }
            foreach (var sync in group.Select(r => r.Sync).OfType<Action>().Distinct())
            {
                sync();
            }
        }
        catch (Exception exception)
        {
            context.OnFault(new StorageException($"fsync failed, the broker stops: {exception.Message}", exception));
            return false;
        }
        // On this thread if the loop rests: a commit's second fsync then follows its first without a change of threads.
        context.Loop.Post(() => Finish(group));
        return true;
    }

    /// <summary>Syncs side by side: the file system then writes its journal once for all, not once for each.</summary>
    private void SyncSegments(List<Segment> segments)
    {
        if (segments.Count == 1)
        {
            context.Disk.Sync(segments[0].File);
            return;
        }
        Parallel.ForEach(segments, Parallelism, segment => context.Disk.Sync(segment.File));
    }

    /// <summary>Syncs a small file, unless its topic was deleted meanwhile.</summary>
    private void SyncFile(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
            context.Disk.Sync(file);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return;
        }
    }

    private static void Finish(List<SyncRequest> group)
    {
        foreach (var request in group)
        {
            foreach (var segment in request.Segments)
            {
                segment.Release();
            }
            request.Then();
        }
    }

    private sealed record SyncRequest(
        List<Segment> Segments, List<string> Files, List<string> Directories, Action? Sync, Action Then);
}
