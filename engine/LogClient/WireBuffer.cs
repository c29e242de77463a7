using System.Buffers.Binary;
using System.Text;

namespace Alloc.Engine.LogClient;

/// <summary>
/// Writes and reads the few types of Kafka's messages that the probes need. Flexible ones (KIP-482): numbers
/// big-endian, lengths as unsigned variable numbers, one more than they are, each structure ended by its tags. Older
/// ones: lengths in two bytes for texts, in four for arrays and bytes, −1 for none, and no tags.
/// </summary>
internal sealed class WireBuffer
{
    private readonly byte[] source;
    private readonly List<byte> written = [];
    private int position;

    /// <summary>To write.</summary>
    public WireBuffer()
        : this([])
    {
    }

    /// <summary>To read.</summary>
    public WireBuffer(byte[] source) => this.source = source;

    /// <summary>What was written.</summary>
    public byte[] Written => [.. written];

    public WireBuffer Int16(short value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(short)];
        BinaryPrimitives.WriteInt16BigEndian(bytes, value);
        return Raw(bytes);
    }

    public WireBuffer Int32(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return Raw(bytes);
    }

    public WireBuffer Int64(long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return Raw(bytes);
    }

    /// <summary>The length of an array.</summary>
    public WireBuffer Count(int count)
    {
        var left = (uint)count + 1;
        for (; left >= 0x80; left >>= 7)
        {
            written.Add((byte)(left | 0x80));
        }
        written.Add((byte)left);
        return this;
    }

    public WireBuffer Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Count(bytes.Length).Raw(bytes);
    }

    /// <summary>A text as headers have it: its length in two bytes.</summary>
    public WireBuffer OldText(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Int16((short)bytes.Length).Raw(bytes);
    }

    /// <summary>The length of an array as older messages have it.</summary>
    public WireBuffer OldCount(int count) => Int32(count);

    /// <summary>A byte of 0 or 1.</summary>
    public WireBuffer Flag(bool value) => Raw([value ? (byte)1 : (byte)0]);

    /// <summary>No tags.</summary>
    public WireBuffer Tags() => Count(-1);

    public short ReadInt16() => BinaryPrimitives.ReadInt16BigEndian(Take(sizeof(short)));

    public int ReadInt32() => BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int)));

    public long ReadInt64() => BinaryPrimitives.ReadInt64BigEndian(Take(sizeof(long)));

    /// <summary>The length of an array; 0 for none.</summary>
    public int ReadCount()
    {
        var count = Math.Max(0, (int)ReadNumber() - 1);
        // Every entry takes at least a byte.
        return count <= source.Length - position
            ? count
            : throw new InvalidDataException("The answer has fewer bytes than it says.");
    }

    /// <summary>A text; null where there is none.</summary>
    public string? ReadText()
    {
        var length = (int)ReadNumber();
        return length == 0 ? null : Encoding.UTF8.GetString(Take(length - 1));
    }

    /// <summary>The length of an array of an older message; 0 for none.</summary>
    public int ReadOldCount()
    {
        var count = Math.Max(0, ReadInt32());
        return count <= source.Length - position
            ? count
            : throw new InvalidDataException("The answer has fewer bytes than it says.");
    }

    /// <summary>A text of an older message; null where there is none.</summary>
    public string? ReadOldText()
    {
        var length = ReadInt16();
        return length < 0 ? null : Encoding.UTF8.GetString(Take(length));
    }

    /// <summary>Bytes of an older message; empty where there are none.</summary>
    public byte[] ReadOldBytes() => Take(Math.Max(0, ReadInt32())).ToArray();

    /// <summary>Passes over so many bytes.</summary>
    public void Skip(int length) => Take(length);

    /// <summary>Passes over tags.</summary>
    public void SkipTags()
    {
        for (var count = ReadNumber(); count > 0; count--)
        {
            ReadNumber();
            Take((int)ReadNumber());
        }
    }

    private WireBuffer Raw(ReadOnlySpan<byte> bytes)
    {
        written.AddRange(bytes);
        return this;
    }

    private uint ReadNumber()
    {
        uint number = 0;
        for (var shift = 0; shift < 32; shift += 7)
        {
            var next = Take(1)[0];
            number |= (uint)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return number;
            }
        }
        throw new InvalidDataException("The answer has a number that is too long.");
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length < 0 || length > source.Length - position)
        {
            throw new InvalidDataException("The answer ends too early.");
        }
        var taken = source.AsSpan(position, length);
        position += length;
        return taken;
    }
}
