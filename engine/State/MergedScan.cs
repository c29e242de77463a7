using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>Reads layers and database as one ascending sequence.</summary>
internal static class MergedScan
{
    /// <summary>
    /// The first key that does not begin with the prefix, whose first byte is a store id and so below 255.
    /// </summary>
    public static byte[] EndOfPrefix(ReadOnlySpan<byte> prefix)
    {
        var last = prefix.Length - 1;
        while (prefix[last] == byte.MaxValue)
        {
            last--;
        }
        var end = prefix[..(last + 1)].ToArray();
        end[last]++;
        return end;
    }

    /// <summary>Merges; disposes the cursor when the sequence was read, or was given up.</summary>
    /// <param name="storeId">The store's id, which the keys in the database begin with.</param>
    /// <param name="overlay">What is in memory, ascending.</param>
    /// <param name="cursor">What is under it.</param>
    /// <param name="from">The first key, with the store's id.</param>
    /// <param name="to">The end, excluded, which may be the next store's id.</param>
    /// <param name="keys">Decodes keys.</param>
    /// <param name="values">Decodes values.</param>
    public static IEnumerable<KeyValuePair<TKey, TValue>> Read<TKey, TValue>(
        byte storeId, IEnumerable<RunEntry<TValue>> overlay, IDatabaseCursor cursor, byte[] from, byte[] to,
        IDeserializer<TKey> keys, IDeserializer<TValue> values)
        where TValue : class
    {
        using (cursor)
        {
            cursor.Seek(from);
            foreach (var entry in overlay)
            {
                int order;
                while ((order = Compare(cursor, storeId, entry.Key)) < 0)
                {
                    yield return Decode(cursor, keys, values);
                    cursor.Next();
                }
                if (order == 0)
                {
                    cursor.Next();
                }
                if (entry.Value is not null)
                {
                    yield return new KeyValuePair<TKey, TValue>(keys.Deserialize(entry.Key), entry.Value);
                }
            }
            while (cursor.IsValid && cursor.Key.SequenceCompareTo(to) < 0)
            {
                yield return Decode(cursor, keys, values);
                cursor.Next();
            }
        }
    }

    // The cursor stands at the store's keys or behind them.
    private static int Compare(IDatabaseCursor cursor, byte storeId, byte[] key) =>
        cursor.IsValid && cursor.Key[0] == storeId ? cursor.Key[1..].SequenceCompareTo(key) : 1;

    private static KeyValuePair<TKey, TValue> Decode<TKey, TValue>(
        IDatabaseCursor cursor, IDeserializer<TKey> keys, IDeserializer<TValue> values) =>
        new(keys.Deserialize(cursor.Key[1..]), values.Deserialize(cursor.Value));
}
