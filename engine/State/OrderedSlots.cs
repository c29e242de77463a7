namespace Alloc.Engine.State;

/// <summary>Indexes of slots in the order of their key bytes.</summary>
internal sealed class OrderedSlots
{
    private readonly SortedSet<Entry> entries = new(new EntryComparer());

    /// <summary>Grows with every key that comes or goes.</summary>
    public long Version { get; private set; }

    public void Add(ReadOnlySpan<byte> key, int slot)
    {
        Version++;
        entries.Add(new Entry(key.ToArray(), slot));
    }

    public void Remove(ReadOnlySpan<byte> key)
    {
        Version++;
        entries.Remove(new Entry(key.ToArray(), 0));
    }

    /// <summary>Takes slots with from ≤ key &lt; to, ascending.</summary>
    /// <param name="from">The first key, included.</param>
    /// <param name="to">The end, excluded.</param>
    /// <param name="limit">Slots to take at most.</param>
    /// <param name="taken">Where they are added.</param>
    /// <returns>Whether there are more of them than the limit.</returns>
    public bool Take(byte[] from, byte[] to, int limit, List<(byte[] Key, int Slot)> taken)
    {
        foreach (var entry in entries.GetViewBetween(new Entry(from, 0), new Entry(to, 0)))
        {
            if (entry.Key.AsSpan().SequenceCompareTo(to) >= 0)
            {
                return false;
            }
            if (limit-- == 0)
            {
                return true;
            }
            taken.Add((entry.Key, entry.Slot));
        }
        return false;
    }

    private readonly record struct Entry(byte[] Key, int Slot);

    private sealed class EntryComparer : IComparer<Entry>
    {
        public int Compare(Entry x, Entry y) => x.Key.AsSpan().SequenceCompareTo(y.Key);
    }
}
