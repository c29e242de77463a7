using System.Diagnostics.Metrics;
using Alloc.Web.Reads;

namespace Alloc.Host.Projection;

/// <summary>How far the search projection is behind the journal, by partition of this instance.</summary>
internal sealed class ProjectionMetrics : IDisposable
{
    private readonly Meter meter = new("Alloc.Projection");

    public ProjectionMetrics(Func<ProjectionStatus> status)
    {
        meter.CreateObservableGauge(
            "alloc_projection_lag",
            () => status().Partitions.Select(p => new Measurement<double>(p.Lag.TotalSeconds, Tag(p))), "s",
            "Age of the oldest outcome that searches do not show yet.");
        meter.CreateObservableGauge(
            "alloc_projection_lag_records",
            () => status().Partitions.Where(p => p.LagRecords is not null)
                .Select(p => new Measurement<long>(p.LagRecords!.Value, Tag(p))), null,
            "Outcomes that searches do not show yet.");
        meter.CreateObservableGauge(
            "alloc_projection_stopped", () => status().Failure is null ? 0 : 1, null,
            "1 when the search projection of this instance stopped by a fault, else 0.");
    }

    public void Dispose() => meter.Dispose();

    private static KeyValuePair<string, object?> Tag(ProjectedPartition partition) =>
        new("partition", partition.Partition);
}
