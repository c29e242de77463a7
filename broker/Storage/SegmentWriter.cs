using Alloc.Broker.Compression;
using Alloc.Broker.Protocol;

namespace Alloc.Broker.Storage;

/// <summary>Writes a compacted segment from its first batch to its last.</summary>
internal sealed class SegmentWriter : IDisposable
{
    private const int FlushBytes = 1 << 20;
    private readonly Disk disk;
    private readonly Segment segment;
    private readonly KafkaWriter output = new(FlushBytes);
    private readonly KafkaWriter rebuilt = new(4096);
    private long written;

    /// <param name="disk">The disk.</param>
    /// <param name="path">Where the segment is written.</param>
    /// <param name="baseOffset">Its base offset.</param>
    /// <param name="firstAppendedMs">From when on its batches were appended, in milliseconds since 1970.</param>
    public SegmentWriter(Disk disk, string path, long baseOffset, long firstAppendedMs)
    {
        this.disk = disk;
        segment = Segment.CreateAt(path, baseOffset);
        segment.FirstAppendedMs = firstAppendedMs;
    }

    /// <summary>Records that <see cref="AddScratch"/> makes a batch of.</summary>
    public KafkaWriter Scratch { get; } = new(4096);

    /// <summary>Adds a batch as it is.</summary>
    public void Add(RecordBatch batch)
    {
        output.WriteRaw(batch.Bytes[..batch.Size]);
        segment.Note(batch.BaseOffset, batch.Size, batch.MaxTimestampMs);
        if (output.Length >= FlushBytes)
        {
            Flush();
        }
    }

    /// <summary>Adds a batch with the header of <paramref name="original"/> and the records in
    /// <see cref="Scratch"/>.</summary>
    public void AddScratch(RecordBatch original, int recordCount)
    {
        rebuilt.Clear();
        rebuilt.WriteRaw(original.Bytes[..RecordBatch.HeaderSize]);
        var codec = recordCount == 0 ? CompressionCodec.None : original.Compression;
        RecordCompression.Compress(TargetCompression.Of(codec), Scratch.WrittenSpan, rebuilt);
        var batch = new RecordBatch(rebuilt.WrittenSpan) { RecordCount = recordCount };
        batch.Attributes = RecordBatch.WithCompression(batch.Attributes, codec);
        if (recordCount == 0)
        {
            batch.Attributes = RecordBatch.WithoutTransaction(batch.Attributes);
        }
        batch.SetSize(rebuilt.Length);
        batch.Seal();
        Add(batch);
    }

    /// <summary>Brings the file to stable storage and says what is in it.</summary>
    public SegmentContents Finish()
    {
        Flush();
        disk.Sync(segment.File);
        return segment.Contents;
    }

    public void Dispose()
    {
        segment.Release();
        output.Dispose();
        rebuilt.Dispose();
        Scratch.Dispose();
    }

    private void Flush()
    {
        disk.Write(segment.File, output.Written.Span, written);
        written += output.Length;
        output.Clear();
    }
}
