using Alloc.Broker.Protocol;

namespace Alloc.Broker.Storage;

/// <summary>What is known about the first <paramref name="Size"/> bytes of a segment.</summary>
/// <param name="Size">Bytes of whole batches.</param>
/// <param name="FirstAppendedMs">When the first batch was appended, by the broker's clock; -1 while empty.</param>
/// <param name="MaxTimestampMs">Highest timestamp, -1 while empty.</param>
/// <param name="OffsetOfMaxTimestamp">Base offset of the batch with the highest timestamp.</param>
/// <param name="Index">Places by rising offset.</param>
internal sealed record SegmentContents(
    long Size, long FirstAppendedMs, long MaxTimestampMs, long OffsetOfMaxTimestamp, IReadOnlyList<IndexEntry> Index)
{
    private const string Extension = ".idx";
    private const int Signature = 0x414C_4958;
    private const short FormatVersion = 1;

    /// <summary>Where a full segment's contents are kept.</summary>
    public static string PathFor(string segmentPath) => Path.ChangeExtension(segmentPath, Extension);

    public static SegmentContents Read(ref KafkaReader reader)
    {
        var (size, first, max, offsetOfMax) = (reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(),
            reader.ReadInt64());
        var index = new List<IndexEntry>(reader.ReadArrayLength(24));
        for (var left = index.Capacity; left > 0; left--)
        {
            index.Add(new IndexEntry(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64()));
        }
        return new SegmentContents(size, first, max, offsetOfMax, index);
    }

    public void Write(KafkaWriter writer)
    {
        writer.WriteInt64(Size);
        writer.WriteInt64(FirstAppendedMs);
        writer.WriteInt64(MaxTimestampMs);
        writer.WriteInt64(OffsetOfMaxTimestamp);
        writer.WriteInt32(Index.Count);
        foreach (var entry in Index)
        {
            writer.WriteInt64(entry.BaseOffset);
            writer.WriteInt64(entry.Position);
            writer.WriteInt64(entry.MaxTimestampMsBefore);
        }
    }

    /// <summary>Bytes of the file beside a full segment.</summary>
    public byte[] Encode()
    {
        using var writer = new KafkaWriter(Index.Count * 24 + 64);
        SealedBytes.Begin(writer, Signature, FormatVersion);
        Write(writer);
        return SealedBytes.End(writer);
    }

    /// <summary>Reads the file beside a full segment; null if it is absent, damaged or of another state of the
    /// segment.</summary>
    public static SegmentContents? Load(string segmentPath, long segmentSize)
    {
        var path = PathFor(segmentPath);
        if (!File.Exists(path) || !SealedBytes.TryOpen(File.ReadAllBytes(path), Signature, FormatVersion, out var body))
        {
            return null;
        }
        var reader = new KafkaReader(body, 0, isFlexible: false);
        var contents = Read(ref reader);
        return contents.Size == segmentSize ? contents : null;
    }
}
