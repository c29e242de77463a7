using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Alloc.Engine.Joins;

/// <summary>A record that waits in a join, with its value where it lies in the entry that was read.</summary>
internal struct BufferedRecord
{
    public RecordFlags Flags;
    public long TimestampMs;

    /// <summary>The last timestamp of the other side that it takes.</summary>
    public long EndMs;

    /// <summary>It is given up when what it claims is known beyond this.</summary>
    public long DueMs;
    public byte[] Source;
    public int Start;
    public int Length;

    public readonly bool IsRight => (Flags & RecordFlags.Right) != 0;

    public readonly bool IsMatched => (Flags & RecordFlags.Matched) != 0;

    public readonly ReadOnlySpan<byte> Value => Source.AsSpan(Start, Length);
}

[Flags]
internal enum RecordFlags : byte
{
    None = 0,
    Right = 1,
    Matched = 2,
    Truncated = 4,
}

/// <summary>What the head of a key says of a chunk of its records.</summary>
internal struct ChunkSummary
{
    public int Number;
    public long FirstTimestampMs;
    public long LastTimestampMs;
    public JoinDues Dues;

    /// <summary>The latest due time of all its records.</summary>
    public long LastDueMs;
}

/// <summary>When something of an entry is due; <see cref="long.MaxValue"/> for never.</summary>
/// <param name="LeftMs">The first left record that found no match, where the left side is outer.</param>
/// <param name="RightMs">The same of the right side.</param>
internal readonly record struct JoinDues(long LeftMs, long RightMs)
{
    public static JoinDues None { get; } = new(long.MaxValue, long.MaxValue);
}

/// <summary>
/// The records of one key in memory, while one of them is worked on. A head has them all while they are few; then it
/// parts with them in chunks, so that a hot key is not written whole for each record.
/// </summary>
/// <remarks>
/// Format: version; number of chunks and their summaries; the next chunk's number; then records to the end. A chunk has
/// no chunks.
/// </remarks>
internal sealed class JoinEntry
{
    public const byte FormatVersion = 1;

    private readonly List<BufferedRecord> records = [];
    private readonly List<ChunkSummary> chunks = [];

    /// <summary>Records by timestamp; those of one time as they came.</summary>
    public Span<BufferedRecord> Records => CollectionsMarshal.AsSpan(records);

    public Span<ChunkSummary> Chunks => CollectionsMarshal.AsSpan(chunks);

    public bool IsEmpty => records.Count == 0 && chunks.Count == 0;

    public int NextChunk { get; private set; }

    /// <summary>Bytes of the records' values.</summary>
    public int ValueBytes { get; private set; }

    public void Clear()
    {
        records.Clear();
        chunks.Clear();
        NextChunk = 0;
        ValueBytes = 0;
    }

    /// <summary>Reads an entry; values stay where they lie.</summary>
    /// <exception cref="TaskCorruptedException">The bytes are no entry.</exception>
    public void Read(byte[] bytes)
    {
        Clear();
        var reader = new EntryReader(bytes);
        if (reader.Byte() != FormatVersion)
        {
            throw new TaskCorruptedException($"An entry of a join has the unknown format {bytes[0]}.");
        }
        for (var left = reader.Count(); left > 0; left--)
        {
            chunks.Add(new ChunkSummary
            {
                Number = reader.Count(),
                FirstTimestampMs = reader.Int64(),
                LastTimestampMs = reader.Int64(),
                Dues = new JoinDues(reader.Int64(), reader.Int64()),
                LastDueMs = reader.Int64(),
            });
        }
        NextChunk = reader.Count();
        while (!reader.IsAtEnd)
        {
            var record = new BufferedRecord { Flags = (RecordFlags)reader.Byte(), TimestampMs = reader.Int64() };
            record.EndMs = record.TimestampMs + reader.Difference();
            record.DueMs = record.EndMs + reader.Difference();
            record.Length = reader.Count();
            record.Source = bytes;
            record.Start = reader.Skip(record.Length);
            records.Add(record);
            ValueBytes += record.Length;
        }
    }

    public void Write(ByteBuffer output)
    {
        output.Append(FormatVersion);
        EntryWriter.Count(output, chunks.Count);
        foreach (ref readonly var chunk in Chunks)
        {
            EntryWriter.Count(output, chunk.Number);
            EntryWriter.Int64(output, chunk.FirstTimestampMs);
            EntryWriter.Int64(output, chunk.LastTimestampMs);
            EntryWriter.Int64(output, chunk.Dues.LeftMs);
            EntryWriter.Int64(output, chunk.Dues.RightMs);
            EntryWriter.Int64(output, chunk.LastDueMs);
        }
        EntryWriter.Count(output, NextChunk);
        foreach (ref readonly var record in Records)
        {
            output.Append((byte)record.Flags);
            EntryWriter.Int64(output, record.TimestampMs);
            EntryWriter.Difference(output, record.EndMs - record.TimestampMs);
            EntryWriter.Difference(output, record.DueMs - record.EndMs);
            EntryWriter.Count(output, record.Length);
            record.Value.CopyTo(output.GetSpan(record.Length));
            output.Advance(record.Length);
        }
    }

    public void Add(in BufferedRecord record)
    {
        var index = records.Count;
        while (index > 0 && records[index - 1].TimestampMs > record.TimestampMs)
        {
            index--;
        }
        records.Insert(index, record);
        ValueBytes += record.Length;
    }

    public void RemoveRecord(int index)
    {
        ValueBytes -= records[index].Length;
        records.RemoveAt(index);
    }

    public void RemoveChunk(int index) => chunks.RemoveAt(index);

    /// <summary>Gives all records away to a chunk, which the entry keeps a summary of.</summary>
    /// <returns>The chunk's number.</returns>
    public int MoveTo(JoinEntry chunk, bool leftIsOuter, bool rightIsOuter)
    {
        chunk.Clear();
        foreach (ref readonly var record in Records)
        {
            chunk.records.Add(record);
        }
        chunks.Add(chunk.Summarize(NextChunk, leftIsOuter, rightIsOuter));
        records.Clear();
        ValueBytes = 0;
        return NextChunk++;
    }

    public ChunkSummary Summarize(int number, bool leftIsOuter, bool rightIsOuter) => new()
    {
        Number = number,
        FirstTimestampMs = records[0].TimestampMs,
        LastTimestampMs = records[^1].TimestampMs,
        Dues = Dues(leftIsOuter, rightIsOuter),
        LastDueMs = LastDueMs(),
    };

    /// <summary>When its first records are due that found no match, those of its chunks included.</summary>
    public JoinDues Dues(bool leftIsOuter, bool rightIsOuter)
    {
        var (left, right) = (long.MaxValue, long.MaxValue);
        foreach (ref readonly var record in Records)
        {
            if (record.IsMatched)
            {
                continue;
            }
            if (record.IsRight && rightIsOuter)
            {
                right = Math.Min(right, record.DueMs);
            }
            else if (!record.IsRight && leftIsOuter)
            {
                left = Math.Min(left, record.DueMs);
            }
        }
        foreach (ref readonly var chunk in Chunks)
        {
            left = Math.Min(left, chunk.Dues.LeftMs);
            right = Math.Min(right, chunk.Dues.RightMs);
        }
        return new JoinDues(left, right);
    }

    /// <summary>When its last record is due; the least there is when it has none.</summary>
    public long LastDueMs()
    {
        var last = long.MinValue;
        foreach (ref readonly var record in Records)
        {
            last = Math.Max(last, record.DueMs);
        }
        foreach (ref readonly var chunk in Chunks)
        {
            last = Math.Max(last, chunk.LastDueMs);
        }
        return last;
    }
}

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
