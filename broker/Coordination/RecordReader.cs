using System.Buffers.Binary;
using System.Text;

namespace Alloc.Broker.Coordination;

/// <summary>
/// Reads what <see cref="RecordWriter"/> wrote. A length is checked against what remains before it is used.
/// </summary>
internal ref struct RecordReader(ReadOnlySpan<byte> record)
{
    private ReadOnlySpan<byte> rest = record;

    public byte Byte() => Take(1)[0];

    public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    public string? NullableString()
    {
        var size = Int32();
        return size < 0 ? null : Encoding.UTF8.GetString(Take(size));
    }

    public string String() => NullableString() ?? throw new JournalDamagedException("a name is null");

    public byte[] Bytes() => Take(Int32()).ToArray();

    /// <summary>A count of elements of at least one byte each.</summary>
    public int Count()
    {
        var count = Int32();
        return count >= 0 && count <= rest.Length
            ? count
            : throw new JournalDamagedException($"a count of {count} where {rest.Length} bytes remain");
    }

    private ReadOnlySpan<byte> Take(int size)
    {
        if (size < 0 || size > rest.Length)
        {
            throw new JournalDamagedException($"a field of {size} bytes where {rest.Length} remain");
        }

        var taken = rest[..size];
        rest = rest[size..];
        return taken;
    }
}
