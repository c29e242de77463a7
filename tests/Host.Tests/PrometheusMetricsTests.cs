using System.Diagnostics.Metrics;
using System.Text;
using Alloc.Host.Metrics;

namespace Host.Tests;

/// <summary>How instruments become Prometheus' metrics.</summary>
public sealed class PrometheusMetricsTests : IDisposable
{
    private readonly Meter meter;
    private readonly PrometheusMetrics metrics;

    public PrometheusMetricsTests()
    {
        var name = $"PrometheusMetricsTests.{Guid.NewGuid()}";
        metrics = new PrometheusMetrics(name);
        meter = new Meter(name, null, [new KeyValuePair<string, object?>("group", "g")]);
    }

    public void Dispose()
    {
        meter.Dispose();
        metrics.Dispose();
    }

    [Fact]
    public async Task A_metric_is_listed_with_its_help_before_it_has_said_anything()
    {
        meter.CreateCounter<long>("a_thing", null, "Things.");

        Assert.Equal(["# HELP a_thing_total Things.", "# TYPE a_thing_total counter"], await ScrapeAsync());
    }

    [Fact]
    public async Task A_unit_is_part_of_the_name_and_tags_of_the_meter_are_labels()
    {
        meter.CreateObservableGauge("age", () => 1.5, "s");
        meter.CreateObservableGauge("memory", () => 7L, "By");
        meter.CreateObservableGauge("skew", () => 2, "ratio");

        var scrape = await ScrapeAsync();

        Assert.Contains("age_seconds{group=\"g\"} 1.5", scrape);
        Assert.Contains("memory_bytes{group=\"g\"} 7", scrape);
        Assert.Contains("skew_ratio{group=\"g\"} 2", scrape);
    }

    [Fact]
    public async Task A_counter_adds_up_by_labels_and_shows_a_zero_that_was_counted()
    {
        var counter = meter.CreateCounter<long>("answers");
        counter.Add(2, new KeyValuePair<string, object?>("kind", "a"));
        counter.Add(3, new KeyValuePair<string, object?>("kind", "a"));
        counter.Add(0, new KeyValuePair<string, object?>("kind", "b"));

        var scrape = await ScrapeAsync();

        Assert.Contains("answers_total{group=\"g\",kind=\"a\"} 5", scrape);
        Assert.Contains("answers_total{group=\"g\",kind=\"b\"} 0", scrape);
    }

    [Fact]
    public async Task A_histogram_has_the_buckets_of_its_advice()
    {
        var histogram = meter.CreateHistogram(
            "took", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        histogram.Record(0.1);
        histogram.Record(0.5);
        histogram.Record(7);

        var scrape = await ScrapeAsync();

        string[] expected =
        [
            "took_seconds_bucket{group=\"g\",le=\"0.1\"} 1", "took_seconds_bucket{group=\"g\",le=\"1\"} 2",
            "took_seconds_bucket{group=\"g\",le=\"+Inf\"} 3", "took_seconds_count{group=\"g\"} 3",
            "took_seconds_sum{group=\"g\"} 7.6",
        ];
        Assert.Equal(expected.Order(), scrape.Where(l => !l.StartsWith('#')).Order());
    }

    [Fact]
    public async Task What_a_gauge_no_longer_says_is_gone_at_once()
    {
        string[] partitions = ["0", "1"];
        meter.CreateObservableGauge("lag", () => partitions
            .Select(p => new Measurement<long>(5, new KeyValuePair<string, object?>("partition", p))));
        Assert.Contains("lag{group=\"g\",partition=\"1\"} 5", await ScrapeAsync());

        partitions = ["0"];
        var scrape = await ScrapeAsync();

        Assert.Contains("lag{group=\"g\",partition=\"0\"} 5", scrape);
        Assert.DoesNotContain(scrape, l => l.Contains("partition=\"1\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_counter_that_is_asked_and_fell_is_shown_as_it_is()
    {
        var value = 9L;
        meter.CreateObservableCounter("read", () => value);
        Assert.Contains("read_total{group=\"g\"} 9", await ScrapeAsync());

        value = 2;

        Assert.Contains("read_total{group=\"g\"} 2", await ScrapeAsync());
    }

    [Fact]
    public async Task Gauges_of_a_meter_that_ended_are_gone_and_its_counts_stay()
    {
        var name = $"{meter.Name}.Ended";
        using (var ended = new Meter(name))
        {
            ended.CreateObservableGauge("gone", () => 1);
            ended.CreateCounter<int>("kept").Add(4);
            Assert.Contains("gone 1", await ScrapeAsync());
        }

        var scrape = await ScrapeAsync();

        Assert.DoesNotContain("gone 1", scrape);
        Assert.Contains("kept_total 4", scrape);
    }

    [Fact]
    public async Task Labels_and_help_are_escaped()
    {
        meter.CreateObservableGauge(
            "odd", () => new Measurement<int>(1, new KeyValuePair<string, object?>("reason", "a \"b\"\\\nc")), null,
            "One\\two\nthree.");

        var scrape = await ScrapeAsync();

        Assert.Contains("# HELP odd One\\\\two\\nthree.", scrape);
        Assert.Contains("odd{group=\"g\",reason=\"a \\\"b\\\"\\\\\\nc\"} 1", scrape);
    }

    [Fact]
    public async Task A_series_that_passes_from_one_instrument_to_another_of_the_same_name_is_never_missing()
    {
        var isFirst = true;
        KeyValuePair<string, object?> partition = new("partition", 0);
        using var other = new Meter(meter.Name);
        IEnumerable<Measurement<long>> If(bool isSo, long value, params KeyValuePair<string, object?>[] tags) =>
            isSo ? [new Measurement<long>(value, [.. tags, partition])] : [];
        meter.CreateObservableGauge("lag", () => If(isFirst, 1), null, "Lag.");
        other.CreateObservableGauge("lag", () => If(!isFirst, 2, new KeyValuePair<string, object?>("group", "g")), null,
            "Lag.");

        var before = await ScrapeAsync();
        isFirst = false;
        var after = await ScrapeAsync();
        isFirst = true;
        var again = await ScrapeAsync();

        const string series = "lag{group=\"g\",partition=\"0\"}";
        Assert.Equal(
            [$"{series} 1", $"{series} 2", $"{series} 1"],
            new[] { before, after, again }.Select(scrape => Assert.Single(scrape, l => l.StartsWith(series,
                StringComparison.Ordinal))));
    }

    [Fact]
    public async Task A_histogram_that_is_measured_while_it_is_written_is_written_whole()
    {
        var histogram = meter.CreateHistogram(
            "took", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2] });
        histogram.Record(0.5);
        using var output = new BusyStream(() => histogram.Record(0.5));

        await metrics.CollectAsync(output, TestContext.Current.CancellationToken);
        var after = await ScrapeAsync();

        Assert.True(output.Writes > 1, "Nothing was measured between two parts of the text.");
        string[] parts = ["bucket{group=\"g\",le=\"1\"}", "bucket{group=\"g\",le=\"+Inf\"}", "count{group=\"g\"}"];
        Assert.All(parts, part => Assert.Contains($"took_seconds_{part} 1", Lines(output)));
        Assert.All(parts, part => Assert.Contains($"took_seconds_{part} {1 + output.Writes}", after));
    }

    private async Task<string[]> ScrapeAsync()
    {
        using var output = new MemoryStream();
        await metrics.WriteAsync(output, TestContext.Current.CancellationToken);
        return Lines(output);
    }

    private static string[] Lines(MemoryStream text) =>
        Encoding.UTF8.GetString(text.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Does something whenever a part of a text is written to it.</summary>
    private sealed class BusyStream(Action between) : MemoryStream
    {
        public int Writes { get; private set; }

        public override void Write(byte[] buffer, int offset, int count)
        {
            base.Write(buffer, offset, count);
            Between();
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            base.Write(buffer);
            Between();
        }

        public override async Task WriteAsync(
            byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            await base.WriteAsync(buffer.AsMemory(offset, count), cancellationToken);
            Between();
        }

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            base.Write(buffer.Span);
            Between();
            return ValueTask.CompletedTask;
        }

        private void Between()
        {
            Writes++;
            between();
        }
    }
}
