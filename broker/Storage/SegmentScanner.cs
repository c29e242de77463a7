using System.Buffers;
using Alloc.Broker.Protocol;

namespace Alloc.Broker.Storage;

/// <summary>Reads a segment's batches one after the other through a large pooled buffer: recovery, replay,
/// cleaning.</summary>
internal sealed class SegmentScanner : IDisposable
{
    private const int InitialBufferSize = 1 << 20;
    private readonly Segment segment;
    private readonly long end;
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(InitialBufferSize);
    private long bufferStart;
    private int bufferLength;
    private int currentSize;

    /// <param name="segment">What to read; the caller keeps it open.</param>
    /// <param name="from">Position of a batch.</param>
    /// <param name="end">Position before which batches end.</param>
    public SegmentScanner(Segment segment, long from, long end)
    {
        this.segment = segment;
        this.end = end;
        Position = from;
    }

    /// <summary>Where <see cref="Current"/> starts; after the last batch, where reading stopped.</summary>
    public long Position { get; private set; }

    /// <summary>The batch at <see cref="Position"/>, to be changed at will; valid until the next move.</summary>
    public RecordBatch Current => new(buffer.AsSpan((int)(Position - bufferStart), currentSize));

    /// <summary>Why the bytes at <see cref="Position"/> are no whole batch; null at a clean end.</summary>
    public string? Damage { get; private set; }

    /// <summary>Moves to the next batch whose frame is whole; does not verify its checksum.</summary>
    public bool MoveNext()
    {
        Position += currentSize;
        currentSize = 0;
        if (Position == end)
        {
            return false;
        }
        if (!Fill(RecordBatch.HeaderSize))
        {
            Damage = "the file ends inside a batch's header";
            return false;
        }
        var header = new RecordBatch(buffer.AsSpan((int)(Position - bufferStart), RecordBatch.HeaderSize));
        if (header.Magic != 2 || header.Size < RecordBatch.HeaderSize)
        {
            Damage = "there is no record batch here";
            return false;
        }
        var size = header.Size;
        if (size > end - Position)
        {
            Damage = "the file ends inside a batch";
            return false;
        }
        if (!Fill(size))
        {
            Damage = "the file is shorter than it was";
            return false;
        }
        currentSize = size;
        return true;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }

    private bool Fill(int count)
    {
        var start = (int)(Position - bufferStart);
        if (Position >= bufferStart && start + count <= bufferLength)
        {
            return true;
        }
        if (count > end - Position)
        {
            return false;
        }
        if (count > buffer.Length)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = ArrayPool<byte>.Shared.Rent(count);
        }
        bufferStart = Position;
        bufferLength = segment.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - Position)), Position);
        return bufferLength >= count;
    }
}
