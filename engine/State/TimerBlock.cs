namespace Alloc.Engine.State;

/// <summary>
/// Timers of a span of time, sorted when they are read first, which is when the block has come to the front.
/// </summary>
/// <param name="startMs">No timer of the block is due before; all timers of the block before it are.</param>
internal sealed class TimerBlock(long startMs)
{
    private const int Size = 512;

    /// <summary>
    /// More new timers than this are sorted by themselves and merged; fewer are put where they belong, one by one.
    /// </summary>
    private const int InsertLimit = 8;

    private List<TimedKey> timers = [];
    private int head;
    private int sortedCount;
    private bool isSorted;
    private int limit = Size;

    public long StartMs => startMs;

    public int Count => timers.Count - head;

    public bool IsFull => Count >= limit;

    public void Add(TimedKey timer)
    {
        var isLast = isSorted && sortedCount == timers.Count
            && (Count == 0 || TimerOrder.Instance.Compare(timers[^1], timer) <= 0);
        timers.Add(timer);
        if (isLast)
        {
            sortedCount++;
        }
    }

    public bool TryPeek(out TimedKey timer)
    {
        if (Count == 0)
        {
            timer = default;
            return false;
        }
        Sort();
        timer = timers[head];
        return true;
    }

    /// <summary>Removes the timer that <see cref="TryPeek"/> told.</summary>
    public void RemoveFirst() => head++;

    public IEnumerable<TimedKey> InOrder()
    {
        Sort();
        for (var i = head; i < timers.Count; i++)
        {
            yield return timers[i];
        }
    }

    /// <summary>Keeps live timers only.</summary>
    /// <returns>How many went.</returns>
    public int Purge(Func<TimedKey, bool> isLive)
    {
        Sort();
        timers.RemoveRange(0, head);
        head = 0;
        var removed = timers.RemoveAll(timer => !isLive(timer));
        sortedCount = timers.Count;
        return removed;
    }

    /// <summary>Parts a full block, so that a timer finds room before or behind the cut.</summary>
    /// <returns>
    /// The later part, with no timers yet if the new timer comes after all there are; null if all are due at one time.
    /// </returns>
    public TimerBlock? Split(long dueAtMs)
    {
        Sort();
        var middle = head + (Count / 2);
        var cut = dueAtMs > timers[^1].DueAtMs
            ? timers.Count
            : timers.FindIndex(middle, timer => timer.DueAtMs > timers[middle - 1].DueAtMs);
        if (cut < 0)
        {
            limit = 2 * Count;
            return null;
        }
        var later = new TimerBlock(cut == timers.Count ? dueAtMs : timers[cut].DueAtMs);
        later.timers.AddRange(timers[cut..]);
        later.sortedCount = later.timers.Count;
        later.isSorted = later.sortedCount > 0;
        timers.RemoveRange(cut, timers.Count - cut);
        sortedCount = timers.Count;
        return later;
    }

    private void Sort()
    {
        var newCount = timers.Count - sortedCount;
        if (!isSorted)
        {
            timers.Sort(head, Count, TimerOrder.Instance);
        }
        else if (newCount > InsertLimit)
        {
            Merge();
        }
        else if (newCount > 0)
        {
            InsertOneByOne();
        }
        sortedCount = timers.Count;
        isSorted = true;
    }

    private void InsertOneByOne()
    {
        var added = timers[sortedCount..];
        timers.RemoveRange(sortedCount, added.Count);
        foreach (var timer in added)
        {
            var index = timers.BinarySearch(head, Count, timer, TimerOrder.Instance);
            timers.Insert(index < 0 ? ~index : index, timer);
        }
    }

    private void Merge()
    {
        timers.Sort(sortedCount, timers.Count - sortedCount, TimerOrder.Instance);
        var merged = new List<TimedKey>(Count);
        var (old, added) = (head, sortedCount);
        while (old < sortedCount || added < timers.Count)
        {
            var takesOld = added == timers.Count
                || (old < sortedCount && TimerOrder.Instance.Compare(timers[old], timers[added]) <= 0);
            merged.Add(takesOld ? timers[old++] : timers[added++]);
        }
        timers = merged;
        head = 0;
    }
}
