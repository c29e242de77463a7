using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace Alloc.Schemas.Avro;

/// <summary>
/// Reads Avro's binary encoding (specification 1.11) from a span. Every length is checked against what remains before
/// anything is allocated, nesting is bounded, and whatever is malformed fails with <see cref="AvroException"/>.
/// </summary>
public ref partial struct AvroReader
{
    /// <summary>How deep a recursive record may be nested.</summary>
    public const int MaximumDepth = 64;

    /// <summary>How many items that take no bytes (null, empty records) one message may have.</summary>
    public const int MaximumEmptyItemCount = 65_536;

    private readonly ReadOnlySpan<byte> bytes;
    private int position;
    private int depth;
    private int emptyItemCount;

    public AvroReader(ReadOnlySpan<byte> bytes)
    {
        this.bytes = bytes;
        position = 0;
    }

    /// <summary>Bytes read so far; may be set back to a position that was read before.</summary>
    public int Position
    {
        readonly get => position;
        internal set => position = value;
    }

    /// <summary>Bytes not yet read.</summary>
    public readonly int Remaining => bytes.Length - position;

    /// <summary>Fails unless everything was read.</summary>
    public readonly void EnsureEnd()
    {
        if (Remaining != 0)
        {
            throw new AvroException($"{Remaining} bytes are left after the end of the record.");
        }
    }

    /// <summary>Notes that a record that may hold itself begins.</summary>
    public void EnterRecord()
    {
        if (++depth > MaximumDepth)
        {
            throw new AvroException($"Nested deeper than {MaximumDepth} records.");
        }
    }

    /// <summary>Notes that a record begun with <see cref="EnterRecord"/> ends.</summary>
    public void ExitRecord() => depth--;

    public bool ReadBoolean()
    {
        var value = ReadByte();
        return value <= 1 ? value == 1 : throw new AvroException($"A boolean is 0 or 1, not {value}.");
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ReadInt()
    {
        var value = ReadLong();
        return (int)value == value ? (int)value : throw IntOutOfRange(value);
    }

    /// <summary>A variable-length zig-zag integer of at most 10 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long ReadLong()
    {
        var position = this.position;
        if ((uint)position < (uint)bytes.Length)
        {
            var first = bytes[position];
            if (first < 0x80)
            {
                this.position = position + 1;
                return (first >> 1) ^ -(first & 1);
            }
        }
        return ReadLongSlow();
    }

    public float ReadFloat() => BinaryPrimitives.ReadSingleLittleEndian(Take(sizeof(float)));

    public double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(Take(sizeof(double)));

    /// <summary>A string; its bytes must be UTF-8.</summary>
    public string ReadString()
    {
        var bytes = ReadLengthPrefixed();
        if (bytes.Length == 0)
        {
            return string.Empty;
        }
        // Ids and names are ASCII, which is a string by widening; anything else is checked first.
        if (Ascii.IsValid(bytes))
        {
            return Encoding.Latin1.GetString(bytes);
        }
        return Utf8.IsValid(bytes)
            ? Encoding.UTF8.GetString(bytes)
            : throw new AvroException("A string is not valid UTF-8.");
    }

    /// <summary>Bytes, copied out of the message.</summary>
    public ReadOnlyMemory<byte> ReadBytes() => ReadLengthPrefixed().ToArray();

    /// <summary>As many bytes as the fixed type has, copied out of the message.</summary>
    public ReadOnlyMemory<byte> ReadFixed(int size) => Take(size).ToArray();

    /// <summary>The index of an enum's symbol.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ReadEnum(int symbolCount)
    {
        var index = ReadLong();
        return (ulong)index < (ulong)symbolCount ? (int)index : throw IndexOutOfRange("An enum", index, symbolCount);
    }

    /// <summary>The index of a union's branch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ReadUnionIndex(int branchCount)
    {
        var index = ReadLong();
        return (ulong)index < (ulong)branchCount ? (int)index : throw IndexOutOfRange("A union", index, branchCount);
    }

    /// <summary>The branch of a union of null and one other type: whether it is null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool ReadIsNull(int nullIndex) => ReadUnionIndex(2) == nullIndex;

    /// <summary>
    /// The number of items of the next block of an array or map; 0 ends it. A count that cannot be true, given how many
    /// bytes remain, fails here, before anything is allocated.
    /// </summary>
    /// <param name="minimumItemSize">The fewest bytes that one item takes.</param>
    /// <param name="blockEnd">The position where the block says that it ends; −1 when it does not say.</param>
    public int ReadBlock(int minimumItemSize, out int blockEnd)
    {
        blockEnd = -1;
        var count = ReadLong();
        if (count == 0)
        {
            return 0;
        }
        if (count < 0)
        {
            var size = ReadLong();
            if (count == long.MinValue || size < 0 || size > Remaining)
            {
                throw new AvroException($"A block of {size} bytes, with {Remaining} left.");
            }
            count = -count;
            blockEnd = position + (int)size;
        }
        CheckCount(count, minimumItemSize);
        return (int)count;
    }

    /// <summary>Fails when the block did not end where it said.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void EndBlock(int blockEnd)
    {
        if (blockEnd >= 0 && blockEnd != position)
        {
            throw new AvroException("A block is not as long as it says.");
        }
    }

    /// <summary>A length and that many bytes, not copied.</summary>
    public ReadOnlySpan<byte> ReadLengthPrefixed()
    {
        var length = ReadLong();
        if ((ulong)length > (ulong)Remaining)
        {
            throw new AvroException($"A length of {length} bytes, with {Remaining} left.");
        }
        var bytes = this.bytes.Slice(position, (int)length);
        position += (int)length;
        return bytes;
    }

    /// <summary>The next bytes, not copied.</summary>
    internal ReadOnlySpan<byte> Take(int count)
    {
        if (count > Remaining)
        {
            throw TooShort();
        }
        var bytes = this.bytes.Slice(position, count);
        position += count;
        return bytes;
    }

    internal readonly ReadOnlySpan<byte> Slice(int start, int end) => bytes[start..end];

    private static AvroException TooShort() => new("The record ends too early.");

    private static AvroException IntOutOfRange(long value) => new($"{value} is not an int.");

    private static AvroException IndexOutOfRange(string what, long index, int count) =>
        new($"{what} of {count} has no index {index}.");

    private void CheckCount(long count, int minimumItemSize)
    {
        if (minimumItemSize > 0)
        {
            if (count > Remaining / minimumItemSize)
            {
                throw new AvroException(
                    $"{count} items of at least {minimumItemSize} bytes, with {Remaining} bytes left.");
            }
        }
        else if (count > MaximumEmptyItemCount - emptyItemCount)
        {
            throw new AvroException($"More than {MaximumEmptyItemCount} empty items.");
        }
        else
        {
            emptyItemCount += (int)count;
        }
    }

    private byte ReadByte() => position < bytes.Length ? bytes[position++] : throw TooShort();

    private long ReadLongSlow()
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (position >= this.bytes.Length)
            {
                throw TooShort();
            }
            var b = this.bytes[position++];
            if (shift == 63 && b > 1)
            {
                break;
            }
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
            {
                return (long)(value >> 1) ^ -(long)(value & 1);
            }
        }
        throw new AvroException("A number is longer than 10 bytes.");
    }
}
