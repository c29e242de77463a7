using System.Buffers;
using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>
/// A growing buffer that serializers write to and that one thread uses again and again. Grows to what an array can be.
/// </summary>
/// <param name="capacity">Bytes that it begins with.</param>
internal sealed class ByteBuffer(int capacity = 256) : IBufferWriter<byte>
{
    private const int LeastFree = 16;
    private byte[] bytes = new byte[capacity];

    /// <summary>Bytes written since <see cref="Clear"/>.</summary>
    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, Length);

    /// <summary>The bytes where they lie; they move when the buffer grows.</summary>
    public (byte[] Bytes, int Length) Segment => (bytes, Length);

    public ReadOnlySpan<byte> Slice(int start, int length) => bytes.AsSpan(start, length);

    public void Clear() => Length = 0;

    public void Append(byte value)
    {
        GetSpan(1)[0] = value;
        Length++;
    }

    public void Append(ReadOnlySpan<byte> values)
    {
        values.CopyTo(GetSpan(values.Length));
        Length += values.Length;
    }

    /// <summary>Serializes one value to an array of its own.</summary>
    public byte[] Serialize<T>(ISerializer<T> serializer, T value)
    {
        Clear();
        serializer.Serialize(value, this);
        return Written.ToArray();
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(bytes.Length - Length), nameof(count));
        Length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return bytes.AsSpan(Length);
    }

    private void Reserve(int sizeHint)
    {
        var needed = checked(Length + Math.Max(sizeHint, LeastFree));
        if (needed > bytes.Length)
        {
            Array.Resize(ref bytes, (int)Math.Min(Array.MaxLength, Math.Max(needed, bytes.Length * 2L)));
        }
    }
}
