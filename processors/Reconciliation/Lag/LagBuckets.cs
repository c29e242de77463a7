namespace Alloc.Processors.Reconciliation.Lag;

/// <summary>
/// Buckets of lags whose ends grow by a tenth: whatever of a bucket is told by its end is never told less than it was,
/// and at most a tenth more. Whole numbers, so that every machine has the same.
/// </summary>
internal static class LagBuckets
{
    /// <summary>
    /// The longest lag that is one, milliseconds: no tolerance follows what is longer, which is a fault and no lag.
    /// </summary>
    public const long LongestMs = 600_000;

    private static readonly long[] Ends = [.. Grow()];

    /// <summary>How many there are.</summary>
    public static int Count => Ends.Length;

    /// <summary>The bucket of a lag from 0 to <see cref="LongestMs"/>.</summary>
    public static int Of(long lagMs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lagMs);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lagMs, LongestMs);
        var at = Array.BinarySearch(Ends, lagMs);
        return at >= 0 ? at : ~at;
    }

    /// <summary>The longest lag of a bucket, milliseconds.</summary>
    public static long EndOf(int bucket) => Ends[bucket];

    private static IEnumerable<long> Grow()
    {
        yield return 0;
        for (var end = 1L; end < LongestMs; end = Math.Max(end + 1, end * 11 / 10))
        {
            yield return end;
        }
        yield return LongestMs;
    }
}
