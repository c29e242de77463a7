using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Alloc.Schemas.Projection;

namespace Alloc.Host.Projection.Scanning;

/// <summary>What scans of the search found, by partition of this instance.</summary>
internal sealed class ScanMetrics : IDisposable
{
    private readonly Meter meter = new("Alloc.Projection.Scans");
    private readonly ConcurrentDictionary<int, ScanReport> last = new();
    private readonly Counter<long> scans;

    public ScanMetrics(ScanSchedule schedule)
    {
        meter.CreateObservableGauge(
            "alloc_projection_scan_last_success_timestamp",
            () => last.Select(l => new Measurement<double>(l.Value.AtMs / 1_000.0, Tag(l.Key))), "s",
            "When a partition of the search was compared with the ledger last, since 1970.");
        meter.CreateObservableGauge(
            "alloc_projection_scan_entries",
            () => last.Select(l => new Measurement<long>(l.Value.Entries, Tag(l.Key))), null,
            "Entries of the search that were compared with the ledger last.");
        meter.CreateObservableGauge(
            "alloc_projection_scan_differing",
            () => last.Select(l => new Measurement<long>(l.Value.Differing, Tag(l.Key))), null,
            "Entries of the search that differed from the ledger when they were compared last.");
        meter.CreateObservableGauge(
            "alloc_projection_scan_overdue",
            () => schedule.Overdue().Select(o => new Measurement<double>(o.Overdue.TotalSeconds, Tag(o.Partition))),
            "s", "For how long a partition of the search should have been compared with the ledger, and was not.");
        scans = meter.CreateCounter<long>(
            "alloc_projection_scans", null,
            "Comparisons of a partition of the search with the ledger, by result: equal, differing, failed.");
    }

    /// <summary>A whole partition was compared.</summary>
    public void Found(ScanReport report)
    {
        last[report.Partition] = report;
        scans.Add(1, Result(report.Findings.Count == 0 ? "equal" : "differing"));
    }

    /// <summary>A scan came to no result.</summary>
    public void Failed() => scans.Add(1, Result("failed"));

    /// <summary>Partitions that are elsewhere now are not shown any more.</summary>
    public void KeepOnly(IReadOnlyCollection<int> here)
    {
        foreach (var gone in last.Keys.Where(p => !here.Contains(p)))
        {
            last.TryRemove(gone, out _);
        }
    }

    public void Dispose() => meter.Dispose();

    private static KeyValuePair<string, object?> Tag(int partition) => new("partition", partition);

    private static KeyValuePair<string, object?> Result(string result) => new("result", result);
}
