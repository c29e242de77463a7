using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Alloc.Broker.Coordination;

/// <summary>
/// Builds one record of the coordinators' journal: big-endian integers, and strings and byte arrays behind an int32
/// length, −1 for null. One instance is reused for every record of its owner.
/// </summary>
internal sealed class RecordWriter
{
    private readonly ArrayBufferWriter<byte> buffer = new(256);

    /// <summary>What was written since <see cref="Start"/>; valid until the next call of it.</summary>
    public ReadOnlySpan<byte> Written => buffer.WrittenSpan;

    /// <summary>Drops what was written and opens a record of a kind.</summary>
    public RecordWriter Start(JournalRecordKind kind)
    {
        buffer.ResetWrittenCount();
        return Byte((byte)kind);
    }

    public RecordWriter Byte(byte value)
    {
        buffer.GetSpan(1)[0] = value;
        buffer.Advance(1);
        return this;
    }

    public RecordWriter Int16(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(buffer.GetSpan(2), value);
        buffer.Advance(2);
        return this;
    }

    public RecordWriter Int32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(buffer.GetSpan(4), value);
        buffer.Advance(4);
        return this;
    }

    public RecordWriter Int64(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(buffer.GetSpan(8), value);
        buffer.Advance(8);
        return this;
    }

    public RecordWriter String(string? value)
    {
        if (value is null)
        {
            return Int32(-1);
        }

        var size = Encoding.UTF8.GetByteCount(value);
        Int32(size);
        buffer.Advance(Encoding.UTF8.GetBytes(value, buffer.GetSpan(size)));
        return this;
    }

    public RecordWriter Bytes(ReadOnlySpan<byte> value)
    {
        Int32(value.Length);
        buffer.Write(value);
        return this;
    }
}
