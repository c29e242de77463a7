using System.IO.Compression;
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

    public SegmentWriter(Disk disk, string path, long baseOffset)
    {
        this.disk = disk;
        segment = Segment.CreateAt(path, baseOffset);
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
        if (original.Compression == CompressionCodec.Gzip && recordCount > 0)
        {
            using var target = new MemoryStream();
            using (var gzip = new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true))
            {
                gzip.Write(Scratch.Written.Span);
            }
            rebuilt.WriteRaw(target.GetBuffer().AsSpan(0, (int)target.Length));
        }
        else
        {
            rebuilt.WriteRaw(Scratch.Written.Span);
        }
        var batch = new RecordBatch(rebuilt.WrittenSpan) { RecordCount = recordCount };
        if (recordCount == 0)
        {
            batch.Attributes = RecordBatch.WithoutTransaction(RecordBatch.WithoutCompression(batch.Attributes));
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
