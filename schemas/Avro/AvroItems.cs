using System.Collections.ObjectModel;

namespace Alloc.Schemas.Avro;

/// <summary>What generated code needs to fill lists and maps block by block.</summary>
public static class AvroItems
{
    /// <summary>
    /// Makes room for the items of one more block. The first block, usually the only one, gets exactly its size; after
    /// that the room doubles, so that a message of many small blocks costs no more than its length.
    /// </summary>
    public static void Reserve<T>(ref T[] items, int filled, int count)
    {
        if (items.Length == 0)
        {
            items = new T[count];
        }
        else if (items.Length - filled < count)
        {
            Array.Resize(
                ref items, checked((int)Math.Max((long)filled + count, Math.Min(items.Length * 2L, Array.MaxLength))));
        }
    }

    /// <summary>The items without the room left over.</summary>
    public static IReadOnlyList<T> Complete<T>(T[] items, int filled)
    {
        if (items.Length != filled)
        {
            Array.Resize(ref items, filled);
        }
        return items;
    }

    /// <summary>The map that has nothing in it.</summary>
    public static IReadOnlyDictionary<string, T> EmptyMap<T>() => ReadOnlyDictionary<string, T>.Empty;

    /// <summary>
    /// A map's entries in the order of their keys' UTF-16 units: the same map always gives the same bytes.
    /// </summary>
    public static IEnumerable<KeyValuePair<string, T>> Sorted<T>(IReadOnlyDictionary<string, T> map) =>
        map.OrderBy(entry => entry.Key, StringComparer.Ordinal);

    /// <summary>Whether two values of bytes have the same content.</summary>
    public static bool SameBytes(ReadOnlyMemory<byte> value, ReadOnlyMemory<byte> other) =>
        value.Span.SequenceEqual(other.Span);

    /// <summary>Whether two values were written as the same bytes.</summary>
    public static bool SameBytes(AvroWriter value, AvroWriter other) =>
        value.WrittenSpan.SequenceEqual(other.WrittenSpan);
}
