using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Alloc.Engine.Processing;
using Alloc.Schemas.Backlog;

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

/// <summary>A key and the partition that its record goes to.</summary>
/// <param name="Key">The key.</param>
/// <param name="Partition">The partition; -1: the key decides.</param>
public readonly record struct PartitionedKey(string Key, int Partition);

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

    /// <summary>Writes the key alone.</summary>
    public static ISerializer<PartitionedKey> Partitioned { get; } = new PartitionedKeySerializer();

    /// <summary>The bytes that keys of a stage begin with, in every store that is by stage first.</summary>
    public static byte[] PrefixOf(string text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }

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

    private static void WriteText(string text, IBufferWriter<byte> output)
    {
        var span = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length) + 1);
        var size = Encoding.UTF8.GetBytes(text, span);
        span[size] = EndOfText;
        output.Advance(size + 1);
    }

    private static void WriteNumber(long number, IBufferWriter<byte> output)
    {
        BinaryPrimitives.WriteInt64BigEndian(output.GetSpan(sizeof(long)), number ^ long.MinValue);
        output.Advance(sizeof(long));
    }

    private delegate TKey KeyRead<TKey>(ref KeyReader reader);

    private ref struct KeyReader(ReadOnlySpan<byte> data)
    {
        private ReadOnlySpan<byte> rest = data;

        public readonly bool IsAtEnd => rest.IsEmpty;

        public string Text()
        {
            var end = rest.IndexOf(EndOfText);
            if (end < 0)
            {
                throw new TaskCorruptedException("A key of the backlog is damaged: a text has no end.");
            }
            var text = Encoding.UTF8.GetString(rest[..end]);
            rest = rest[(end + 1)..];
            return text;
        }

        public long Number()
        {
            if (rest.Length < sizeof(long))
            {
                throw new TaskCorruptedException("A key of the backlog is damaged: a number takes 8 bytes.");
            }
            var number = BinaryPrimitives.ReadInt64BigEndian(rest) ^ long.MinValue;
            rest = rest[sizeof(long)..];
            return number;
        }
    }

    private sealed class KeySerde<TKey>(Action<TKey, IBufferWriter<byte>> write, KeyRead<TKey> read) : ISerde<TKey>
    {
        public void Serialize(TKey value, IBufferWriter<byte> output) => write(value, output);

        public TKey Deserialize(ReadOnlySpan<byte> data)
        {
            var reader = new KeyReader(data);
            var key = read(ref reader);
            return reader.IsAtEnd
                ? key
                : throw new TaskCorruptedException("A key of the backlog is damaged: it goes on after its end.");
        }
    }

    private sealed class PartitionedKeySerializer : ISerializer<PartitionedKey>
    {
        public void Serialize(PartitionedKey value, IBufferWriter<byte> output) =>
            Serdes.Utf8.Serialize(value.Key, output);
    }
}
