using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace Alloc.Engine.Observability;

/// <summary>
/// Collects the instruments of meters whose name begins with a prefix and writes them in Prometheus' text format 0.0.4.
/// Names follow its conventions: a counter ends in <c>_total</c>, a unit is part of the name (<c>_seconds</c>,
/// <c>_bytes</c>, <c>_ratio</c>). Thread-safe.
/// </summary>
public sealed class PrometheusExporter : IDisposable
{
    private static readonly double[] DefaultBuckets =
    [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
    ];
    private readonly ConcurrentDictionary<Instrument, MetricFamily> families = new();
    private readonly MeterListener listener = new();
    private readonly Lock writing = new();

    /// <summary>Starts to collect.</summary>
    /// <param name="meterPrefix">What names of meters begin with.</param>
    public PrometheusExporter(string meterPrefix = "Alloc.")
    {
        listener.InstrumentPublished = (instrument, source) =>
        {
            if (instrument.Meter.Name.StartsWith(meterPrefix, StringComparison.Ordinal))
            {
                source.EnableMeasurementEvents(instrument, families.GetOrAdd(instrument, Describe));
            }
        };
        listener.MeasurementsCompleted = (instrument, _) => families.TryRemove(instrument, out var _);
        listener.SetMeasurementEventCallback<long>(
            (_, value, tags, family) => (family as MetricFamily)?.Take(value, tags));
        listener.SetMeasurementEventCallback<int>(
            (_, value, tags, family) => (family as MetricFamily)?.Take(value, tags));
        listener.SetMeasurementEventCallback<double>(
            (_, value, tags, family) => (family as MetricFamily)?.Take(value, tags));
        listener.Start();
    }

    /// <summary>Asks the gauges and writes everything.</summary>
    public void Write(TextWriter output)
    {
        lock (writing)
        {
            foreach (var family in families.Values)
            {
                family.BeginScrape();
            }
            listener.RecordObservableInstruments();
            foreach (var sameName in families.Values.GroupBy(f => f.Name, StringComparer.Ordinal)
                .OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                var first = sameName.First();
                output.Write($"# HELP {first.Name} {first.Help}\n# TYPE {first.Name} {first.Type}\n");
                foreach (var family in sameName)
                {
                    family.Write(output);
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => listener.Dispose();

    private static MetricFamily Describe(Instrument instrument)
    {
        var definition = instrument.GetType().GetGenericTypeDefinition();
        var isCounter = definition == typeof(Counter<>) || definition == typeof(ObservableCounter<>);
        var isHistogram = definition == typeof(Histogram<>);
        var suffix = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", "ratio" => "_ratio", _ => "" };
        var name = instrument.Name.EndsWith(suffix, StringComparison.Ordinal)
            ? instrument.Name
            : instrument.Name + suffix;
        if (isCounter && !name.EndsWith("_total", StringComparison.Ordinal))
        {
            name += "_total";
        }
        return new MetricFamily(
            name,
            (instrument.Description ?? name).Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("\n", "\\n", StringComparison.Ordinal),
            isHistogram ? "histogram" : isCounter ? "counter" : "gauge",
            isHistogram ? BucketsOf(instrument) : null,
            instrument.IsObservable,
            instrument.Meter.Tags);
    }

    private static double[] BucketsOf(Instrument instrument) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds],
        Histogram<long> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(b => (double)b)],
        _ => DefaultBuckets,
    };
}

/// <summary>One metric with its series, by labels.</summary>
internal sealed class MetricFamily(
    string name, string help, string type, double[]? buckets, bool isObservable,
    IEnumerable<KeyValuePair<string, object?>>? meterTags)
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, Series> series = new(StringComparer.Ordinal);
    private readonly string common = string.Join(',', (meterTags ?? []).Select(Label));

    public string Name => name;

    public string Help => help;

    public string Type => type;

    /// <summary>Gauges that are asked say everything each time: what they no longer say is gone.</summary>
    public void BeginScrape()
    {
        if (isObservable)
        {
            lock (gate)
            {
                series.Clear();
            }
        }
    }

    public void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = Labels(tags);
        lock (gate)
        {
            if (!series.TryGetValue(labels, out var found))
            {
                series.Add(labels, found = new Series(buckets is null ? null : new long[buckets.Length]));
            }
            found.Take(value, buckets, isSet: isObservable || type == "gauge");
        }
    }

    public void Write(TextWriter output)
    {
        lock (gate)
        {
            foreach (var (labels, found) in series)
            {
                if (buckets is null)
                {
                    output.Write($"{name}{Braces(labels)} {Number(found.Value)}\n");
                    continue;
                }
                var below = 0L;
                for (var index = 0; index < buckets.Length; index++)
                {
                    below += found.Buckets![index];
                    output.Write($"{name}_bucket{Braces(Join(labels, $"le=\"{Number(buckets[index])}\""))} {below}\n");
                }
                output.Write($"{name}_bucket{Braces(Join(labels, "le=\"+Inf\""))} {found.Count}\n");
                output.Write($"{name}_sum{Braces(labels)} {Number(found.Value)}\n");
                output.Write($"{name}_count{Braces(labels)} {found.Count}\n");
            }
        }
    }

    private string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = common;
        foreach (var tag in tags)
        {
            labels = Join(labels, Label(tag));
        }
        return labels;
    }

    private static string Label(KeyValuePair<string, object?> tag)
    {
        var value = Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? "";
        var escaped = value
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
        return $"{tag.Key}=\"{escaped}\"";
    }

    private static string Join(string labels, string label) => labels.Length == 0 ? label : $"{labels},{label}";

    private static string Braces(string labels) => labels.Length == 0 ? "" : $"{{{labels}}}";

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private sealed class Series(long[]? counts)
    {
        public double Value { get; private set; }

        public long Count { get; private set; }

        public long[]? Buckets => counts;

        public void Take(double value, double[]? bounds, bool isSet)
        {
            Value = isSet ? value : Value + value;
            Count++;
            if (counts is null)
            {
                return;
            }
            var index = Array.BinarySearch(bounds!, value);
            index = index < 0 ? ~index : index;
            if (index < counts.Length)
            {
                counts[index]++;
            }
        }
    }
}
