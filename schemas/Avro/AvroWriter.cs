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

    private byte[] _buffer;
    private int _position;

    public AvroWriter()
        : this(DefaultCapacity)
    {
    }

    /// <param name="capacity">Bytes to begin with.</param>
    public AvroWriter(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        _buffer = ArrayPool<byte>.Shared.Rent(capacity);
    }

    /// <summary>Number of bytes written since the writer was made or cleared.</summary>
    public int Length => _position;

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlySpan<byte> WrittenSpan => _buffer.AsSpan(0, _position);

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, _position);

    /// <summary>Forgets what was written and keeps the buffer.</summary>
    public void Clear() => _position = 0;

    /// <summary>Returns the buffer to the pool; the writer cannot be used any more.</summary>
    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
            _position = 0;
        }
    }

    public void WriteBoolean(bool value)
    {
        Ensure(1);
        _buffer[_position++] = value ? (byte)1 : (byte)0;
    }

    public void WriteInt(int value) => WriteLong(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteLong(long value)
    {
        var zigzag = (ulong)((value << 1) ^ (value >> 63));
        var position = _position;
        var buffer = _buffer;
        if (zigzag < 0x80 && (uint)position < (uint)buffer.Length)
        {
            buffer[position] = (byte)zigzag;
            _position = position + 1;
            return;
        }
        WriteVarint(zigzag);
    }

    public void WriteFloat(float value)
    {
        Ensure(sizeof(float));
        BinaryPrimitives.WriteSingleLittleEndian(_buffer.AsSpan(_position), value);
        _position += sizeof(float);
    }

    public void WriteDouble(double value)
    {
        Ensure(sizeof(double));
        BinaryPrimitives.WriteDoubleLittleEndian(_buffer.AsSpan(_position), value);
        _position += sizeof(double);
    }

    /// <exception cref="AvroException">The string has half a surrogate pair, which UTF-8 cannot express.</exception>
    public void WriteString(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        // At most 3 bytes a UTF-16 unit: up to 21 units the length always takes one byte, so one pass is enough.
        if (value.Length <= 21)
        {
            Ensure(64);
            var size = Encode(value, _buffer.AsSpan(_position + 1));
            _buffer[_position] = (byte)(size << 1);
            _position += size + 1;
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
        value.CopyTo(_buffer.AsSpan(_position));
        _position += value.Length;
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
        var start = _position;
        var size = Encode(value, _buffer.AsSpan(start + reserved));
        WriteLong(size);
        var gap = reserved - (_position - start);
        if (gap > 0)
        {
            _buffer.AsSpan(start + reserved, size).CopyTo(_buffer.AsSpan(_position));
        }
        _position += size;
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
        var buffer = _buffer;
        var position = _position;
        while (value >= 0x80)
        {
            buffer[position++] = (byte)(value | 0x80);
            value >>= 7;
        }
        buffer[position++] = (byte)value;
        _position = position;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Ensure(int size)
    {
        if (size > _buffer.Length - _position)
        {
            Grow(size);
        }
    }

    private void Grow(int size)
    {
        ObjectDisposedException.ThrowIf(_buffer.Length == 0, this);
        var wanted = Math.Max((long)_position + size, Math.Min(_buffer.Length * 2L, Array.MaxLength));
        var larger = ArrayPool<byte>.Shared.Rent(checked((int)wanted));
        WrittenSpan.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
