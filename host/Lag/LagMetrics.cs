using System.Diagnostics.Metrics;
using Alloc.Engine.LogClient;

namespace Alloc.Host.Lag;

/// <summary>
/// The watch's report as gauges. Names and labels are those of the engines' own gauges; where an engine of this process
/// speaks of a partition, or of a group's skew, it alone does, so within a process each series has one source.
/// </summary>
internal sealed class LagMetrics : IDisposable
{
    private readonly Meter meter;
    private readonly LagWatch watch;
    private readonly TimeProvider time;

    /// <param name="watch">The watch.</param>
    /// <param name="time">What tells the time.</param>
    /// <param name="meterName">The meter's name; an exporter listens to it.</param>
    public LagMetrics(LagWatch watch, TimeProvider time, string meterName = "Alloc.Lag")
    {
        meter = new Meter(meterName);
        this.watch = watch;
        this.time = time;
        meter.CreateObservableGauge(
            "alloc_consumer_lag_records", () => Others((p, _) => p.LagRecords), null,
            "Records between the committed offset and the end of the log, fetched or not.");
        meter.CreateObservableGauge(
            "alloc_consumer_lag", () => Others((p, nowMs) => (p.Age(nowMs) ?? p.Stalled(nowMs)).TotalSeconds), "s",
            "Age of the oldest undecided record, fetched or not; while the end is not known, at least how long that "
            + "has been so.");
        meter.CreateObservableGauge(
            "alloc_consumer_stalled", () => Others((p, nowMs) => p.Stalled(nowMs).TotalSeconds), "s",
            "How long nothing was decided while records waited or the end was not known; 0 when neither is so.");
        meter.CreateObservableGauge("alloc_partition_skew", Skews, "ratio",
            "Largest partition lag over the mean; 1 is even.");
        meter.CreateObservableGauge(
            "alloc_consumer_status", Statuses, null,
            "1 for how a group fares in a partition: ok, warn, stop, stall, rewind, or unknown.");
        meter.CreateObservableGauge(
            "alloc_consumer_groups", Groups, null,
            "Groups on topics of the catalogue: watched, beyond the bound, and unknown, whose offsets are not told.");
        meter.CreateObservableGauge(
            "alloc_partition_open_transaction", Open, "s",
            "How long a transaction has stood open in a partition, so that nothing behind it is read.");
        meter.CreateObservableGauge(
            "alloc_lag_watch_age", () => watch.Report.Age(NowMs).TotalSeconds, "s",
            "How long ago a look at all groups got through; before the first, how long the watch has tried.");
    }

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    public void Dispose() => meter.Dispose();

    private IEnumerable<Measurement<T>> Others<T>(Func<PartitionLag, long, T> value)
        where T : struct
    {
        var nowMs = NowMs;
        var own = watch.Own
            .Select(o => (o.Group, new TopicPartition(o.Status.Topic, o.Status.Partition))).ToHashSet();
        return watch.Report.Groups.SelectMany(g => g.Partitions.Where(p => !own.Contains((g.Name, p.Partition)))
            .Select(p => new Measurement<T>(value(p, nowMs), Tags(g, p))));
    }

    private IEnumerable<Measurement<double>> Skews()
    {
        var own = watch.Own.Select(o => o.Group).ToHashSet(StringComparer.Ordinal);
        return watch.Report.Groups.Where(g => !own.Contains(g.Name) && g.Partitions.Count > 0)
            .Select(g => new Measurement<double>(g.SkewRatio, Tag("group", g.Name)));
    }

    private IEnumerable<Measurement<long>> Statuses() => watch.Report.Groups.SelectMany(g => g.Partitions
        .Select(p => new Measurement<long>(1, [.. Tags(g, p), Tag("status", LagJson.Word(p.Status))])));

    private IEnumerable<Measurement<long>> Groups()
    {
        var report = watch.Report;
        return report.AtMs == 0
            ? []
            :
            [
                new Measurement<long>(report.Groups.Count(g => !g.IsUntold), Tag("state", "watched")),
                new Measurement<long>(report.Groups.Count(g => g.IsUntold), Tag("state", "unknown")),
                new Measurement<long>(report.Beyond, Tag("state", "beyond")),
            ];
    }

    private IEnumerable<Measurement<double>> Open()
    {
        var nowMs = NowMs;
        return watch.Report.Open.Where(o => o.Stands).Select(o => new Measurement<double>(
            Math.Max(0, nowMs - o.SinceMs) / 1000.0, Tag("topic", o.Partition.Topic),
            Tag("partition", o.Partition.Partition)));
    }

    private static KeyValuePair<string, object?>[] Tags(GroupLag group, PartitionLag partition) =>
    [
        Tag("group", group.Name), Tag("topic", partition.Partition.Topic),
        Tag("partition", partition.Partition.Partition),
    ];

    private static KeyValuePair<string, object?> Tag(string name, object? value) => new(name, value);
}
