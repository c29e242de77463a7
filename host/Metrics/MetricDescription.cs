using System.Diagnostics.Metrics;

namespace Alloc.Host.Metrics;

/// <summary>What Prometheus knows of metrics.</summary>
internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>
/// An instrument in Prometheus' words, by its conventions: a counter ends in <c>_total</c>, a unit is part of the name
/// (<c>_seconds</c>, <c>_bytes</c>, <c>_ratio</c>).
/// </summary>
internal sealed record MetricDescription(string Name, string Help, MetricKind Kind, double[] Buckets)
{
    private static readonly double[] DefaultBuckets =
    [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
    ];

    public static MetricDescription Of(Instrument instrument)
    {
        var definition = instrument.GetType().GetGenericTypeDefinition();
        var kind = definition == typeof(Counter<>) || definition == typeof(ObservableCounter<>) ? MetricKind.Counter
            : definition == typeof(Histogram<>) ? MetricKind.Histogram
            : MetricKind.Gauge;
        var name = NameOf(instrument, kind);
        // prometheus-net escapes labels, not help.
        var help = (instrument.Description ?? name).Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
        return new MetricDescription(name, help, kind, BucketsOf(instrument));
    }

    private static string NameOf(Instrument instrument, MetricKind kind)
    {
        var suffix = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", "ratio" => "_ratio", _ => "" };
        var name = instrument.Name.EndsWith(suffix, StringComparison.Ordinal)
            ? instrument.Name
            : instrument.Name + suffix;
        return kind is MetricKind.Counter && !name.EndsWith("_total", StringComparison.Ordinal)
            ? name + "_total"
            : name;
    }

    private static double[] BucketsOf(Instrument instrument) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds],
        Histogram<long> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(b => (double)b)],
        _ => DefaultBuckets,
    };
}
