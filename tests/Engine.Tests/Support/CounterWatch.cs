using System.Diagnostics.Metrics;

namespace Engine.Tests.Support;

/// <summary>What one counter of one application says from now on.</summary>
internal sealed class CounterWatch : IDisposable
{
    private readonly MeterListener listener = new();
    private readonly List<(double Value, KeyValuePair<string, object?>[] Tags)> counted = [];

    /// <summary>Begins to listen.</summary>
    /// <param name="instrument">The counter's name, as code has it.</param>
    /// <param name="group">The application's id.</param>
    public CounterWatch(string instrument, string group)
    {
        listener.InstrumentPublished = (published, toWhom) =>
        {
            if (published.Name == instrument
                && published.Meter.Tags!.Any(t => t.Key == "group" && (string?)t.Value == group))
            {
                toWhom.EnableMeasurementEvents(published);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => Count(value, tags.ToArray()));
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) => Count(value, tags.ToArray()));
        listener.Start();
    }

    /// <summary>All of it together.</summary>
    public double Sum
    {
        get
        {
            lock (counted)
            {
                return counted.Sum(c => c.Value);
            }
        }
    }

    /// <summary>Each count in order: its tags as <c>name=value</c>, then how many.</summary>
    public IReadOnlyList<string> Counts
    {
        get
        {
            lock (counted)
            {
                return counted.ConvertAll(
                    c => string.Join(' ', [.. c.Tags.Select(t => $"{t.Key}={t.Value}"), $"{c.Value}"]));
            }
        }
    }

    /// <summary>The value of a tag in each count, in order.</summary>
    public IReadOnlyList<string> Tag(string name)
    {
        lock (counted)
        {
            return counted.ConvertAll(c => (string)c.Tags.Single(t => t.Key == name).Value!);
        }
    }

    public void Dispose() => listener.Dispose();

    private void Count(double value, KeyValuePair<string, object?>[] tags)
    {
        lock (counted)
        {
            counted.Add((value, tags));
        }
    }
}
