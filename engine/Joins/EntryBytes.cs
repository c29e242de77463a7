using System.Buffers.Binary;
using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Alloc.Engine.Joins;

/// <summary>Reads an entry's fields; nothing beyond its end.</summary>
internal ref struct EntryReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;
    private int at;

    public readonly bool IsAtEnd => at == bytes.Length;

    public byte Byte() => at < bytes.Length ? bytes[at++] : throw CutShort();

    public long Int64()
    {
        if (bytes.Length - at < sizeof(long))
        {
            throw CutShort();
        }
        var value = BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
        at += sizeof(long);
        return value;
    }

    /// <summary>A count or length, seven bits a byte.</summary>
    public int Count()
    {
        var value = Varint();
        return value <= (ulong)(int.MaxValue) ? (int)value : throw CutShort();
    }

    /// <summary>A signed difference, zigzag, seven bits a byte.</summary>
    public long Difference()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>Goes over bytes and tells where they begin.</summary>
    public int Skip(int length)
    {
        if (bytes.Length - at < length)
        {
            throw CutShort();
        }
        var start = at;
        at += length;
        return start;
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
        throw CutShort();
    }

    private static TaskCorruptedException CutShort() => new("An entry of a join is cut short or damaged.");
}

/// <summary>Writes what <see cref="EntryReader"/> reads.</summary>
internal static class EntryWriter
{
    public static void Int64(ByteBuffer output, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(sizeof(long)), value);
        output.Advance(sizeof(long));
    }

    public static void Count(ByteBuffer output, int value) => Varint(output, (ulong)value);

    public static void Difference(ByteBuffer output, long value) =>
        Varint(output, ((ulong)value << 1) ^ (ulong)(value >> 63));

    private static void Varint(ByteBuffer output, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            output.Append((byte)(value | 0x80));
        }
        output.Append((byte)value);
    }
}
