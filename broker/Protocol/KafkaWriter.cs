using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Alloc.Broker.Protocol;

/// <summary>
/// Writes answers in Kafka's encoding into one growing pooled buffer. <see cref="Begin"/> sets the version and whether
/// it is flexible (KIP-482); after that the order of calls is the wire layout.
/// </summary>
internal sealed class KafkaWriter : IDisposable
{
    private byte[] buffer;
    private int position;

    public KafkaWriter(int initialCapacity = 512) => buffer = ArrayPool<byte>.Shared.Rent(initialCapacity);

    /// <summary>Version of the answer that is being written.</summary>
    public short Version { get; private set; }

    /// <summary>True where strings, bytes and arrays are compact and structures end in tagged fields.</summary>
    public bool IsFlexible { get; private set; }

    /// <summary>Bytes written so far.</summary>
    public int Length => position;

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlyMemory<byte> Written => buffer.AsMemory(0, position);

    /// <summary>What was written, to be changed in place; valid until the next write.</summary>
    public Span<byte> WrittenSpan => buffer.AsSpan(0, position);

    /// <summary>Sets how what follows is encoded.</summary>
    public void Begin(short version, bool isFlexible)
    {
        Version = version;
        IsFlexible = isFlexible;
    }

    /// <summary>Forgets what was written and keeps the buffer, unless that has grown over 1 MiB.</summary>
    public void Clear()
    {
        position = 0;
        if (buffer.Length > 1 << 20)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = ArrayPool<byte>.Shared.Rent(4096);
        }
    }

    /// <summary>Takes back everything after the first <paramref name="length"/> bytes.</summary>
    public void Truncate(int length) => position = Math.Min(position, length);

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        position = 0;
    }

    public void WriteBoolean(bool value) => GetSpan(1)[0] = value ? (byte)1 : (byte)0;

    public void WriteInt8(sbyte value) => GetSpan(1)[0] = (byte)value;

    public void WriteInt16(short value) => BinaryPrimitives.WriteInt16BigEndian(GetSpan(2), value);

    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32BigEndian(GetSpan(4), value);

    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64BigEndian(GetSpan(8), value);

    public void WriteError(ErrorCode error) => WriteInt16((short)error);

    public void WriteUnsignedVarint(uint value)
    {
        while (value >= 0x80)
        {
            GetSpan(1)[0] = (byte)(value | 0x80);
            value >>= 7;
        }
        GetSpan(1)[0] = (byte)value;
    }

    /// <summary>Writes a zigzag varint as records use it.</summary>
    public void WriteVarint(int value) => WriteUnsignedVarint((uint)((value << 1) ^ (value >> 31)));

    /// <summary>Writes a zigzag varlong as records use it.</summary>
    public void WriteVarlong(long value)
    {
        var bits = (ulong)((value << 1) ^ (value >> 63));
        while (bits >= 0x80)
        {
            GetSpan(1)[0] = (byte)(bits | 0x80);
            bits >>= 7;
        }
        GetSpan(1)[0] = (byte)bits;
    }

    public void WriteString(string value)
    {
        var size = Encoding.UTF8.GetByteCount(value);
        if (IsFlexible)
        {
            WriteUnsignedVarint((uint)size + 1);
        }
        else
        {
            WriteInt16(checked((short)size));
        }
        Encoding.UTF8.GetBytes(value, GetSpan(size));
    }

    public void WriteNullableString(string? value)
    {
        if (value is not null)
        {
            WriteString(value);
        }
        else if (IsFlexible)
        {
            WriteUnsignedVarint(0);
        }
        else
        {
            WriteInt16(-1);
        }
    }

    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteBytesLength(value.Length);
        WriteRaw(value);
    }

    /// <summary>Writes the length that stands before a byte field; -1 stands for null.</summary>
    public void WriteBytesLength(int length)
    {
        if (IsFlexible)
        {
            WriteUnsignedVarint((uint)(length + 1));
        }
        else
        {
            WriteInt32(length);
        }
    }

    /// <summary>Writes an array's count; -1 stands for null.</summary>
    public void WriteArrayLength(int count) => WriteBytesLength(count);

    public void WriteStringArray(IReadOnlyCollection<string> values)
    {
        WriteArrayLength(values.Count);
        foreach (var value in values)
        {
            WriteString(value);
        }
    }

    public void WriteInt32Array(IReadOnlyCollection<int> values)
    {
        WriteArrayLength(values.Count);
        foreach (var value in values)
        {
            WriteInt32(value);
        }
    }

    /// <summary>Ends a structure: an empty list of tagged fields where the version is flexible, else nothing.</summary>
    public void WriteTags()
    {
        if (IsFlexible)
        {
            WriteUnsignedVarint(0);
        }
    }

    public void WriteRaw(ReadOnlySpan<byte> value) => value.CopyTo(GetSpan(value.Length));

    /// <summary>Takes the next <paramref name="count"/> bytes of the buffer, for the caller to fill at once.</summary>
    public Span<byte> GetSpan(int count)
    {
        if (buffer.Length - position < count)
        {
            Grow(count);
        }
        var span = buffer.AsSpan(position, count);
        position += count;
        return span;
    }

    private void Grow(int count)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(position + count), buffer.Length * 2));
        buffer.AsSpan(0, position).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
