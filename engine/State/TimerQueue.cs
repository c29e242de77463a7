namespace Alloc.Engine.State;

/// <summary>The order of a time index: by time, then by the key's bytes.</summary>
internal sealed class TimerOrder : IComparer<TimedKey>
{
    public static TimerOrder Instance { get; } = new();

    public int Compare(TimedKey x, TimedKey y) => x.DueAtMs != y.DueAtMs
        ? x.DueAtMs < y.DueAtMs ? -1 : 1
        : x.Key.Span.SequenceCompareTo(y.Key.Span);
}

/// <summary>
/// Timers in the order in which they are due. Holds removed timers too until it comes by them: a predicate tells which
/// are live.
/// </summary>
/// <remarks>
/// Blocks follow each other in time, and no time is in two of them, so that most timers are added at the very end.
/// </remarks>
internal sealed class TimerQueue(Func<TimedKey, bool> isLive)
{
    private readonly List<TimerBlock> blocks = [];

    /// <summary>Timers in it, removed ones included.</summary>
    public int Count { get; private set; }

    public void Add(TimedKey timer)
    {
        var index = FindBlock(timer.DueAtMs);
        if (index < 0)
        {
            index = 0;
            blocks.Insert(0, new TimerBlock(timer.DueAtMs));
        }
        var block = blocks[index];
        if (block.IsFull)
        {
            block = MakeRoom(index, timer.DueAtMs);
        }
        block.Add(timer);
        Count++;
    }

    /// <summary>The earliest live timer.</summary>
    public bool TryPeek(out TimedKey timer)
    {
        while (blocks.Count > 0)
        {
            while (blocks[0].TryPeek(out timer))
            {
                if (isLive(timer))
                {
                    return true;
                }
                blocks[0].RemoveFirst();
                Count--;
            }
            blocks.RemoveAt(0);
        }
        timer = default;
        return false;
    }

    /// <summary>Live timers in order. Read it to the end, or give it up, before a timer is added or removed.</summary>
    public IEnumerable<TimedKey> InOrder()
    {
        foreach (var block in blocks)
        {
            TimedKey? last = null;
            foreach (var timer in block.InOrder())
            {
                // A timer that was removed and added again is there twice, side by side.
                if (isLive(timer) && (last is null || !timer.Equals(last.Value)))
                {
                    last = timer;
                    yield return timer;
                }
            }
        }
    }

    /// <summary>Lets go of removed timers.</summary>
    public void Purge()
    {
        foreach (var block in blocks)
        {
            Count -= block.Purge(isLive);
        }
        blocks.RemoveAll(block => block.Count == 0);
    }

    /// <summary>
    /// Makes room for a timer that falls into a full block: in the block, in a new one behind it, or in a half of it.
    /// </summary>
    private TimerBlock MakeRoom(int index, long dueAtMs)
    {
        var block = blocks[index];
        Count -= block.Purge(isLive);
        if (block.IsFull && block.Split(dueAtMs) is { } next)
        {
            blocks.Insert(index + 1, next);
            return dueAtMs >= next.StartMs ? next : block;
        }
        return block;
    }

    /// <summary>The last block that does not begin after a time; -1 when all do.</summary>
    private int FindBlock(long dueAtMs)
    {
        if (blocks.Count > 0 && blocks[^1].StartMs <= dueAtMs)
        {
            return blocks.Count - 1;
        }
        var (low, high) = (0, blocks.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (blocks[middle].StartMs <= dueAtMs)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }
        return high;
    }
}
