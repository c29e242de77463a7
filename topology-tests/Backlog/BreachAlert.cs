using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Host.Metrics;
using Alloc.Processors.Backlog;
using Alloc.Processors.Catalogue;
using Topology.Tests.Catalogue;

namespace Topology.Tests.Backlog;

/// <summary>
/// The page StageSlaBreach of one stage as Prometheus finds it, from the series of a scrape: pending while more than
/// the catalogue's share of at least so many items is beyond the SLA, firing once that has lasted.
/// </summary>
internal sealed class BreachAlert : IDisposable
{
    private readonly Meter meter = new("Breach.Test");
    private readonly PrometheusMetrics metrics;
    private readonly string stageId;
    private readonly double limit;
    private readonly double leastItems;
    private readonly long forMs;

    public BreachAlert(string stageId, OperationsCatalogue catalogue)
    {
        this.stageId = stageId;
        metrics = new PrometheusMetrics(meter.Name);
        Instruments = new BacklogInstruments(meter);
        limit = catalogue.Stage(stageId)!.PageShare;
        var row = JsonNode.Parse(File.ReadAllText(Path.Combine(
            CatalogueTexts.Root(), "cli", "Monitoring", "thresholds.json")))!["StageSlaBreach"]!;
        leastItems = (double)row["leastItems"]!;
        forMs = int.Parse(((string)row["for"]!).TrimEnd('m'), CultureInfo.InvariantCulture) * 60_000L;
    }

    /// <summary>What the backlog is to show its figures with.</summary>
    public BacklogInstruments Instruments { get; }

    /// <summary>Since when the condition holds; null: it does not.</summary>
    public long? PendingSinceMs { get; private set; }

    /// <summary>Since when it fires; null: it does not.</summary>
    public long? FiringSinceMs { get; private set; }

    /// <summary>The share of waiting items beyond the SLA, by the last scrape.</summary>
    public double Share { get; private set; }

    /// <summary>Scrapes, and finds out.</summary>
    public void Look(long nowMs)
    {
        using var output = new MemoryStream();
        metrics.WriteAsync(output, CancellationToken.None).GetAwaiter().GetResult();
        var text = Encoding.UTF8.GetString(output.ToArray());
        var items = Value(text, "alloc_stage_items");
        Share = items > 0 ? Value(text, "alloc_stage_breached_items") / items : 0;
        PendingSinceMs = Share > limit && items >= leastItems ? PendingSinceMs ?? nowMs : null;
        FiringSinceMs = PendingSinceMs is { } since && nowMs - since >= forMs ? FiringSinceMs ?? nowMs : null;
    }

    public void Dispose()
    {
        metrics.Dispose();
        meter.Dispose();
    }

    private double Value(string text, string metric)
    {
        var series = $"{metric}{{stage=\"{stageId}\"}} ";
        var at = text.IndexOf(series, StringComparison.Ordinal);
        return at < 0 ? 0 : double.Parse(
            text.AsSpan(at + series.Length, text.IndexOf('\n', at) - at - series.Length), CultureInfo.InvariantCulture);
    }
}
