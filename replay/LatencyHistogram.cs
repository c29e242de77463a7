namespace Alloc.Replay;

/// <summary>
/// Counts durations in buckets that grow by about 1.6 %, from 1 µs to about 20 minutes, so that percentiles of
/// millions of samples cost a fixed 10 KiB. A percentile is the upper edge of its bucket.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBucketBits = 6;
    private const int SubBucketCount = 1 << SubBucketBits;
    private const long MaximumMicroseconds = 1L << 30;
    private readonly long[] buckets = new long[(31 - SubBucketBits + 1) * SubBucketCount];

    /// <summary>How many durations were added.</summary>
    public long Count { get; private set; }

    /// <summary>The longest duration added, in microseconds.</summary>
    public long MaximumUs { get; private set; }

    /// <summary>Adds one duration; what is negative counts as 0.</summary>
    public void Add(TimeSpan duration) => AddMicroseconds((long)duration.TotalMicroseconds);

    /// <summary>Adds one duration in microseconds; what is negative counts as 0.</summary>
    public void AddMicroseconds(long microseconds)
    {
        var value = Math.Clamp(microseconds, 0, MaximumMicroseconds);
        buckets[IndexOf(value)]++;
        Count++;
        MaximumUs = Math.Max(MaximumUs, value);
    }

    /// <summary>Adds the samples of another histogram.</summary>
    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < buckets.Length; i++)
        {
            buckets[i] += other.buckets[i];
        }
        Count += other.Count;
        MaximumUs = Math.Max(MaximumUs, other.MaximumUs);
    }

    /// <summary>
    /// The duration in milliseconds that <paramref name="share"/> (0 to 1) of the samples do not exceed.
    /// </summary>
    public double PercentileMs(double share)
    {
        if (Count == 0)
        {
            return 0;
        }
        var rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        for (var i = 0; i < buckets.Length; i++)
        {
            seen += buckets[i];
            if (seen >= rank)
            {
                return Math.Min(UpperEdge(i), MaximumUs) / 1000.0;
            }
        }
        return MaximumUs / 1000.0;
    }

    private static int IndexOf(long value)
    {
        if (value < SubBucketCount)
        {
            return (int)value;
        }
        var exponent = 63 - System.Numerics.BitOperations.LeadingZeroCount((ulong)value);
        var shift = exponent - SubBucketBits;
        return ((shift + 1) << SubBucketBits) + (int)((value >> shift) - SubBucketCount);
    }

    private static long UpperEdge(int index)
    {
        if (index < SubBucketCount)
        {
            return index;
        }
        var shift = (index >> SubBucketBits) - 1;
        return (((long)(index & (SubBucketCount - 1)) + SubBucketCount + 1) << shift) - 1;
    }
}
