using Alloc.Replay;

namespace Replay.Tests;

public sealed class LatenciesTests
{
    [Fact]
    public void Percentiles_are_within_a_percent_of_the_exact_ones()
    {
        var random = new Random(7);
        var histogram = Latencies.Create();
        var samples = Enumerable.Range(0, 100_000)
            .Select(_ => (long)Math.Exp(random.NextDouble() * 18)).Order().ToArray();
        foreach (var sample in samples)
        {
            histogram.Record(TimeSpan.FromMicroseconds(sample));
        }

        foreach (var share in new[] { 0.01, 0.5, 0.9, 0.99, 0.999 })
        {
            var exact = samples[(int)Math.Ceiling(share * samples.Length) - 1] / 1000.0;
            Assert.InRange(histogram.PercentileMs(share), exact * 0.99, (exact * 1.01) + 0.001);
        }
    }

    [Fact]
    public void An_empty_histogram_says_zero()
    {
        Assert.Equal(0, Latencies.Create().PercentileMs(0.99));
    }

    [Fact]
    public void What_is_beyond_the_range_is_clamped()
    {
        var histogram = Latencies.Create();

        histogram.Record(TimeSpan.FromSeconds(-5));
        histogram.Record(TimeSpan.MaxValue);

        Assert.Equal(2, histogram.TotalCount);
        Assert.Equal(0, histogram.PercentileMs(0.5));
        Assert.InRange(histogram.PercentileMs(1), 1_073_000, 1_075_000);
    }
}
