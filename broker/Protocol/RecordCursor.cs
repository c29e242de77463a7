namespace Alloc.Broker.Protocol;

/// <summary>Walks over the uncompressed records of a batch without copying anything. Trusts nothing: a length that does
/// not fit ends the walk with <see cref="IsCorrupt"/>.</summary>
internal ref struct RecordCursor(ReadOnlySpan<byte> records)
{
    private readonly ReadOnlySpan<byte> records = records;
    private int position;

    /// <summary>True once a record did not fit into the bytes.</summary>
    public bool IsCorrupt { get; private set; }

    /// <summary>Bytes after the last record that was read.</summary>
    public readonly int Remaining => records.Length - position;

    public int OffsetDelta { get; private set; }

    public long TimestampDelta { get; private set; }

    public bool IsKeyNull { get; private set; }

    public ReadOnlySpan<byte> Key { get; private set; }

    public bool IsValueNull { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>The headers' count and bytes, as stored.</summary>
    public ReadOnlySpan<byte> Headers { get; private set; }

    /// <summary>Moves to the next record; false at the end or at damage.</summary>
    public bool MoveNext()
    {
        if (position == records.Length)
        {
            return false;
        }
        if (!TryVarlong(out var size) || size < 0 || size > records.Length - position)
        {
            return Corrupt();
        }
        var end = position + (int)size;
        position++;
        if (size < 1 || !TryVarlong(out var timestampDelta) || !TryVarlong(out var offsetDelta)
            || !TryBytes(end, out var key, out var isKeyNull) || !TryBytes(end, out var value, out var isValueNull)
            || position >= end || offsetDelta is < 0 or > int.MaxValue)
        {
            return Corrupt();
        }
        TimestampDelta = timestampDelta;
        OffsetDelta = (int)offsetDelta;
        Key = key;
        IsKeyNull = isKeyNull;
        Value = value;
        IsValueNull = isValueNull;
        Headers = records[position..end];
        position = end;
        return true;
    }

    /// <summary>Whether the headers of the record are whole: a count, as many keys and values, and nothing
    /// after.</summary>
    public readonly bool HasWholeHeaders()
    {
        if (Headers is [0])
        {
            return true;
        }
        var inner = new RecordCursor(Headers);
        if (!inner.TryVarlong(out var count) || count < 0)
        {
            return false;
        }
        for (; count > 0; count--)
        {
            if (!inner.TryBytes(Headers.Length, out _, out var isKeyNull) || isKeyNull
                || !inner.TryBytes(Headers.Length, out _, out _))
            {
                return false;
            }
        }
        return inner.Remaining == 0;
    }

    private bool Corrupt()
    {
        IsCorrupt = true;
        return false;
    }

    private bool TryBytes(int end, out ReadOnlySpan<byte> bytes, out bool isNull)
    {
        bytes = default;
        isNull = false;
        if (!TryVarlong(out var length) || length < -1 || length > end - position)
        {
            return false;
        }
        isNull = length == -1;
        if (!isNull)
        {
            bytes = records.Slice(position, (int)length);
            position += (int)length;
        }
        return true;
    }

    private bool TryVarlong(out long value)
    {
        ulong bits = 0;
        for (var shift = 0; shift < 70 && position < records.Length; shift += 7)
        {
            var next = records[position++];
            bits |= (ulong)(next & 0x7F) << shift;
            if ((next & 0x80) == 0)
            {
                value = (long)(bits >> 1) ^ -(long)(bits & 1);
                return true;
            }
        }
        value = 0;
        return false;
    }
}
