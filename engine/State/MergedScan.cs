using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>An entry of the layers; a null value hides the database's.</summary>
internal readonly record struct ScanEntry<TKey, TValue>(byte[] KeyBytes, TKey Key, TValue? Value)
    where TValue : class;

/// <summary>Reads layers and database as one ascending sequence.</summary>
internal static class MergedScan
{
    public static bool IsWithin(ReadOnlySpan<byte> key, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) =>
        key.SequenceCompareTo(from) >= 0 && key.SequenceCompareTo(to) < 0;

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
    public static IEnumerable<KeyValuePair<TKey, TValue>> Read<TKey, TValue>(
        List<ScanEntry<TKey, TValue>> overlay, IDatabaseCursor cursor, byte[] from, byte[] to,
        IDeserializer<TKey> keys, IDeserializer<TValue> values)
        where TValue : class
    {
        using (cursor)
        {
            overlay.Sort((x, y) => x.KeyBytes.AsSpan().SequenceCompareTo(y.KeyBytes));
            cursor.Seek(from);
            foreach (var entry in overlay)
            {
                while (IsBefore(cursor, entry.KeyBytes))
                {
                    yield return Decode(cursor, keys, values);
                    cursor.Next();
                }
                if (cursor.IsValid && cursor.Key.SequenceEqual(entry.KeyBytes))
                {
                    cursor.Next();
                }
                if (entry.Value is not null)
                {
                    yield return new KeyValuePair<TKey, TValue>(entry.Key, entry.Value);
                }
            }
            while (IsBefore(cursor, to))
            {
                yield return Decode(cursor, keys, values);
                cursor.Next();
            }
        }
    }

    private static bool IsBefore(IDatabaseCursor cursor, byte[] key) =>
        cursor.IsValid && cursor.Key.SequenceCompareTo(key) < 0;

    private static KeyValuePair<TKey, TValue> Decode<TKey, TValue>(
        IDatabaseCursor cursor, IDeserializer<TKey> keys, IDeserializer<TValue> values) =>
        new(keys.Deserialize(cursor.Key[1..]), values.Deserialize(cursor.Value));
}
