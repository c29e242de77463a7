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

/// <summary>When something of an entry is due; <see cref="long.MaxValue"/> for never.</summary>
/// <param name="LeftMs">The first left record that found no match, where the left side is outer.</param>
/// <param name="RightMs">The same of the right side.</param>
internal readonly record struct JoinDues(long LeftMs, long RightMs)
{
    public static JoinDues None { get; } = new(long.MaxValue, long.MaxValue);
}

/// <summary>
/// The records of one key in memory, while one of them is worked on. A head has them all while they are few; then it
/// parts with them in chunks, and with chunks in chunks of the next level, so that a hot key is not written whole for
/// each record, nor what is said of its chunks.
/// </summary>
/// <remarks>
/// Format: version; number of chunks and their summaries; the next chunk's number; then records to the end. A head may
/// have both; a chunk of level 0 has records alone, one of a higher level chunks of lower levels alone.
/// </remarks>
internal sealed class JoinEntry
{
    public const byte FormatVersion = 2;

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
            throw new TaskCorruptedException(
                $"An entry of a join has the unknown format {bytes[0]}; this version reads {FormatVersion}. Run the "
                + "version that wrote it, or give the join another name.");
        }
        for (var left = reader.Count(); left > 0; left--)
        {
            chunks.Add(ChunkSummary.Read(ref reader));
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
            chunk.Write(output);
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
        chunk.records.AddRange(records);
        chunks.Add(chunk.Summarize(NextChunk, level: 0, leftIsOuter, rightIsOuter));
        records.Clear();
        ValueBytes = 0;
        return NextChunk++;
    }

    /// <summary>
    /// Gives the last chunks away to one of a level, where there are so many of the level below: levels go down from
    /// the first to the last.
    /// </summary>
    /// <returns>The chunk's number; null when there are not so many.</returns>
    public int? GatherTo(JoinEntry chunk, int level, int count, bool leftIsOuter, bool rightIsOuter)
    {
        var first = chunks.Count - count;
        if (first < 0 || chunks[first].Level != level - 1 || chunks[^1].Level != level - 1)
        {
            return null;
        }
        chunk.Clear();
        chunk.chunks.AddRange(chunks.GetRange(first, count));
        chunks.RemoveRange(first, count);
        chunks.Add(chunk.Summarize(NextChunk, level, leftIsOuter, rightIsOuter));
        return NextChunk++;
    }

    /// <summary>What is said of it where it is a chunk.</summary>
    public ChunkSummary Summarize(int number, int level, bool leftIsOuter, bool rightIsOuter)
    {
        var (dues, lastDueMs) = (Dues(leftIsOuter, rightIsOuter), LastDueMs());
        var summary = new ChunkSummary
        {
            Number = number,
            Level = level,
            FirstTimestampMs = long.MaxValue,
            LastTimestampMs = long.MinValue,
            Dues = dues,
            LastDueMs = lastDueMs,
            FirstSpentMs = records.Count > 0 && dues == JoinDues.None ? lastDueMs : long.MaxValue,
        };
        foreach (ref readonly var record in Records)
        {
            summary.Sides |= record.IsRight ? ChunkSides.Right : ChunkSides.Left;
            summary.FirstTimestampMs = Math.Min(summary.FirstTimestampMs, record.TimestampMs);
            summary.LastTimestampMs = Math.Max(summary.LastTimestampMs, record.TimestampMs);
        }
        foreach (ref readonly var chunk in Chunks)
        {
            summary.Sides |= chunk.Sides;
            summary.FirstTimestampMs = Math.Min(summary.FirstTimestampMs, chunk.FirstTimestampMs);
            summary.LastTimestampMs = Math.Max(summary.LastTimestampMs, chunk.LastTimestampMs);
            summary.FirstSpentMs = Math.Min(summary.FirstSpentMs, chunk.FirstSpentMs);
        }
        return summary;
    }

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
