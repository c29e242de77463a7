namespace Alloc.Processors.Backlog.Merging;

/// <summary>Waiting items of a stage by the second in which they entered, or by the minute beyond an hour.</summary>
internal sealed class EntryHistogram
{
    private readonly SortedDictionary<(long StartMs, long SlaMs), long> counts = [];

    /// <summary>Items.</summary>
    public long Total { get; private set; }

    /// <summary>Items by when they entered and their SLA, the oldest first.</summary>
    public IEnumerable<KeyValuePair<(long StartMs, long SlaMs), long>> Counts => counts;

    /// <summary>Counts items; how many there are now.</summary>
    public long Add(long startMs, long slaMs, long change)
    {
        Total += change;
        var count = counts.GetValueOrDefault((startMs, slaMs)) + change;
        if (count == 0)
        {
            counts.Remove((startMs, slaMs));
        }
        else
        {
            counts[(startMs, slaMs)] = count;
        }
        return count;
    }

    /// <summary>Ages that some shares of the items have at most, and how many are beyond their SLA.</summary>
    /// <param name="nowMs">The clock.</param>
    /// <param name="shares">Shares in ascending order, 0 to 1.</param>
    public (long[] AgesMs, long Breached) Ages(long nowMs, params ReadOnlySpan<double> shares)
    {
        var ages = new long[shares.Length];
        var breached = 0L;
        // The oldest come first: at most a share is younger where the rest is older.
        var older = 0L;
        var index = shares.Length - 1;
        foreach (var ((startMs, slaMs), count) in counts)
        {
            breached += nowMs - startMs > slaMs ? count : 0;
            older += count;
            while (index >= 0 && older > Total - Math.Ceiling(shares[index] * Total))
            {
                ages[index--] = Math.Max(0, nowMs - startMs);
            }
        }
        return (ages, breached);
    }
}
