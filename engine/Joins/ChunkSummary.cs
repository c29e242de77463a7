using Alloc.Engine.State;

namespace Alloc.Engine.Joins;

/// <summary>The sides that a chunk has records of.</summary>
[Flags]
internal enum ChunkSides : byte
{
    None = 0,
    Left = 1,
    Right = 2,
}

/// <summary>
/// What an entry says of a chunk of its key's records: enough to know whether it need be read.
/// </summary>
internal struct ChunkSummary
{
    // Beside the sides, in one byte: which of the times there are.
    private const byte HasLeftDue = 4;
    private const byte HasRightDue = 8;
    private const byte HasSpent = 16;

    public int Number;

    /// <summary>0 for a chunk of records; a chunk of a higher level has chunks of lower ones.</summary>
    public int Level;
    public ChunkSides Sides;
    public long FirstTimestampMs;
    public long LastTimestampMs;
    public JoinDues Dues;

    /// <summary>The latest due time of all its records.</summary>
    public long LastDueMs;

    /// <summary>
    /// When the first chunk of records in it, or it itself, is spent: none of its records is to leave, and nobody meets
    /// them once both sides are known beyond this. <see cref="long.MaxValue"/> while none will be.
    /// </summary>
    public long FirstSpentMs;

    public readonly bool HasSide(bool isRight) => (Sides & (isRight ? ChunkSides.Right : ChunkSides.Left)) != 0;

    public static ChunkSummary Read(ref EntryReader reader)
    {
        var summary = new ChunkSummary { Number = reader.Count(), Level = reader.Byte() };
        var flags = reader.Byte();
        summary.Sides = (ChunkSides)flags & (ChunkSides.Left | ChunkSides.Right);
        summary.FirstTimestampMs = reader.Int64();
        summary.LastTimestampMs = summary.FirstTimestampMs + reader.Difference();
        summary.LastDueMs = summary.LastTimestampMs + reader.Difference();
        summary.Dues = new JoinDues(
            Time(ref reader, flags, HasLeftDue, summary.LastDueMs),
            Time(ref reader, flags, HasRightDue, summary.LastDueMs));
        summary.FirstSpentMs = Time(ref reader, flags, HasSpent, summary.LastDueMs);
        return summary;
    }

    public readonly void Write(ByteBuffer output)
    {
        EntryWriter.Count(output, Number);
        output.Append((byte)Level);
        output.Append((byte)((byte)Sides
            | (Dues.LeftMs == long.MaxValue ? 0 : HasLeftDue)
            | (Dues.RightMs == long.MaxValue ? 0 : HasRightDue)
            | (FirstSpentMs == long.MaxValue ? 0 : HasSpent)));
        EntryWriter.Int64(output, FirstTimestampMs);
        EntryWriter.Difference(output, LastTimestampMs - FirstTimestampMs);
        EntryWriter.Difference(output, LastDueMs - LastTimestampMs);
        WriteTime(output, Dues.LeftMs);
        WriteTime(output, Dues.RightMs);
        WriteTime(output, FirstSpentMs);
    }

    private static long Time(ref EntryReader reader, byte flags, byte flag, long lastDueMs) =>
        (flags & flag) == 0 ? long.MaxValue : lastDueMs + reader.Difference();

    private readonly void WriteTime(ByteBuffer output, long timeMs)
    {
        if (timeMs != long.MaxValue)
        {
            EntryWriter.Difference(output, timeMs - LastDueMs);
        }
    }
}
