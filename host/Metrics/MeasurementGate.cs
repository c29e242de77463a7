namespace Alloc.Host.Metrics;

/// <summary>
/// Keeps measurements of histograms back while they are written: a histogram is its count, its sum and its buckets, one
/// line after the other, and a measurement between two lines would be in some and not in others. Thread-safe.
/// </summary>
internal sealed class MeasurementGate
{
    private readonly Lock gate = new();
    private readonly Queue<(Action<string[], double> Take, string[] Labels, double Value)> waiting = [];
    private bool isClosed;

    /// <summary>Takes a measurement, or keeps it until the gate opens.</summary>
    public void Pass(Action<string[], double> take, string[] labels, double value)
    {
        lock (gate)
        {
            if (isClosed)
            {
                waiting.Enqueue((take, labels, value));
                return;
            }
            take(labels, value);
        }
    }

    /// <summary>From here on nothing is taken; nothing is being taken either.</summary>
    public void Close()
    {
        lock (gate)
        {
            isClosed = true;
        }
    }

    /// <summary>Takes what was kept back, in its order.</summary>
    public void Open()
    {
        lock (gate)
        {
            isClosed = false;
            while (waiting.TryDequeue(out var kept))
            {
                kept.Take(kept.Labels, kept.Value);
            }
        }
    }
}
