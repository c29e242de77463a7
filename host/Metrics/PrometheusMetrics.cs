using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Prometheus;

namespace Alloc.Host.Metrics;

/// <summary>
/// Keeps what the instruments of meters say whose name begins with a prefix, and lets prometheus-net write it.
/// Thread-safe.
/// </summary>
/// <remarks>
/// prometheus-net brings an adapter of meters too. It shows counters as gauges, leaves units and the tags of meters
/// away, and goes on showing what a gauge no longer says for minutes; hence the listener here.
/// </remarks>
internal sealed class PrometheusMetrics : IDisposable
{
    private readonly CollectorRegistry registry = Prometheus.Metrics.NewCustomRegistry();
    private readonly MeterListener listener = new();
    private readonly ConcurrentDictionary<PublishedInstrument, bool> published = new();
    private readonly SemaphoreSlim scraping = new(1);
    private readonly MeasurementGate histograms = new();

    /// <summary>Starts to collect.</summary>
    /// <param name="meterPrefix">What names of meters begin with.</param>
    public PrometheusMetrics(string meterPrefix = "Alloc.")
    {
        var factory = Prometheus.Metrics.WithCustomRegistry(registry);
        factory.ExemplarBehavior = ExemplarBehavior.NoExemplars();
        listener.InstrumentPublished = (instrument, source) =>
        {
            if (instrument.Meter.Name.StartsWith(meterPrefix, StringComparison.Ordinal))
            {
                var metric = new PublishedInstrument(instrument, factory, histograms);
                published.TryAdd(metric, instrument.IsObservable);
                source.EnableMeasurementEvents(instrument, metric);
            }
        };
        listener.MeasurementsCompleted = (_, state) =>
        {
            if (state is PublishedInstrument metric && published.TryRemove(metric, out var isObserved) && isObserved)
            {
                metric.Withdraw();
            }
        };
        listener.SetMeasurementEventCallback<long>(
            (_, value, tags, state) => (state as PublishedInstrument)?.Take(value, tags));
        listener.SetMeasurementEventCallback<int>(
            (_, value, tags, state) => (state as PublishedInstrument)?.Take(value, tags));
        listener.SetMeasurementEventCallback<double>(
            (_, value, tags, state) => (state as PublishedInstrument)?.Take(value, tags));
        listener.Start();
    }

    /// <summary>
    /// Asks the gauges and writes everything, in Prometheus' text format 0.0.4. One writes at a time.
    /// </summary>
    public async Task WriteAsync(Stream output, CancellationToken cancellation)
    {
        // Whoever reads slowly holds up no measurement.
        using var text = new MemoryStream();
        await CollectAsync(text, cancellation).ConfigureAwait(false);
        text.Position = 0;
        await text.CopyToAsync(output, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// The same to a stream that takes it at once: measurements of histograms wait until all is written.
    /// </summary>
    internal async Task CollectAsync(Stream output, CancellationToken cancellation)
    {
        await scraping.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            listener.RecordObservableInstruments();
            foreach (var (metric, isObserved) in published)
            {
                if (isObserved)
                {
                    metric.EndScrape();
                }
            }
            foreach (var metric in published.Keys.Where(m => m.IsGauge))
            {
                metric.Restate();
            }
            histograms.Close();
            await registry.CollectAndExportAsTextAsync(output, cancellation).ConfigureAwait(false);
        }
        finally
        {
            histograms.Open();
            scraping.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        listener.Dispose();
        scraping.Dispose();
    }
}
