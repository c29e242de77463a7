using System.Buffers;
using Alloc.Engine.Processing;

namespace Alloc.Engine.Runtime;

/// <summary>A growing byte buffer that serializers write to and that is used again for each record.</summary>
internal sealed class SerializationBuffer : IBufferWriter<byte>
{
    private byte[] bytes = new byte[4096];
    private int length;

    /// <summary>Serializes one value to an array of its own.</summary>
    public byte[] Serialize<T>(ISerializer<T> serializer, T value)
    {
        length = 0;
        serializer.Serialize(value, this);
        return bytes.AsSpan(0, length).ToArray();
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(bytes.Length - length), nameof(count));
        length += count;
    }

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
        var needed = Math.Max(sizeHint, 1);
        if (bytes.Length - length < needed)
        {
            Array.Resize(ref bytes, Math.Max(checked(length + needed), bytes.Length * 2));
        }
    }
}
