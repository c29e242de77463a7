using System.Buffers;

namespace Alloc.Engine.State;

/// <summary>A growing buffer that one thread uses for one key or value at a time.</summary>
internal sealed class KeyBuffer : IBufferWriter<byte>
{
    private byte[] bytes = new byte[256];
    private int length;

    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, length);

    /// <summary>The bytes where they lie; they move when the buffer grows.</summary>
    public (byte[] Bytes, int Length) Segment => (bytes, length);

    public void Clear() => length = 0;

    public void Append(byte value)
    {
        GetSpan(1)[0] = value;
        length++;
    }

    public void Advance(int count) => length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return bytes.AsMemory(length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return bytes.AsSpan(length);
    }

    private void Reserve(int sizeHint)
    {
        var needed = length + Math.Max(sizeHint, 16);
        if (needed > bytes.Length)
        {
            Array.Resize(ref bytes, Math.Max(needed, bytes.Length * 2));
        }
    }
}
