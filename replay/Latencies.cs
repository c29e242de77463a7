using HdrHistogram;

namespace Alloc.Replay;

/// <summary>
/// Durations in a histogram of HdrHistogram: from 1 µs to about 18 minutes with three significant digits, so that
/// percentiles of millions of samples cost a fixed size. A percentile is the upper edge of its bucket.
/// </summary>
internal static class Latencies
{
    private const long LongestUs = 1L << 30;
    private const int SignificantDigits = 3;

    public static LongHistogram Create() => new(1, LongestUs, SignificantDigits);

    /// <summary>Adds one duration; what is negative counts as 0, what is longer than the longest as that.</summary>
    public static void Record(this HistogramBase histogram, TimeSpan duration) =>
        histogram.RecordValue(Math.Clamp((long)duration.TotalMicroseconds, 0, LongestUs));

    /// <summary>
    /// The duration in milliseconds that <paramref name="share"/> (0 to 1) of the samples do not exceed; 0 without
    /// samples.
    /// </summary>
    public static double PercentileMs(this HistogramBase histogram, double share) =>
        histogram.TotalCount == 0 ? 0 : histogram.GetValueAtPercentile(share * 100) / 1000.0;
}
