namespace Alloc.Broker.Storage;

internal sealed partial class PartitionLog
{
    private bool isBeingCleaned;

    /// <summary>
    /// What a compaction would work on: full segments below the last stable offset, leased. Null where the topic is not
    /// compacted, too little is new, or a compaction runs already. Only on the loop; ends with
    /// <see cref="FinishCleaning"/>.
    /// </summary>
    public CleaningTask? BeginCleaning(long nowMs)
    {
        if (!Config.IsCompacted || isBeingCleaned || IsDeleted)
        {
            return null;
        }
        var count = 0;
        long dirtyBytes = 0, totalBytes = 0;
        while (count < segments.Count - 1 && segments[count + 1].BaseOffset <= LastStableOffset
            && segments[count].MaxTimestampMs <= nowMs - Config.MinCompactionLagMs)
        {
            totalBytes += segments[count].Size;
            dirtyBytes += segments[count + 1].BaseOffset > CleanedUpTo ? segments[count].Size : 0;
            count++;
        }
        if (dirtyBytes == 0 || dirtyBytes < Config.MinCleanableDirtyRatio * totalBytes)
        {
            return null;
        }
        isBeingCleaned = true;
        var inputs = segments.GetRange(0, count);
        inputs.ForEach(segment => segment.Lease());
        return new CleaningTask
        {
            Log = this,
            Inputs = inputs,
            EndOffset = segments[count].BaseOffset,
            UniqueUpTo = UniqueUpTo,
            Aborted = [.. Producers.Aborted.All],
            LastBatchOffsets = Producers.All.Where(p => p.Batches.Count > 0)
                .ToDictionary(p => p.ProducerId, p => p.Batches.Last().BaseOffset),
            DropTombstonesBeforeMs = nowMs - Config.DeleteRetentionMs,
            SegmentBytes = Config.SegmentBytes,
        };
    }

    /// <summary>Puts the results in the place of what they were made from; with none, everything stays. Only on the
    /// loop.</summary>
    public void FinishCleaning(CleaningTask task, Cleaned? results)
    {
        isBeingCleaned = false;
        task.Inputs.ForEach(segment => segment.Release());
        if (results is null || IsDeleted)
        {
            return;
        }
        foreach (var result in results.Segments)
        {
            SegmentSwap.Apply(result.SwapPath);
            var first = segments.FindIndex(s => s.BaseOffset == result.FirstBaseOffset);
            var count = segments.FindIndex(s => s.BaseOffset == result.LastBaseOffset) - first + 1;
            segments.GetRange(first, count).ForEach(segment => segment.Release());
            segments.RemoveRange(first, count);
            var cleaned = Segment.Open(System.IO.Path.Combine(Directory, Segment.NameOf(result.FirstBaseOffset)));
            cleaned.Restore(result.Contents);
            segments.Insert(first, cleaned);
        }
        (CleanedUpTo, UniqueUpTo) = results.Compacted;
        lastStablePlace = default;
        hasUnsyncedDirectory = true;
        HasChangedSinceCheckpoint = true;
        Producers.Aborted.TrimBelow(task.EndOffset);
        DropSegmentsBelowStart();
    }
}
