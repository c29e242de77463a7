namespace Alloc.Host.Lag;

/// <summary>
/// When which end of a partition was seen: between which two looks a record came into the log, whatever clock stamped
/// it. Bounded: of what is long past, fewer and fewer looks are kept.
/// </summary>
internal sealed class EndHistory
{
    private const int MostEnds = 128;
    private readonly List<(long End, long FirstMs, long LastMs)> ends = [];

    /// <summary>Notes an end; one that lies before the last begins the history anew.</summary>
    /// <param name="end">The high watermark.</param>
    /// <param name="askedMs">When it was asked for, milliseconds since 1970 UTC: it had not come before.</param>
    /// <param name="toldMs">When it was told: it came before.</param>
    public void See(long end, long askedMs, long toldMs)
    {
        if (ends.Count > 0 && (end < ends[^1].End || askedMs < ends[^1].LastMs))
        {
            ends.Clear();
        }
        if (ends.Count > 0 && ends[^1].End == end)
        {
            ends[^1] = (end, ends[^1].FirstMs, askedMs);
            return;
        }
        ends.Add((end, toldMs, askedMs));
        if (ends.Count > MostEnds)
        {
            for (var i = MostEnds / 2; i > 0; i -= 2)
            {
                ends.RemoveAt(i);
            }
        }
    }

    /// <summary>
    /// The time of a record, moved to when it can have come: not before the last look at which it was not there, and
    /// not after the first at which it was.
    /// </summary>
    /// <param name="offset">The record's offset.</param>
    /// <param name="timestampMs">What its stamp says; null where that was not read.</param>
    /// <returns>Milliseconds since 1970 UTC; null where nothing is known.</returns>
    public long? Bound(long offset, long? timestampMs)
    {
        long? absentMs = null;
        long? presentMs = null;
        foreach (var (end, firstMs, lastMs) in ends)
        {
            if (end <= offset)
            {
                absentMs = lastMs;
            }
            else
            {
                presentMs = firstMs;
                break;
            }
        }
        return timestampMs is not { } stamp
            ? presentMs
            : Math.Max(absentMs ?? long.MinValue, Math.Min(presentMs ?? long.MaxValue, stamp));
    }
}
