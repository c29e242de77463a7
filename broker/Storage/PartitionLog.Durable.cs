namespace Alloc.Broker.Storage;

internal sealed partial class PartitionLog
{
    private readonly List<Segment> unsynced = [];
    private bool hasUnsyncedDirectory = true;

    /// <summary>Hands over, with a lease each, the segments that were written since the last call.</summary>
    public void TakeUnsynced(List<Segment> files, List<string> directories)
    {
        files.AddRange(unsynced);
        unsynced.Clear();
        if (hasUnsyncedDirectory)
        {
            hasUnsyncedDirectory = false;
            directories.Add(Directory);
        }
    }

    private void MarkUnsynced(Segment segment)
    {
        if (unsynced.Count == 0 || unsynced[^1] != segment)
        {
            segment.Lease();
            unsynced.Add(segment);
        }
    }

    private void ReleaseUnsynced()
    {
        foreach (var segment in unsynced)
        {
            segment.Release();
        }
        unsynced.Clear();
    }
}
