namespace Alloc.Engine.State;

/// <summary>
/// Ranges of keys that are known to have no value though slots or the database still have entries for them. A queue
/// whose entries are taken from its head leaves such a range behind; a scan jumps over it.
/// </summary>
/// <remarks>A bounded number of ranges, disjoint and ascending; forgetting one costs a scan time only.</remarks>
internal sealed class EmptyRanges
{
    public const int Limit = 64;

    private readonly List<(byte[] From, byte[] To)> ranges = [];
    private int nextForgotten;

    public int Count => ranges.Count;

    /// <summary>The end of the range that has the key; null when there is none.</summary>
    public byte[]? EndOf(ReadOnlySpan<byte> key)
    {
        var index = IndexOf(key);
        return index >= 0 ? ranges[index].To : null;
    }

    /// <summary>No key with from ≤ key &lt; to has a value.</summary>
    public void Add(byte[] from, byte[] to)
    {
        var first = 0;
        while (first < ranges.Count && Compare(ranges[first].To, from) < 0)
        {
            first++;
        }
        var end = first;
        while (end < ranges.Count && Compare(ranges[end].From, to) <= 0)
        {
            from = Compare(ranges[end].From, from) < 0 ? ranges[end].From : from;
            to = Compare(ranges[end].To, to) > 0 ? ranges[end].To : to;
            end++;
        }
        ranges.RemoveRange(first, end - first);
        ranges.Insert(first, (from, to));
        Shrink();
    }

    /// <summary>The key has a value now.</summary>
    public void Fill(ReadOnlySpan<byte> key)
    {
        var index = IndexOf(key);
        if (index < 0)
        {
            return;
        }
        var (from, to) = ranges[index];
        var after = KeyAfter(key);
        ranges.RemoveAt(index);
        if (Compare(after, to) < 0)
        {
            ranges.Insert(index, (after, to));
        }
        if (key.SequenceCompareTo(from) > 0)
        {
            ranges.Insert(index, (from, key.ToArray()));
        }
        Shrink();
    }

    public void Clear() => ranges.Clear();

    /// <summary>The first key that is greater than this one.</summary>
    public static byte[] KeyAfter(ReadOnlySpan<byte> key) => [.. key, 0];

    private static int Compare(byte[] x, byte[] y) => x.AsSpan().SequenceCompareTo(y);

    private int IndexOf(ReadOnlySpan<byte> key)
    {
        var low = 0;
        var high = ranges.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (key.SequenceCompareTo(ranges[middle].From) < 0)
            {
                high = middle - 1;
            }
            else if (key.SequenceCompareTo(ranges[middle].To) >= 0)
            {
                low = middle + 1;
            }
            else
            {
                return middle;
            }
        }
        return -1;
    }

    private void Shrink()
    {
        if (ranges.Count > Limit)
        {
            nextForgotten = (nextForgotten + 1) % Limit;
            ranges.RemoveAt(nextForgotten);
        }
    }
}
