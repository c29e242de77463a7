namespace Alloc.Verify;

/// <summary>Sequences that were seen, as ranges: one more than there are gaps, however many were seen.</summary>
internal sealed class SequenceSet
{
    private readonly SortedList<long, long> ranges = [];

    /// <summary>Adds a sequence; false when it was there.</summary>
    public bool Add(long sequence)
    {
        var index = LastFrom(sequence);
        if (index >= 0 && sequence <= ranges.GetValueAtIndex(index))
        {
            return false;
        }
        var from = index >= 0 && ranges.GetValueAtIndex(index) == sequence - 1
            ? ranges.GetKeyAtIndex(index) : sequence;
        var to = sequence;
        if (index + 1 < ranges.Count && ranges.GetKeyAtIndex(index + 1) == sequence + 1)
        {
            to = ranges.GetValueAtIndex(index + 1);
            ranges.RemoveAt(index + 1);
        }
        ranges[from] = to;
        return true;
    }

    /// <summary>Removes all up to a sequence, and that one.</summary>
    public void RemoveThrough(long sequence)
    {
        while (ranges.Count > 0 && ranges.GetKeyAtIndex(0) <= sequence)
        {
            var to = ranges.GetValueAtIndex(0);
            ranges.RemoveAt(0);
            if (to > sequence)
            {
                ranges[sequence + 1] = to;
            }
        }
    }

    // The last range that begins at the sequence or before it; -1: none.
    private int LastFrom(long sequence)
    {
        var (low, high) = (0, ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (ranges.GetKeyAtIndex(middle) <= sequence)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low - 1;
    }
}
