using Alloc.Replay;

namespace Replay.Tests;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void Percentiles_are_within_two_percent_of_the_exact_ones()
    {
        var random = new Random(7);
        var histogram = new LatencyHistogram();
        var samples = Enumerable.Range(0, 100_000)
            .Select(_ => (long)Math.Exp(random.NextDouble() * 18)).Order().ToArray();
        foreach (var sample in samples)
        {
            histogram.AddMicroseconds(sample);
        }

        foreach (var share in new[] { 0.01, 0.5, 0.9, 0.99, 0.999 })
        {
            var exact = samples[(int)Math.Ceiling(share * samples.Length) - 1] / 1000.0;
            Assert.InRange(histogram.PercentileMs(share), exact, (exact * 1.02) + 0.001);
        }
    }

    [Fact]
    public void An_empty_histogram_says_zero()
    {
        Assert.Equal(0, new LatencyHistogram().PercentileMs(0.99));
    }

    [Fact]
    public void What_is_beyond_the_range_is_clamped()
    {
        var histogram = new LatencyHistogram();

        histogram.AddMicroseconds(-5);
        histogram.AddMicroseconds(long.MaxValue);

        Assert.Equal(2, histogram.Count);
        Assert.Equal(0, histogram.PercentileMs(0.5));
    }

    [Fact]
    public void Merged_histograms_count_both()
    {
        var one = new LatencyHistogram();
        var two = new LatencyHistogram();
        one.AddMicroseconds(10);
        two.AddMicroseconds(1_000_000);

        one.Add(two);

        Assert.Equal(2, one.Count);
        Assert.Equal(1000, one.PercentileMs(1));
    }
}
