using System.Buffers.Binary;
using System.Text;

namespace Alloc.Broker.Protocol;

/// <summary>
/// Reads one request frame in Kafka's encoding. It knows the request's version and whether that version is flexible
/// (KIP-482), so the order of calls is the wire layout.
/// </summary>
/// <remarks>
/// Every length is checked against what remains of the frame before anything is allocated or sliced; a violation is a
/// <see cref="ProtocolException"/>. Memory returned by <see cref="ReadBytes"/> and <see cref="ReadNullableBytes"/> is a
/// slice of the frame and is only valid until the request is answered: copy what must live longer.
/// </remarks>
internal ref struct KafkaReader
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, true);
    private readonly ReadOnlyMemory<byte> frame;
    private readonly ReadOnlySpan<byte> span;
    private int position;

    public KafkaReader(ReadOnlyMemory<byte> frame, short version, bool isFlexible)
    {
        this.frame = frame;
        span = frame.Span;
        Version = version;
        IsFlexible = isFlexible;
    }

    /// <summary>Version of the request that is being read.</summary>
    public short Version { get; }

    /// <summary>True where strings, bytes and arrays are compact and structures end in tagged fields.</summary>
    public bool IsFlexible { get; }

    /// <summary>Bytes that are left.</summary>
    public readonly int Remaining => span.Length - position;

    /// <summary>Bytes that were read.</summary>
    public readonly int Position => position;

    public bool ReadBoolean() => Take(1)[0] != 0;

    public sbyte ReadInt8() => (sbyte)Take(1)[0];

    public short ReadInt16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    public int ReadInt32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public long ReadInt64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    /// <summary>Reads a varint of at most five bytes.</summary>
    public uint ReadUnsignedVarint()
    {
        uint value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var next = Take(1)[0];
            if (shift == 28 && next > 0x0F)
            {
                break;
            }
            value |= (uint)(next & 0x7F) << shift;
            if ((next & 0x80) == 0)
            {
                return value;
            }
        }
        throw new ProtocolException("a varint is longer than 32 bits");
    }

    public string ReadString() => ReadNullableString() ?? throw new ProtocolException("a string is null");

    public string? ReadNullableString()
    {
        var length = IsFlexible ? CompactLength() : ReadInt16();
        return length < 0 ? NullOnly(length) : Decode(length);
    }

    /// <summary>Reads a string in the old form whatever the version: request headers carry the client id like
    /// this.</summary>
    public string? ReadHeaderString()
    {
        var length = (int)ReadInt16();
        return length < 0 ? NullOnly(length) : Decode(length);
    }

    /// <summary>Reads a byte field that may not be null; a slice of the frame.</summary>
    public ReadOnlyMemory<byte> ReadBytes() => ReadNullableBytes() ?? throw new ProtocolException("bytes are null");

    /// <summary>Reads a byte field; a slice of the frame.</summary>
    public ReadOnlyMemory<byte>? ReadNullableBytes()
    {
        var length = IsFlexible ? CompactLength() : ReadInt32();
        if (length < 0)
        {
            NullOnly(length);
            return null;
        }
        var start = position;
        Take(length);
        return frame.Slice(start, length);
    }

    /// <summary>
    /// Reads an array's count. The count times <paramref name="minimumElementSize"/> bytes must be there, so that a
    /// lying count cannot make anybody allocate.
    /// </summary>
    public int ReadArrayLength(int minimumElementSize = 1)
    {
        var count = ReadNullableArrayLength(minimumElementSize);
        return count >= 0 ? count : throw new ProtocolException("an array is null");
    }

    /// <summary>Like <see cref="ReadArrayLength"/>; -1 stands for null.</summary>
    public int ReadNullableArrayLength(int minimumElementSize = 1)
    {
        var count = IsFlexible ? CompactLength() : ReadInt32();
        if (count < 0)
        {
            NullOnly(count);
            return -1;
        }
        return (long)count * minimumElementSize <= Remaining
            ? count
            : throw new ProtocolException($"an array claims {count} elements, more than the frame can hold");
    }

    public string[] ReadStringArray() => ReadNullableStringArray() ?? throw new ProtocolException("an array is null");

    public string[]? ReadNullableStringArray()
    {
        var count = ReadNullableArrayLength(IsFlexible ? 1 : 2);
        if (count < 0)
        {
            return null;
        }
        var strings = new string[count];
        for (var index = 0; index < count; index++)
        {
            strings[index] = ReadString();
        }
        return strings;
    }

    public int[] ReadInt32Array()
    {
        var numbers = new int[ReadArrayLength(sizeof(int))];
        for (var index = 0; index < numbers.Length; index++)
        {
            numbers[index] = ReadInt32();
        }
        return numbers;
    }

    public long[] ReadInt64Array()
    {
        var numbers = new long[ReadArrayLength(sizeof(long))];
        for (var index = 0; index < numbers.Length; index++)
        {
            numbers[index] = ReadInt64();
        }
        return numbers;
    }

    /// <summary>Skips the tagged fields that end a structure; nothing where the version is not flexible.</summary>
    public void SkipTags()
    {
        if (!IsFlexible)
        {
            return;
        }
        var count = ReadUnsignedVarint();
        if (count > Remaining)
        {
            throw new ProtocolException("more tagged fields than the frame can hold");
        }
        for (; count > 0; count--)
        {
            ReadUnsignedVarint();
            var size = ReadUnsignedVarint();
            Take(size <= int.MaxValue ? (int)size : int.MaxValue);
        }
    }

    private static string? NullOnly(int length) =>
        length == -1 ? null : throw new ProtocolException($"a length is {length}");

    private int CompactLength()
    {
        var value = ReadUnsignedVarint();
        return value <= int.MaxValue ? (int)value - 1 : throw new ProtocolException("a length is over 2 GiB");
    }

    private string Decode(int length)
    {
        try
        {
            return StrictUtf8.GetString(Take(length));
        }
        catch (DecoderFallbackException)
        {
            throw new ProtocolException("a string is not UTF-8");
        }
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > Remaining)
        {
            throw new ProtocolException($"{count} bytes are wanted where {Remaining} remain");
        }
        var slice = span.Slice(position, count);
        position += count;
        return slice;
    }
}
