using Alloc.Broker.Protocol;

namespace Alloc.Broker.Storage;

internal sealed partial class PartitionLog
{
    /// <summary>Bytes before the checkpoint whose checksums are verified at a start, newest first.</summary>
    private const long VerifiedBytes = 32 << 20;

    /// <summary>Makes an empty partition.</summary>
    /// <exception cref="StorageException">The disk refused.</exception>
    public static PartitionLog Create(
        StorageContext context, TopicConfig config, string topic, int partition, string directory)
    {
        System.IO.Directory.CreateDirectory(directory);
        var log = new PartitionLog(context, config, topic, partition, directory);
        log.Roll();
        return log;
    }

    /// <summary>
    /// Opens a partition and recovers what the last run left: takes over the checkpoint, reads on from there, and cuts
    /// an unfinished write at the end.
    /// </summary>
    /// <exception cref="BrokerStartException">The log is damaged where no crash can have done it.</exception>
    public static PartitionLog Open(
        StorageContext context, TopicConfig config, string topic, int partition, string directory, RecoveryMode mode)
    {
        System.IO.Directory.CreateDirectory(directory);
        var compacted = SegmentSwap.Finish(directory);
        var log = new PartitionLog(context, config, topic, partition, directory)
        {
            CleanedUpTo = compacted.EndOffset,
            UniqueUpTo = compacted.UniqueUpTo,
        };
        var files = System.IO.Directory.GetFiles(directory, "*" + Segment.Extension);
        Array.Sort(files, StringComparer.Ordinal);
        foreach (var file in files)
        {
            log.segments.Add(Segment.Open(file));
        }
        var checkpoint = CheckpointFile.Read(directory);
        if (files.Length == 0)
        {
            log.OpenEmpty(checkpoint);
            return log;
        }
        log.StartOffset = log.segments[0].BaseOffset;
        log.HighWatermark = log.StartOffset;
        if (checkpoint is not null)
        {
            log.Restore(checkpoint);
        }
        for (var index = 0; index < log.segments.Count; index++)
        {
            log.RecoverSegment(index, checkpoint, mode);
        }
        log.StartOffset = Math.Max(log.StartOffset, log.segments[0].BaseOffset);
        log.HighWatermark = Math.Max(log.HighWatermark, log.StartOffset);
        log.Producers.Aborted.TrimBelow(Math.Max(log.StartOffset, log.CleanedUpTo));
        log.HasChangedSinceCheckpoint = checkpoint is null || log.BytesSinceCheckpoint > 0;
        return log;
    }

    /// <summary>Closes the log for good: readers and writers find it gone.</summary>
    public void MarkDeleted()
    {
        IsDeleted = true;
        Changed();
        Dispose();
    }

    private void OpenEmpty(CheckpointFile? checkpoint)
    {
        if (checkpoint is { HighWatermark: > 0 })
        {
            throw new BrokerStartException($"{Directory} has no segments where {Topic}-{Partition} reached offset "
                + $"{checkpoint.HighWatermark}. Restore them from a backup, or move the topic's folder away to start "
                + "without that topic.");
        }
        Roll();
    }

    private void Restore(CheckpointFile checkpoint)
    {
        StartOffset = Math.Max(StartOffset, checkpoint.StartOffset);
        foreach (var producer in checkpoint.Producers)
        {
            Producers.Restore(producer);
        }
        foreach (var entry in checkpoint.Aborted)
        {
            Producers.Aborted.Add(entry);
        }
    }

    private void RecoverSegment(int index, CheckpointFile? checkpoint, RecoveryMode mode)
    {
        var segment = segments[index];
        if (checkpoint is null || segment.BaseOffset > checkpoint.SegmentBaseOffset)
        {
            Scan(index, from: 0, knowsProducers: true, mode);
        }
        else if (segment.BaseOffset < checkpoint.SegmentBaseOffset)
        {
            RecoverFullSegment(index, mode);
        }
        else
        {
            if (segment.FileLength < checkpoint.Contents.Size)
            {
                throw Damaged(
                    segment, segment.FileLength, $"{checkpoint.Contents.Size} bytes of it were on stable storage");
            }
            segment.Restore(checkpoint.Contents);
            HighWatermark = checkpoint.HighWatermark;
            Verify(segment);
            Scan(index, from: checkpoint.Contents.Size, knowsProducers: true, mode);
        }
    }

    /// <summary>A segment before the checkpoint: its contents are beside it, its producers in the checkpoint.</summary>
    private void RecoverFullSegment(int index, RecoveryMode mode)
    {
        var segment = segments[index];
        if (SegmentContents.Load(segment.Path, segment.FileLength) is not { } contents)
        {
            Scan(index, from: 0, knowsProducers: false, mode);
            return;
        }
        segment.Restore(contents);
        segment.HasIndexFile = true;
        HighWatermark = Math.Max(HighWatermark, segment.BaseOffset);
        if (index == segments.Count - 2)
        {
            Verify(segment);
        }
    }

    private void Scan(int index, long from, bool knowsProducers, RecoveryMode mode)
    {
        var segment = segments[index];
        var length = segment.FileLength;
        HighWatermark = Math.Max(HighWatermark, segment.BaseOffset);
        using var scanner = new SegmentScanner(segment, from, length);
        string? damage = null;
        while (damage is null && scanner.MoveNext())
        {
            var batch = scanner.Current;
            damage = !batch.HasValidChecksum ? "a batch's checksum is wrong"
                : batch.BaseOffset < HighWatermark
                    ? $"a batch of offset {batch.BaseOffset} comes after {HighWatermark - 1}"
                    : null;
            if (damage is null)
            {
                NoteRecovered(segment, batch, knowsProducers);
            }
        }
        damage ??= scanner.Damage;
        if (damage is null)
        {
            return;
        }
        var position = scanner.Position;
        var mayHaveHoles = mode == RecoveryMode.NewBoot && knowsProducers;
        if (!mayHaveHoles
            && (index < segments.Count - 1 || HasBatchAfter(segment, position, length, HighWatermark)))
        {
            throw Damaged(segment, position, $"{damage}, and good records follow");
        }
        Log.TornTailCut(context.Logger, segment.Path, position, length - position, damage);
        segment.Truncate(position);
        MarkUnsynced(segment);
        foreach (var later in segments.Skip(index + 1))
        {
            Log.TornTailCut(context.Logger, later.Path, 0, later.FileLength, "an earlier segment lost its end");
            later.Delete();
        }
        segments.RemoveRange(index + 1, segments.Count - index - 1);
    }

    /// <summary>Checks the newest batches before the checkpoint, which no crash can have touched.</summary>
    private static void Verify(Segment segment)
    {
        var from = segment.Index.FirstOrDefault(e => segment.Size - e.Position <= VerifiedBytes).Position;
        using var scanner = new SegmentScanner(segment, segment.Index.Count == 0 ? segment.Size : from, segment.Size);
        while (scanner.MoveNext())
        {
            if (!scanner.Current.HasValidChecksum)
            {
                throw Damaged(segment, scanner.Position, "a batch's checksum is wrong");
            }
        }
        if (scanner.Damage is { } damage)
        {
            throw Damaged(segment, scanner.Position, damage);
        }
    }

    private static BrokerStartException Damaged(Segment segment, long position, string damage) =>
        new($"{segment.Path} is damaged at byte {position}: {damage}. The broker does not start, because going on "
            + "would lose "
            + "records in silence. Restore the file from a backup, or move the topic's folder away to start without "
            + "that topic.");

    private void NoteRecovered(Segment segment, RecordBatch batch, bool knowsProducers)
    {
        segment.Note(batch.BaseOffset, batch.Size, batch.MaxTimestampMs);
        HighWatermark = batch.LastOffset + 1;
        if (!knowsProducers)
        {
            return;
        }
        BytesSinceCheckpoint += batch.Size;
        if (!batch.IsControl)
        {
            Producers.Appended(batch, context.Loop.NowMs);
        }
        else if (EndMarker.Read(batch) is { } marker)
        {
            Producers.AppendedMarker(batch.ProducerId, batch.ProducerEpoch, marker.CoordinatorEpoch, marker.IsCommit,
                batch.BaseOffset, context.Loop.NowMs);
        }
    }

    /// <summary>Whether a whole batch of a later offset starts somewhere behind a place: then the place is no torn
    /// tail.</summary>
    private static bool HasBatchAfter(Segment segment, long position, long length, long nextOffset)
    {
        const int chunkSize = 1 << 20;
        var chunk = new byte[chunkSize];
        for (var start = position + 1; start + RecordBatch.HeaderSize <= length;
            start += chunkSize - RecordBatch.HeaderSize)
        {
            var count = segment.Read(chunk.AsSpan(0, (int)Math.Min(chunkSize, length - start)), start);
            for (var index = 0; index + RecordBatch.HeaderSize <= count; index++)
            {
                var header = new RecordBatch(chunk.AsSpan(index, RecordBatch.HeaderSize));
                if (header.Magic != 2 || header.BaseOffset < nextOffset || header.Size < RecordBatch.HeaderSize
                    || header.Size > length - start - index || header.LastOffsetDelta < 0)
                {
                    continue;
                }
                using var scanner = new SegmentScanner(segment, start + index, length);
                if (scanner.MoveNext() && scanner.Current.HasValidChecksum)
                {
                    return true;
                }
            }
        }
        return false;
    }
}
