using System.Diagnostics.Metrics;
using Alloc.Host.Metrics;
using Alloc.Replay;

namespace Alloc.Bench;

/// <summary>
/// What a scrape costs, with as many series as a large instance has and counters that move meanwhile.
/// </summary>
internal static class ScrapeScenario
{
    private const int SeriesCount = 2_000;
    private const int HistogramCount = 20;
    private const int BucketSeriesCount = 16;

    public static async Task RunAsync(
        BenchReport report, BenchOptions options, TimeProvider time, CancellationToken cancellation)
    {
        using var meter = new Meter("Bench.Scrape");
        using var metrics = new PrometheusMetrics(meter.Name);
        var plainCount = SeriesCount - (HistogramCount * BucketSeriesCount);
        var gauges = plainCount / 2;
        meter.CreateObservableGauge<double>("bench_gauge", () => Enumerable.Range(0, gauges)
            .Select(i => new Measurement<double>(i * 0.5, new KeyValuePair<string, object?>("partition", i))));
        var counter = meter.CreateCounter<long>("bench_counter");
        var histogram = meter.CreateHistogram<double>("bench_duration", "s");
        var tags = Enumerable.Range(0, plainCount - gauges)
            .Select(i => new KeyValuePair<string, object?>("partition", i)).ToArray();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var load = Task.Run(
            () =>
            {
                for (var i = 0; !ended.IsCancellationRequested; i++)
                {
                    counter.Add(1, tags[i % tags.Length]);
                    histogram.Record(i % 100 * 0.001, tags[i % HistogramCount]);
                }
            }, cancellation);

        var latency = Latencies.Create();
        var size = 0L;
        var rounds = (int)Math.Clamp(options.Count / 4_000, 10, 500);
        for (var round = -20; round < rounds; round++)
        {
            using var output = new MemoryStream(1 << 20);
            var startedAt = time.GetTimestamp();
            await metrics.WriteAsync(output, cancellation).ConfigureAwait(false);
            if (round >= 0)
            {
                latency.Record(time.GetElapsedTime(startedAt));
                size = output.Length;
            }
        }
        await ended.CancelAsync().ConfigureAwait(false);
        await load.ConfigureAwait(false);

        var settings = $"{SeriesCount:N0} series, {size / 1024:N0} KiB, {rounds} scrapes while one thread counts";
        report.Add(new Figure("scrape", "a scrape, median", latency.PercentileMs(0.5), "ms", settings));
        report.Add(new Figure("scrape", "a scrape, 99 of 100", latency.PercentileMs(0.99), "ms", settings));
    }
}
