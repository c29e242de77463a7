using System.Buffers.Binary;

namespace Alloc.Engine.State;

/// <summary>
/// Puts the encoded keys of several layers in order and finds those that are the same. Used by one thread, again and
/// again.
/// </summary>
internal sealed class RunSorter
{
    private Item[] items = new Item[4 * 1024];
    private int keyStart;
    private int commonPrefixLength;

    /// <summary>Where the entry of a key is, and where its bytes are.</summary>
    internal struct Item
    {
        /// <summary>
        /// Eight bytes of the key after what all keys have in common, as a number that orders as they do.
        /// </summary>
        public ulong Prefix;
        public int KeyStart;
        public int KeyLength;
        public int Layer;
        public int Entry;
    }

    /// <summary>Where keys are written between <see cref="BeginKey"/> and <see cref="EndKey"/>.</summary>
    public ByteBuffer Keys { get; } = new(64 * 1024);

    public int Count { get; private set; }

    public ReadOnlySpan<Item> Items => items.AsSpan(0, Count);

    public ReadOnlySpan<byte> Key(in Item item) => Keys.Slice(item.KeyStart, item.KeyLength);

    public void Clear()
    {
        Keys.Clear();
        Count = 0;
        commonPrefixLength = int.MaxValue;
    }

    /// <summary>Begins a key with the store's id; the rest is written to <see cref="Keys"/>.</summary>
    public void BeginKey(byte storeId)
    {
        keyStart = Keys.Length;
        Keys.Append(storeId);
    }

    /// <summary>Ends the key.</summary>
    /// <param name="layer">The layer's place in the group; a later one wins.</param>
    /// <param name="entry">The entry's place in the layer.</param>
    public void EndKey(int layer, int entry)
    {
        if (Count == items.Length)
        {
            Array.Resize(ref items, items.Length * 2);
        }
        var length = Keys.Length - keyStart;
        items[Count] = new Item { KeyStart = keyStart, KeyLength = length, Layer = layer, Entry = entry };
        commonPrefixLength = Count == 0
            ? length
            : Math.Min(commonPrefixLength, Key(items[0]).CommonPrefixLength(Key(items[Count])));
        Count++;
    }

    /// <summary>Sorts by key, and entries of the same key newest first.</summary>
    public void Sort()
    {
        for (var i = 0; i < Count; i++)
        {
            items[i].Prefix = PrefixOf(Key(items[i])[commonPrefixLength..]);
        }
        items.AsSpan(0, Count).Sort(new Comparer(this));
    }

    private static ulong PrefixOf(ReadOnlySpan<byte> key)
    {
        if (key.Length >= sizeof(ulong))
        {
            return BinaryPrimitives.ReadUInt64BigEndian(key);
        }
        Span<byte> padded = stackalloc byte[sizeof(ulong)];
        padded.Clear();
        key.CopyTo(padded);
        return BinaryPrimitives.ReadUInt64BigEndian(padded);
    }

    private readonly struct Comparer(RunSorter sorter) : IComparer<Item>
    {
        public int Compare(Item x, Item y)
        {
            if (x.Prefix != y.Prefix)
            {
                return x.Prefix < y.Prefix ? -1 : 1;
            }
            var order = sorter.Key(x).SequenceCompareTo(sorter.Key(y));
            return order != 0 ? order : y.Layer.CompareTo(x.Layer);
        }
    }
}
