namespace Alloc.Engine.State;

/// <summary>Indexes of slots in the order of their key bytes.</summary>
internal sealed class OrderedSlots
{
    private readonly SortedSet<Entry> entries = new(new EntryComparer());

    public void Add(ReadOnlySpan<byte> key, int slot) => entries.Add(new Entry(key.ToArray(), slot));

    public void Remove(ReadOnlySpan<byte> key) => entries.Remove(new Entry(key.ToArray(), 0));

    /// <summary>Slots with from ≤ key &lt; to, ascending.</summary>
    public IEnumerable<(byte[] Key, int Slot)> Between(byte[] from, byte[] to)
    {
        foreach (var entry in entries.GetViewBetween(new Entry(from, 0), new Entry(to, 0)))
        {
            if (entry.Key.AsSpan().SequenceCompareTo(to) < 0)
            {
                yield return (entry.Key, entry.Slot);
            }
        }
    }

    private readonly record struct Entry(byte[] Key, int Slot);

    private sealed class EntryComparer : IComparer<Entry>
    {
        public int Compare(Entry x, Entry y) => x.Key.AsSpan().SequenceCompareTo(y.Key);
    }
}
