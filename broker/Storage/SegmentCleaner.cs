using Alloc.Broker.Protocol;

namespace Alloc.Broker.Storage;

/// <summary>
/// Compacts full segments: of each key the last value stays, with its offset. Runs beside the loop on segments that no
/// longer change.
/// </summary>
/// <remarks>
/// All transactions in the inputs have ended. Records of aborted ones go; batches of committed ones stay and lose their
/// transactional mark, so that their end markers can go too; the index of aborted transactions is cut to match. Of each
/// producer the last batch and the last marker stay, if only as a header, because they carry its sequence and epoch.
/// <para>A batch that cannot be read whole stays as it is. Nobody knows which keys it has a value of, so every
/// tombstone after it stays too: dropped, it would bring back what it removed. Older values still go where a newer one
/// is read.</para>
/// </remarks>
internal sealed class SegmentCleaner(Disk disk, CleaningTask task) : IDisposable
{
    private readonly KafkaWriter opened = new(64 << 10);
    private readonly Dictionary<UInt128, long> lastOffsets = [];
    private readonly Dictionary<long, long> lastMarkers = [];
    private readonly Dictionary<long, List<AbortedTransaction>> aborted = task.Aborted
        .GroupBy(a => a.ProducerId).ToDictionary(g => g.Key, g => g.ToList());

    private long firstUnreadableOffset = long.MaxValue;

    /// <summary>Batches that stayed because they cannot be read.</summary>
    public int UnreadableBatchCount { get; private set; }

    /// <summary>Writes the replacements and decides on them.</summary>
    /// <exception cref="IOException">The disk refused; the log is as it was.</exception>
    public Cleaned Run(CancellationToken cancellationToken)
    {
        var directory = task.Log.Directory;
        try
        {
            var results = CleanAll(cancellationToken);
            var compacted = new CompactedTo(task.EndOffset, Math.Min(task.EndOffset, firstUnreadableOffset));
            SegmentSwap.Decide(disk, directory, compacted);
            return new Cleaned(results, compacted);
        }
        catch
        {
            if (Directory.Exists(directory))
            {
                SegmentSwap.Abandon(directory);
            }
            throw;
        }
    }

    public void Dispose() => opened.Dispose();

    private List<CleanedSegment> CleanAll(CancellationToken cancellationToken)
    {
        foreach (var segment in task.Inputs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            CollectKeys(segment);
        }
        var results = new List<CleanedSegment>();
        for (var first = 0; first < task.Inputs.Count;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var last = first;
            var size = task.Inputs[first].Size;
            while (last + 1 < task.Inputs.Count && size + task.Inputs[last + 1].Size <= task.SegmentBytes)
            {
                size += task.Inputs[++last].Size;
            }
            results.Add(Clean(task.Inputs.GetRange(first, last - first + 1)));
            first = last + 1;
        }
        return results;
    }

    private void CollectKeys(Segment segment)
    {
        using var scanner = new SegmentScanner(segment, 0, segment.Size);
        while (scanner.MoveNext())
        {
            var batch = scanner.Current;
            if (batch.IsControl)
            {
                lastMarkers[batch.ProducerId] = batch.BaseOffset;
            }
            else if (batch.LastOffset >= task.UniqueUpTo && !IsAborted(batch)
                && CompactedRecords.TryOpen(batch, opened, out var records))
            {
                var cursor = new RecordCursor(records);
                while (cursor.MoveNext())
                {
                    if (!cursor.IsKeyNull)
                    {
                        lastOffsets[CompactedRecords.HashOf(cursor.Key)] = batch.BaseOffset + cursor.OffsetDelta;
                    }
                }
            }
        }
        ThrowIfDamaged(segment, scanner);
    }

    private CleanedSegment Clean(List<Segment> group)
    {
        var baseOffset = group[0].BaseOffset;
        var directory = Path.GetDirectoryName(group[0].Path)!;
        var target = new SegmentWriter(disk, SegmentSwap.CleanedPath(directory, baseOffset), baseOffset,
            group.Max(segment => segment.FirstAppendedMs));
        try
        {
            foreach (var segment in group)
            {
                using var scanner = new SegmentScanner(segment, 0, segment.Size);
                while (scanner.MoveNext())
                {
                    var isVeryLast = segment == task.Inputs[^1]
                        && scanner.Position + scanner.Current.Size == segment.Size;
                    Clean(scanner.Current, segment.FirstAppendedMs, isVeryLast, target);
                }
                ThrowIfDamaged(segment, scanner);
            }
            var contents = target.Finish();
            var swap = SegmentSwap.Prepare(directory, baseOffset, group[^1].BaseOffset);
            return new CleanedSegment(baseOffset, group[^1].BaseOffset, swap, contents);
        }
        finally
        {
            target.Dispose();
        }
    }

    private void Clean(RecordBatch batch, long appendedFromMs, bool isVeryLast, SegmentWriter target)
    {
        if (batch.IsControl)
        {
            if (isVeryLast || lastMarkers.GetValueOrDefault(batch.ProducerId, -1) == batch.BaseOffset)
            {
                target.Add(batch);
            }
            return;
        }
        var mustStay = isVeryLast || task.LastBatchOffsets.GetValueOrDefault(batch.ProducerId, -1) == batch.BaseOffset;
        if (IsAborted(batch))
        {
            KeepHeader(batch, mustStay, target);
            return;
        }
        if (batch.IsTransactional)
        {
            batch.Attributes = RecordBatch.WithoutTransaction(batch.Attributes);
            batch.Seal();
        }
        if (!CompactedRecords.TryOpen(batch, opened, out var records))
        {
            UnreadableBatchCount++;
            firstUnreadableOffset = Math.Min(firstUnreadableOffset, batch.BaseOffset);
            target.Add(batch);
            return;
        }
        var dropsTombstones = UnreadableBatchCount == 0
            && Math.Max(batch.MaxTimestampMs, appendedFromMs) < task.DropTombstonesBeforeMs;
        var kept = Filter(batch, records, dropsTombstones, target.Scratch);
        if (kept == batch.RecordCount)
        {
            target.Add(batch);
        }
        else if (kept == 0)
        {
            KeepHeader(batch, mustStay, target);
        }
        else
        {
            target.AddScratch(batch, kept);
        }
    }

    private static void KeepHeader(RecordBatch batch, bool mustStay, SegmentWriter target)
    {
        if (mustStay)
        {
            target.Scratch.Clear();
            target.AddScratch(batch, 0);
        }
    }

    private int Filter(RecordBatch batch, ReadOnlySpan<byte> records, bool dropsTombstones, KafkaWriter kept)
    {
        kept.Clear();
        var count = 0;
        var cursor = new RecordCursor(records);
        while (cursor.MoveNext())
        {
            var offset = batch.BaseOffset + cursor.OffsetDelta;
            var isOld = cursor.IsKeyNull
                || (lastOffsets.TryGetValue(CompactedRecords.HashOf(cursor.Key), out var last) && last > offset);
            if (isOld || (cursor.IsValueNull && dropsTombstones))
            {
                continue;
            }
            RecordBatchBuilder.WriteRecord(
                kept, cursor.OffsetDelta, cursor.TimestampDelta, cursor.Key, isKeyNull: false,
                cursor.Value, cursor.IsValueNull, cursor.Headers);
            count++;
        }
        return count;
    }

    private bool IsAborted(in RecordBatch batch)
    {
        if (!batch.IsTransactional || !aborted.TryGetValue(batch.ProducerId, out var transactions))
        {
            return false;
        }
        foreach (var transaction in transactions)
        {
            if (transaction.FirstOffset <= batch.BaseOffset && batch.BaseOffset <= transaction.LastOffset)
            {
                return true;
            }
        }
        return false;
    }

    private static void ThrowIfDamaged(Segment segment, SegmentScanner scanner)
    {
        if (scanner.Damage is { } damage)
        {
            throw new IOException($"{segment.Path} is damaged at byte {scanner.Position}: {damage}");
        }
    }
}
