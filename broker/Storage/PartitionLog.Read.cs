using Alloc.Broker.Protocol;

namespace Alloc.Broker.Storage;

/// <summary>
/// A piece of a segment that a reader was promised: whole batches from <paramref name="Position"/> on, none at or after
/// <paramref name="End"/>. It holds a lease on the segment; who takes it calls <see cref="Segment.Release"/>.
/// </summary>
internal readonly record struct LogSlice(Segment Segment, long Position, long End)
{
    /// <summary>Bytes of the slice.</summary>
    public long Size => End - Position;
}

internal sealed partial class PartitionLog
{
    private const int ScanBytes = Segment.IndexIntervalBytes + RecordBatch.HeaderSize;
    private (long Offset, Segment Segment, long Position) lastStablePlace;

    /// <summary>End of what a reader sees.</summary>
    public long UpperBound(bool isReadCommitted) => isReadCommitted ? LastStableOffset : HighWatermark;

    /// <summary>
    /// Finds what a reader at <paramref name="offset"/> gets from one segment; null when nothing is there yet. The
    /// slice is not leased.
    /// </summary>
    public LogSlice? Find(long offset, bool isReadCommitted)
    {
        var upperBound = UpperBound(isReadCommitted);
        if (offset >= upperBound)
        {
            return null;
        }
        for (var index = FloorSegment(offset); index < segments.Count; index++)
        {
            var segment = segments[index];
            var position = index == segments.Count - 1 && offset >= HighWatermark
                ? segment.Size
                : Locate(segment, offset);
            if (position >= segment.Size)
            {
                continue;
            }
            var isBounded = upperBound < HighWatermark && upperBound >= segment.BaseOffset
                && (index == segments.Count - 1 || upperBound < segments[index + 1].BaseOffset);
            var end = isBounded ? LocateStable(segment, upperBound) : segment.Size;
            return end > position && (isBounded || upperBound > segment.BaseOffset)
                ? new LogSlice(segment, position, end)
                : null;
        }
        return null;
    }

    /// <summary>Bytes that a reader at <paramref name="offset"/> could get, counted up to
    /// <paramref name="limit"/>.</summary>
    public long CountBytes(long offset, bool isReadCommitted, long limit)
    {
        if (Find(offset, isReadCommitted) is not { } slice)
        {
            return 0;
        }
        var total = slice.Size;
        var upperBound = UpperBound(isReadCommitted);
        for (var index = FloorSegment(slice.Segment.BaseOffset) + 1; index < segments.Count && total < limit; index++)
        {
            if (segments[index].BaseOffset >= upperBound)
            {
                break;
            }
            total += segments[index].Size;
        }
        return total;
    }

    /// <summary>
    /// The first record with a timestamp of at least <paramref name="timestampMs"/>; of a batch that cannot be read,
    /// the first offset. Null when there is none below <paramref name="upperBound"/>.
    /// </summary>
    public (long Offset, long TimestampMs)? FindByTime(long timestampMs, long upperBound)
    {
        foreach (var segment in segments)
        {
            if (segment.MaxTimestampMs < timestampMs || segment.Size == 0)
            {
                continue;
            }
            using var scanner = new SegmentScanner(segment, segment.FloorByTime(timestampMs).Position, segment.Size);
            while (scanner.MoveNext())
            {
                var batch = scanner.Current;
                if (batch.BaseOffset >= upperBound)
                {
                    return null;
                }
                if (batch.MaxTimestampMs >= timestampMs && batch.LastOffset >= StartOffset
                    && RecordTimes.First(batch, timestampMs, StartOffset) is { } found)
                {
                    return found;
                }
            }
        }
        return null;
    }

    /// <summary>The record with the highest timestamp (KIP-734), or null where the log is empty.</summary>
    public (long Offset, long TimestampMs)? FindMaxTimestamp()
    {
        Segment? best = null;
        foreach (var segment in segments)
        {
            if (segment.Size > 0 && segment.MaxTimestampMs > (best?.MaxTimestampMs ?? -1))
            {
                best = segment;
            }
        }
        if (best is null)
        {
            return null;
        }
        using var scanner = new SegmentScanner(best, best.Floor(best.OffsetOfMaxTimestamp).Position, best.Size);
        while (scanner.MoveNext())
        {
            if (scanner.Current.MaxTimestampMs == best.MaxTimestampMs)
            {
                return RecordTimes.First(scanner.Current, best.MaxTimestampMs, StartOffset)
                    ?? (scanner.Current.LastOffset, best.MaxTimestampMs);
            }
        }
        return null;
    }

    private int FloorSegment(long offset)
    {
        int low = 0, high = segments.Count - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (segments[middle].BaseOffset <= offset)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }
        return low;
    }

    private long LocateStable(Segment segment, long offset)
    {
        if (lastStablePlace.Offset != offset || lastStablePlace.Segment != segment)
        {
            lastStablePlace = (offset, segment, Locate(segment, offset));
        }
        return lastStablePlace.Position;
    }

    /// <summary>Position of the first batch that ends at or after <paramref name="offset"/>; the segment's size if none
    /// does.</summary>
    private static long Locate(Segment segment, long offset)
    {
        var entry = segment.Floor(offset);
        if (entry.BaseOffset == offset || segment.Size == 0)
        {
            return entry.Position;
        }
        Span<byte> window = stackalloc byte[ScanBytes];
        var position = entry.Position;
        var windowStart = position;
        var windowLength = 0;
        while (position < segment.Size)
        {
            if (position - windowStart + RecordBatch.HeaderSize > windowLength)
            {
                windowStart = position;
                windowLength = segment.Read(window[..(int)Math.Min(ScanBytes, segment.Size - position)], position);
                if (windowLength < RecordBatch.HeaderSize)
                {
                    throw new StorageException($"{segment.Path} is shorter than it was");
                }
            }
            var header = new RecordBatch(window[(int)(position - windowStart)..]);
            if (header.LastOffset >= offset)
            {
                return position;
            }
            position += header.Size;
        }
        return segment.Size;
    }
}
