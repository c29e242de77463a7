namespace Alloc.Broker.Storage;

internal sealed partial class PartitionLog
{
    private List<Action<bool>> checkpointWaiters = [];
    private bool isCheckpointing;

    /// <summary>Whether a checkpoint is being written.</summary>
    public bool IsCheckpointing => isCheckpointing;

    /// <summary>Bytes appended since the last checkpoint was begun: what a start after a crash has to read.</summary>
    public long BytesSinceCheckpoint { get; private set; }

    /// <summary>Whether anything changed since the last checkpoint was begun.</summary>
    public bool HasChangedSinceCheckpoint { get; private set; } = true;

    /// <summary>
    /// Brings what the log knows to stable storage, so that the next start goes on from here. Runs
    /// <paramref name="then"/> on the loop, with false if the disk refused; the log stays usable and the former
    /// checkpoint valid. Only on the loop.
    /// </summary>
    public void Checkpoint(Durability durability, Action<bool> then)
    {
        checkpointWaiters.Add(then);
        if (!isCheckpointing)
        {
            BeginCheckpoint(durability);
        }
    }

    private void BeginCheckpoint(Durability durability)
    {
        var waiters = checkpointWaiters;
        checkpointWaiters = [];
        if (IsDeleted)
        {
            waiters.ForEach(waiter => waiter(true));
            return;
        }
        isCheckpointing = true;
        BytesSinceCheckpoint = 0;
        HasChangedSinceCheckpoint = false;
        var files = new List<(string Path, byte[] Contents)>();
        var indexed = new List<Segment>();
        foreach (var segment in segments)
        {
            if (segment != Active && !segment.HasIndexFile)
            {
                files.Add((SegmentContents.PathFor(segment.Path), segment.Contents.Encode()));
                indexed.Add(segment);
            }
        }
        files.Add((CheckpointFile.PathIn(Directory), CheckpointFile.Encode(this)));
        durability.Sync([this], () => ThreadPool.UnsafeQueueUserWorkItem(
            _ => WriteCheckpoint(durability, files, indexed, waiters), null));
    }

    private void WriteCheckpoint(
        Durability durability, List<(string Path, byte[] Contents)> files, List<Segment> indexed,
        List<Action<bool>> waiters)
    {
        var isWritten = true;
        try
        {
            foreach (var (path, contents) in files)
            {
                AtomicFile.Write(context.Disk, path, contents);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            isWritten = IsDeleted;
            Log.StorageRefused(context.Logger, exception.Message, 0);
        }
        context.Loop.PostAway(() =>
        {
            isCheckpointing = false;
            HasChangedSinceCheckpoint |= !isWritten;
            if (isWritten)
            {
                indexed.ForEach(segment => segment.HasIndexFile = true);
            }
            waiters.ForEach(waiter => waiter(isWritten));
            if (checkpointWaiters.Count > 0)
            {
                BeginCheckpoint(durability);
            }
        });
    }
}
