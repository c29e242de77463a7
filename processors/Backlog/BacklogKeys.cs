using System.Buffers;
using Alloc.Engine.Processing;
using Alloc.Processors.Keys;
using Alloc.Schemas.Backlog;
using static Alloc.Processors.Keys.OrderedKeys;

namespace Alloc.Processors.Backlog;

/// <summary>Work in a stage.</summary>
/// <param name="WorkId">The work.</param>
/// <param name="StageId">The stage.</param>
public readonly record struct ItemKey(string WorkId, string StageId);

/// <summary>A waiting item in its stage's order of entry.</summary>
/// <param name="StageId">The stage.</param>
/// <param name="EnteredAtMs">When it entered.</param>
/// <param name="WorkId">The work.</param>
public readonly record struct EntryKey(string StageId, long EnteredAtMs, string WorkId);

/// <summary>A cell of a stage's holds: how late they expire, and how late their items entered.</summary>
/// <param name="StageId">The stage.</param>
/// <param name="ExpirySlot">The slot of time in which they expire.</param>
/// <param name="EntrySlot">The slot of time in which their items entered.</param>
public readonly record struct CellKey(string StageId, long ExpirySlot, long EntrySlot);

/// <summary>A hold of a waiting item, in its cell in the order of expiry.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="ExpiresAtMs">When it expires.</param>
/// <param name="WorkId">The work.</param>
/// <param name="PoolId">Its pool.</param>
/// <param name="ReservationId">The hold.</param>
public readonly record struct RiskKey(
    CellKey Cell, long ExpiresAtMs, string WorkId, string PoolId, string ReservationId);

/// <summary>What is counted of a stage.</summary>
/// <param name="StageId">The stage.</param>
/// <param name="Kind">What it is by.</param>
/// <param name="Name">The pool, or the stage that items came from; empty for entries.</param>
/// <param name="Second">Entries: the second, since 1970 UTC; else 0.</param>
/// <param name="SlaMs">Entries: the SLA that they entered under; else 0.</param>
public readonly record struct CountKey(string StageId, StageChangeKind Kind, string Name, long Second, long SlaMs);

/// <summary>What a partition said of a stage.</summary>
/// <param name="StageId">The stage.</param>
/// <param name="Partition">The partition.</param>
public readonly record struct WordKey(string StageId, int Partition);

/// <summary>
/// Keys of the backlog's stores as bytes that order as the keys do: texts with a zero byte after them (ids have no
/// control characters), numbers big-endian with the sign bit turned.
/// </summary>
internal static class BacklogKeys
{
    private const byte EndOfText = 0;

    public static ISerde<ItemKey> Item { get; } = new KeySerde<ItemKey>(
        (key, output) =>
        {
            WriteText(key.WorkId, output);
            WriteText(key.StageId, output);
        },
        (ref reader) => new ItemKey(reader.Text(), reader.Text()));

    public static ISerde<EntryKey> Entry { get; } = new KeySerde<EntryKey>(
        (key, output) =>
        {
            WriteText(key.StageId, output);
            WriteNumber(key.EnteredAtMs, output);
            WriteText(key.WorkId, output);
        },
        (ref reader) => new EntryKey(reader.Text(), reader.Number(), reader.Text()));

    public static ISerde<CellKey> Cell { get; } = new KeySerde<CellKey>(WriteCell, ReadCell);

    public static ISerde<RiskKey> Risk { get; } = new KeySerde<RiskKey>(
        (key, output) =>
        {
            WriteCell(key.Cell, output);
            WriteNumber(key.ExpiresAtMs, output);
            WriteText(key.WorkId, output);
            WriteText(key.PoolId, output);
            WriteText(key.ReservationId, output);
        },
        (ref reader) => new RiskKey(
            ReadCell(ref reader), reader.Number(), reader.Text(), reader.Text(), reader.Text()));

    public static ISerde<CountKey> Count { get; } = new KeySerde<CountKey>(
        (key, output) =>
        {
            WriteText(key.StageId, output);
            WriteNumber((long)key.Kind, output);
            WriteText(key.Name, output);
            WriteNumber(key.Second, output);
            WriteNumber(key.SlaMs, output);
        },
        (ref reader) => new CountKey(
            reader.Text(), (StageChangeKind)reader.Number(), reader.Text(), reader.Number(), reader.Number()));

    public static ISerde<WordKey> Word { get; } = new KeySerde<WordKey>(
        (key, output) =>
        {
            WriteText(key.StageId, output);
            WriteNumber(key.Partition, output);
        },
        (ref reader) => new WordKey(reader.Text(), checked((int)reader.Number())));

    /// <summary>The bytes that the holds of a cell begin with.</summary>
    public static byte[] PrefixOf(CellKey cell)
    {
        var output = new ArrayBufferWriter<byte>();
        WriteCell(cell, output);
        return output.WrittenSpan.ToArray();
    }

    private static void WriteCell(CellKey key, IBufferWriter<byte> output)
    {
        WriteText(key.StageId, output);
        WriteNumber(key.ExpirySlot, output);
        WriteNumber(key.EntrySlot, output);
    }

    private static CellKey ReadCell(ref KeyReader reader) => new(reader.Text(), reader.Number(), reader.Number());
}
