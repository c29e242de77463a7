using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Alloc.Broker.Storage;

/// <summary>A place in a segment: the batch that starts at <paramref name="Position"/> has base offset
/// <paramref name="BaseOffset"/>; no batch before it has a timestamp over
/// <paramref name="MaxTimestampMsBefore"/>.</summary>
internal readonly record struct IndexEntry(long BaseOffset, long Position, long MaxTimestampMsBefore);

/// <summary>
/// One file of a partition's log: record batches as clients sent them, one after the other. A sparse index in memory
/// finds offsets and times.
/// </summary>
/// <remarks>
/// The file stays open while readers hold a lease, also when the segment was removed meanwhile. All members but
/// <see cref="Release"/> and <see cref="Read"/> belong to the loop.
/// </remarks>
internal sealed class Segment
{
    /// <summary>Bytes between two entries of the index.</summary>
    public const int IndexIntervalBytes = 4096;

    /// <summary>Extension of segment files.</summary>
    public const string Extension = ".log";

    private readonly SafeFileHandle file;
    private int leaseCount = 1;

    private Segment(string path, long baseOffset, SafeFileHandle file, long size)
    {
        Path = path;
        BaseOffset = baseOffset;
        this.file = file;
        Size = size;
    }

    public string Path { get; }

    /// <summary>Lowest offset that may be in this segment; the next segment's base offset ends it.</summary>
    public long BaseOffset { get; }

    /// <summary>Bytes of whole batches; the file ends here.</summary>
    public long Size { get; private set; }

    /// <summary>Highest timestamp of a batch, in milliseconds since 1970; -1 while empty.</summary>
    public long MaxTimestampMs { get; private set; } = -1;

    /// <summary>Base offset of the batch with the highest timestamp.</summary>
    public long OffsetOfMaxTimestamp { get; private set; } = -1;

    /// <summary>When the first batch was appended, by the broker's clock; -1 while empty. Of a compacted segment: of
    /// the last one that went into it.</summary>
    public long FirstAppendedMs { get; set; } = -1;

    public SafeFileHandle File => file;

    /// <summary>Places by rising offset.</summary>
    public List<IndexEntry> Index { get; private set; } = [];

    public static string NameOf(long baseOffset) =>
        baseOffset.ToString("D20", CultureInfo.InvariantCulture) + Extension;

    public static Segment Create(string directory, long baseOffset) =>
        CreateAt(System.IO.Path.Combine(directory, NameOf(baseOffset)), baseOffset);

    /// <summary>Makes a segment under another name than its own.</summary>
    public static Segment CreateAt(string path, long baseOffset)
    {
        var file = System.IO.File.OpenHandle(
            path, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        return new Segment(path, baseOffset, file, 0);
    }

    /// <summary>Opens a file; its contents are made known by <see cref="Note"/> or <see cref="Restore"/>.</summary>
    public static Segment Open(string path)
    {
        var baseOffset = long.Parse(System.IO.Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture);
        var file = System.IO.File.OpenHandle(
            path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        return new Segment(path, baseOffset, file, 0)
        {
            FirstAppendedMs = new DateTimeOffset(System.IO.File.GetLastWriteTimeUtc(path)).ToUnixTimeMilliseconds(),
        };
    }

    /// <summary>Bytes of the file, whole batches or not.</summary>
    public long FileLength => RandomAccess.GetLength(file);

    /// <summary>What is known now. Shares the index: encode it before the next append.</summary>
    public SegmentContents Contents => new(Size, FirstAppendedMs, MaxTimestampMs, OffsetOfMaxTimestamp, Index);

    /// <summary>Whether the file beside this full segment has its contents.</summary>
    public bool HasIndexFile { get; set; }

    /// <summary>Takes over what an earlier run knew.</summary>
    public void Restore(SegmentContents contents)
    {
        Size = contents.Size;
        Index = [.. contents.Index];
        FirstAppendedMs = contents.FirstAppendedMs;
        MaxTimestampMs = contents.MaxTimestampMs;
        OffsetOfMaxTimestamp = contents.OffsetOfMaxTimestamp;
    }

    /// <summary>Appends a batch.</summary>
    /// <exception cref="StorageException">Nothing was appended.</exception>
    public void Append(Disk disk, ReadOnlySpan<byte> batch, long baseOffset, long maxTimestampMs, long nowMs)
    {
        try
        {
            disk.Write(file, batch, Size);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            RandomAccess.SetLength(file, Size);
            throw new StorageException($"Writing to {Path} failed: {exception.Message}", exception);
        }
        FirstAppendedMs = Size == 0 ? nowMs : FirstAppendedMs;
        Note(baseOffset, batch.Length, maxTimestampMs);
    }

    /// <summary>Takes note of a batch that is in the file at <see cref="Size"/>.</summary>
    public void Note(long baseOffset, int size, long maxTimestampMs)
    {
        if (Index.Count == 0 || Size - Index[^1].Position >= IndexIntervalBytes)
        {
            Index.Add(new IndexEntry(baseOffset, Size, MaxTimestampMs));
        }
        if (maxTimestampMs > MaxTimestampMs)
        {
            MaxTimestampMs = maxTimestampMs;
            OffsetOfMaxTimestamp = baseOffset;
        }
        Size += size;
    }

    /// <summary>The last entry at or before an offset.</summary>
    public IndexEntry Floor(long offset)
    {
        int low = 0, high = Index.Count - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (Index[middle].BaseOffset <= offset)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }
        return Index.Count == 0 ? new IndexEntry(BaseOffset, 0, -1) : Index[low];
    }

    /// <summary>The last entry before which every timestamp is below <paramref name="timestampMs"/>.</summary>
    public IndexEntry FloorByTime(long timestampMs)
    {
        int low = 0, high = Index.Count - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (Index[middle].MaxTimestampMsBefore < timestampMs)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }
        return Index.Count == 0 ? new IndexEntry(BaseOffset, 0, -1) : Index[low];
    }

    /// <summary>Cuts the file.</summary>
    public void Truncate(long size)
    {
        RandomAccess.SetLength(file, size);
        Size = size;
    }

    /// <summary>Reads from the file; from any thread that holds a lease. Returns the bytes that were there.</summary>
    public int Read(Span<byte> target, long position)
    {
        var total = 0;
        while (total < target.Length)
        {
            var count = RandomAccess.Read(file, target[total..], position + total);
            if (count == 0)
            {
                break;
            }
            total += count;
        }
        return total;
    }

    /// <summary>Keeps the file open until <see cref="Release"/>.</summary>
    public void Lease() => Interlocked.Increment(ref leaseCount);

    /// <summary>Ends a lease, or the owner's hold.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref leaseCount) == 0)
        {
            file.Dispose();
        }
    }

    /// <summary>Removes the file; readers with a lease still finish.</summary>
    public void Delete()
    {
        System.IO.File.Delete(Path);
        System.IO.File.Delete(SegmentContents.PathFor(Path));
        Release();
    }
}
