namespace Alloc.Broker.Storage;

internal sealed partial class PartitionLog
{
    /// <summary>Bytes of all segments.</summary>
    public long SizeBytes => segments.Sum(s => s.Size);

    /// <summary>
    /// Moves the start up (DeleteRecords) and removes the segments wholly below it. The move is durable after the next
    /// <see cref="Checkpoint"/>. Only on the loop.
    /// </summary>
    public void MoveStart(long offset)
    {
        StartOffset = Math.Max(StartOffset, Math.Min(offset, HighWatermark));
        HasChangedSinceCheckpoint = true;
        DropSegmentsBelowStart();
        Changed();
    }

    /// <summary>Closes the active segment by age, and removes segments that are too old or too many. Only on the
    /// loop.</summary>
    /// <exception cref="StorageException">The disk refused.</exception>
    public void Retain(long nowMs)
    {
        var isExpired = Config.IsDeleted && Config.RetentionMs >= 0
            && Active.MaxTimestampMs < nowMs - Config.RetentionMs;
        if (Active.Size > 0 && (isExpired || nowMs - Active.FirstAppendedMs > Config.SegmentMs))
        {
            Roll();
        }
        if (!Config.IsDeleted)
        {
            return;
        }
        var keptBytes = SizeBytes;
        var start = StartOffset;
        for (var index = 0; index < segments.Count - 1; index++)
        {
            var segment = segments[index];
            var isTooOld = Config.RetentionMs >= 0 && segment.MaxTimestampMs < nowMs - Config.RetentionMs;
            var isTooMuch = Config.RetentionBytes >= 0 && keptBytes - segment.Size >= Config.RetentionBytes;
            if ((!isTooOld && !isTooMuch) || segments[index + 1].BaseOffset > LastStableOffset)
            {
                break;
            }
            keptBytes -= segment.Size;
            start = segments[index + 1].BaseOffset;
        }
        if (start > StartOffset)
        {
            MoveStart(start);
        }
    }

    private void DropSegmentsBelowStart()
    {
        while (segments.Count > 1 && segments[1].BaseOffset <= StartOffset && !isBeingCleaned)
        {
            var segment = segments[0];
            segments.RemoveAt(0);
            segment.Delete();
            hasUnsyncedDirectory = true;
        }
        Producers.Aborted.TrimBelow(StartOffset);
    }
}
