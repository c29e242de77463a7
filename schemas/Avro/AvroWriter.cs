using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text.Unicode;

namespace Alloc.Schemas.Avro;

/// <summary>
/// Writes Avro's binary encoding (specification 1.11) into a buffer that grows and comes from a pool. Not thread-safe;
/// made to be kept and cleared between records.
/// </summary>
public sealed partial class AvroWriter : IDisposable
{
    private const int MaximumVarintSize = 10;
    private const int DefaultCapacity = 512;

    private byte[] buffer;
    private int position;

    public AvroWriter()
        : this(DefaultCapacity)
    {
    }

    /// <param name="capacity">Bytes to begin with.</param>
    public AvroWriter(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        buffer = ArrayPool<byte>.Shared.Rent(capacity);
    }

    /// <summary>Number of bytes written since the writer was made or cleared.</summary>
    public int Length => position;

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlySpan<byte> WrittenSpan => buffer.AsSpan(0, position);

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => buffer.AsMemory(0, position);

    /// <summary>Forgets what was written and keeps the buffer.</summary>
    public void Clear() => position = 0;

    /// <summary>Returns the buffer to the pool; the writer cannot be used any more.</summary>
    public void Dispose()
    {
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = [];
            position = 0;
        }
    }

    public void WriteBoolean(bool value)
    {
        Ensure(1);
        buffer[position++] = value ? (byte)1 : (byte)0;
    }

    public void WriteInt(int value) => WriteLong(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteLong(long value)
    {
        var zigzag = (ulong)((value << 1) ^ (value >> 63));
        var position = this.position;
        var buffer = this.buffer;
        if (zigzag < 0x80 && (uint)position < (uint)buffer.Length)
        {
            buffer[position] = (byte)zigzag;
            this.position = position + 1;
            return;
        }
        WriteVarint(zigzag);
    }

    public void WriteFloat(float value)
    {
        Ensure(sizeof(float));
        BinaryPrimitives.WriteSingleLittleEndian(buffer.AsSpan(position), value);
        position += sizeof(float);
    }

    public void WriteDouble(double value)
    {
        Ensure(sizeof(double));
        BinaryPrimitives.WriteDoubleLittleEndian(buffer.AsSpan(position), value);
        position += sizeof(double);
    }

    /// <exception cref="AvroException">The string has half a surrogate pair, which UTF-8 cannot express.</exception>
    public void WriteString(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        // At most 3 bytes a UTF-16 unit: up to 21 units the length always takes one byte, so one pass is enough.
        if (value.Length <= 21)
        {
            Ensure(64);
            var size = Encode(value, buffer.AsSpan(position + 1));
            buffer[position] = (byte)(size << 1);
            position += size + 1;
            return;
        }
        WriteLongString(value);
    }

    /// <summary>A string that is UTF-8 already.</summary>
    public void WriteString(ReadOnlySpan<byte> utf8) => WriteBytes(utf8);

    public void WriteBytes(ReadOnlyMemory<byte> value) => WriteBytes(value.Span);

    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteLong(value.Length);
        WriteRaw(value);
    }

    /// <exception cref="AvroException">The value does not have that size.</exception>
    public void WriteFixed(ReadOnlyMemory<byte> value, int size)
    {
        if (value.Length != size)
        {
            throw new AvroException($"A fixed value has {size} bytes, not {value.Length}.");
        }
        WriteRaw(value.Span);
    }

    /// <exception cref="AvroException">The enum has no symbol of that index.</exception>
    public void WriteEnum(int index, int symbolCount)
    {
        if ((uint)index >= (uint)symbolCount)
        {
            throw new AvroException($"An enum of {symbolCount} has no index {index}.");
        }
        WriteLong(index);
    }

    /// <summary>Bytes as they are.</summary>
    public void WriteRaw(ReadOnlySpan<byte> value)
    {
        Ensure(value.Length);
        value.CopyTo(buffer.AsSpan(position));
        position += value.Length;
    }

    private static int Encode(string value, Span<byte> target)
    {
        var status = Utf8.FromUtf16(value, target, out _, out var written, replaceInvalidSequences: false);
        return status == OperationStatus.Done
            ? written
            : throw new AvroException("A string has half a surrogate pair, which UTF-8 cannot express.");
    }

    private void WriteLongString(string value)
    {
        // The length is known only after encoding: leave room for the longest it may take, and close the gap.
        var reserved = VarintSize((ulong)value.Length * 3 << 1);
        Ensure(reserved + (value.Length * 3));
        var start = position;
        var size = Encode(value, buffer.AsSpan(start + reserved));
        WriteLong(size);
        var gap = reserved - (position - start);
        if (gap > 0)
        {
            buffer.AsSpan(start + reserved, size).CopyTo(buffer.AsSpan(position));
        }
        position += size;
    }

    private static int VarintSize(ulong value)
    {
        var size = 1;
        while ((value >>= 7) != 0)
        {
            size++;
        }
        return size;
    }

    private void WriteVarint(ulong value)
    {
        Ensure(MaximumVarintSize);
        var buffer = this.buffer;
        var position = this.position;
        while (value >= 0x80)
        {
            buffer[position++] = (byte)(value | 0x80);
            value >>= 7;
        }
        buffer[position++] = (byte)value;
        this.position = position;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Ensure(int size)
    {
        if (size > buffer.Length - position)
        {
            Grow(size);
        }
    }

    private void Grow(int size)
    {
        ObjectDisposedException.ThrowIf(buffer.Length == 0, this);
        var wanted = Math.Max((long)position + size, Math.Min(buffer.Length * 2L, Array.MaxLength));
        var larger = ArrayPool<byte>.Shared.Rent(checked((int)wanted));
        WrittenSpan.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
