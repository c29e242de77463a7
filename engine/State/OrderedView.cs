using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>An entry in memory; a null value hides the database's.</summary>
internal readonly record struct ScanEntry<TKey, TValue>(byte[] KeyBytes, TKey Key, TValue? Value)
    where TValue : class;

/// <summary>
/// A store's slots and its database as one ascending sequence. What a scan costs depends on what it gives, and neither
/// on what lies behind the place where its reader stops nor on what was deleted before its first entry.
/// </summary>
/// <remarks>
/// A slot has the newest value of its key, so the database counts only where a key has no slot. Slots are taken a piece
/// at a time; when slots came or went since the cursor was made, the next piece takes a new cursor, because a slot
/// that was given up in between is in the database only for a cursor that is younger.
/// </remarks>
internal sealed class OrderedView<TKey, TValue>(
    SlotTable<TKey, TValue> table, IStateDatabase database, IDeserializer<TKey> keys, IDeserializer<TValue> values)
    where TKey : notnull
    where TValue : class
{
    private const int FirstPieceSize = 16;
    private const int PieceSizeLimit = 1024;

    /// <summary>Deleted entries in a row after which their range is worth remembering.</summary>
    private const int RangeWorth = 32;

    private readonly OrderedSlots slots = new();
    private readonly EmptyRanges empty = new();

    public void Add(ReadOnlySpan<byte> key, int slot) => slots.Add(key, slot);

    public void Remove(ReadOnlySpan<byte> key) => slots.Remove(key);

    /// <summary>Whether <see cref="Fill"/> has to be told of values.</summary>
    public bool HasEmptyRanges => empty.Count > 0;

    /// <summary>The key got a value.</summary>
    public void Fill(ReadOnlySpan<byte> key) => empty.Fill(key);

    /// <summary>Keys that were deleted may have their values again.</summary>
    public void ForgetEmptyRanges() => empty.Clear();

    /// <summary>Entries with from ≤ key &lt; to that have a value, ascending.</summary>
    public IEnumerable<KeyValuePair<TKey, TValue>> Scan(byte[] from, byte[] to)
    {
        var piece = new List<(byte[] Key, int Slot)>();
        var entries = new List<ScanEntry<TKey, TValue>>();
        var size = FirstPieceSize;
        var dead = new DeadRun(empty, from);
        IDatabaseCursor? cursor = null;
        var version = 0L;
        try
        {
            var at = from;
            var isLast = false;
            while (!isLast)
            {
                var jumpedTo = empty.EndOf(at);
                if (jumpedTo is not null)
                {
                    dead.Jumped(at);
                    at = jumpedTo;
                    if (at.AsSpan().SequenceCompareTo(to) >= 0)
                    {
                        break;
                    }
                }
                if (cursor is null || version != slots.Version)
                {
                    cursor?.Dispose();
                    cursor = database.CreateCursor();
                    cursor.Seek(at);
                    version = slots.Version;
                }
                else if (jumpedTo is not null)
                {
                    cursor.Seek(at);
                }
                Take(at, to, size, piece, entries, out var end);
                isLast = end is null;
                end ??= to;
                foreach (var entry in entries)
                {
                    while (IsBefore(cursor, entry.KeyBytes))
                    {
                        dead.EndAt(cursor.Key);
                        yield return Decode(cursor);
                        cursor.Next();
                    }
                    if (cursor.IsValid && cursor.Key.SequenceEqual(entry.KeyBytes))
                    {
                        cursor.Next();
                    }
                    if (entry.Value is null)
                    {
                        dead.Met(entry.KeyBytes);
                        continue;
                    }
                    dead.EndAt(entry.KeyBytes);
                    yield return new KeyValuePair<TKey, TValue>(entry.Key, entry.Value);
                }
                while (IsBefore(cursor, end))
                {
                    dead.EndAt(cursor.Key);
                    yield return Decode(cursor);
                    cursor.Next();
                }
                at = end;
                size = Math.Min(size * 4, PieceSizeLimit);
            }
            dead.EndAt(to);
        }
        finally
        {
            cursor?.Dispose();
        }
    }

    private static bool IsBefore(IDatabaseCursor cursor, byte[] key) =>
        cursor.IsValid && cursor.Key.SequenceCompareTo(key) < 0;

    // The end of the piece is the key after its last one; null: there is nothing in memory behind it.
    private void Take(
        byte[] from, byte[] to, int size, List<(byte[] Key, int Slot)> piece, List<ScanEntry<TKey, TValue>> entries,
        out byte[]? end)
    {
        piece.Clear();
        entries.Clear();
        var hasMore = slots.Take(from, to, size, piece);
        foreach (var (key, index) in piece)
        {
            ref var slot = ref table[index];
            entries.Add(new ScanEntry<TKey, TValue>(key, slot.Key, slot.Value));
        }
        end = hasMore ? EmptyRanges.KeyAfter(piece[^1].Key) : null;
    }

    private KeyValuePair<TKey, TValue> Decode(IDatabaseCursor cursor) =>
        new(keys.Deserialize(cursor.Key[1..]), values.Deserialize(cursor.Value));

    /// <summary>Entries without a value in a row, and ranges that were jumped over between them.</summary>
    private struct DeadRun(EmptyRanges empty, byte[] scanFrom)
    {
        // Nothing has a value between where the scan begins and its first entry.
        private byte[]? from = scanFrom;
        private int count;
        private int jumps;

        public void Met(byte[] key)
        {
            from ??= key;
            count++;
        }

        public void Jumped(byte[] key)
        {
            from ??= key;
            jumps++;
        }

        public void EndAt(ReadOnlySpan<byte> key)
        {
            if (from is not null && (count >= RangeWorth || jumps + Math.Min(count, 1) > 1))
            {
                empty.Add(from, key.ToArray());
            }
            from = null;
            count = 0;
            jumps = 0;
        }
    }
}
