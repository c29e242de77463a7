using System.Diagnostics.Metrics;
using System.Globalization;
using Prometheus;

namespace Alloc.Host.Metrics;

/// <summary>
/// One instrument's metric in prometheus-net's registry: a collector for each set of label names, which are the tags of
/// the meter and then those of the measurement in its order. Thread-safe.
/// </summary>
internal sealed class PublishedInstrument
{
    private const char Separator = '\u001f';

    private readonly MetricDescription description;
    private readonly MetricFactory factory;
    private readonly MeasurementGate histograms;
    private readonly bool isObserved;
    private readonly string[] commonNames;
    private readonly string[] commonValues;
    private readonly Lock gate = new();
    private readonly List<Labelled> collectors = [];
    private Dictionary<string, (Labelled Collector, string[] Values, double Value)> shown = [];
    private Dictionary<string, (Labelled Collector, string[] Values, double Value)> said = [];

    public PublishedInstrument(Instrument instrument, MetricFactory factory, MeasurementGate histograms)
    {
        description = MetricDescription.Of(instrument);
        this.factory = factory;
        this.histograms = histograms;
        isObserved = instrument.IsObservable;
        var tags = instrument.Meter.Tags?.ToArray() ?? [];
        commonNames = [.. tags.Select(t => t.Key)];
        commonValues = [.. tags.Select(t => Text(t.Value))];
        // Without labels it has no series, yet is listed with its help before it has said anything.
        collectors.Add(Create([]));
    }

    /// <summary>Whether it is a gauge that is asked.</summary>
    public bool IsGauge => isObserved && description.Kind == MetricKind.Gauge;

    /// <summary>Takes one measurement.</summary>
    public void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var values = new string[commonValues.Length + tags.Length];
        commonValues.CopyTo(values, 0);
        for (var i = 0; i < tags.Length; i++)
        {
            values[commonValues.Length + i] = Text(tags[i].Value);
        }
        lock (gate)
        {
            var collector = Find(tags);
            collector.Take(values, value);
            if (isObserved)
            {
                said[string.Join(Separator, values)] = (collector, values, value);
            }
        }
    }

    /// <summary>
    /// Ends a round of questions: what an instrument that is asked no longer says is gone. Counters that are not asked
    /// keep what they have, as long as the process lasts.
    /// </summary>
    public void EndScrape()
    {
        lock (gate)
        {
            foreach (var (key, (collector, values, _)) in shown)
            {
                if (!said.ContainsKey(key))
                {
                    collector.Remove(values);
                }
            }
            (shown, said) = (said, shown);
            said.Clear();
        }
    }

    /// <summary>
    /// Says again what was said in this round: another instrument of the same name may just have taken back a series
    /// that this one says from now on.
    /// </summary>
    public void Restate()
    {
        lock (gate)
        {
            foreach (var (collector, values, value) in shown.Values)
            {
                collector.Take(values, value);
            }
        }
    }

    /// <summary>Takes back everything that is shown.</summary>
    public void Withdraw()
    {
        lock (gate)
        {
            foreach (var (collector, values, _) in shown.Values.Concat(said.Values))
            {
                collector.Remove(values);
            }
            shown.Clear();
            said.Clear();
        }
    }

    private static string Text(object? value) =>
        value as string ?? Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    private Labelled Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var known in collectors)
        {
            if (known.HasNames(commonNames.Length, tags))
            {
                return known;
            }
        }
        var names = new List<string>(commonNames);
        foreach (var tag in tags)
        {
            names.Add(tag.Key);
        }
        var collector = Create([.. names]);
        collectors.Add(collector);
        return collector;
    }

    private Labelled Create(string[] names)
    {
        var (name, help, kind, buckets) = description;
        switch (kind)
        {
            case MetricKind.Counter:
                var counter = factory.CreateCounter(
                    name, help, names, new CounterConfiguration { SuppressInitialValue = true });
                return new Labelled(
                    names,
                    isObserved ? (l, v) => Raise(counter, l, v) : (l, v) => counter.WithLabels(l).Inc(v),
                    counter.RemoveLabelled);
            case MetricKind.Histogram:
                var histogram = factory.CreateHistogram(
                    name, help, names, new HistogramConfiguration { SuppressInitialValue = true, Buckets = buckets });
                Action<string[], double> observe = (l, v) => histogram.WithLabels(l).Observe(v);
                return new Labelled(names, (l, v) => histograms.Pass(observe, l, v), histogram.RemoveLabelled);
            default:
                var gauge = factory.CreateGauge(
                    name, help, names, new GaugeConfiguration { SuppressInitialValue = true });
                return new Labelled(names, (l, v) => gauge.WithLabels(l).Set(v), gauge.RemoveLabelled);
        }
    }

    // A counter that is asked says its value; one that fell was begun anew, which is a counter that restarts.
    private static void Raise(Counter counter, string[] labels, double value)
    {
        if (counter.WithLabels(labels).Value > value)
        {
            counter.RemoveLabelled(labels);
        }
        counter.WithLabels(labels).IncTo(value);
    }

    private sealed record Labelled(string[] Names, Action<string[], double> Take, Action<string[]> Remove)
    {
        public bool HasNames(int commonCount, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (Names.Length != commonCount + tags.Length)
            {
                return false;
            }
            for (var i = 0; i < tags.Length; i++)
            {
                if (Names[commonCount + i] != tags[i].Key)
                {
                    return false;
                }
            }
            return true;
        }
    }
}
