using System.Diagnostics.Metrics;
using Alloc.Web.Reads;

namespace Alloc.Host.Roles;

/// <summary>Which applications of this instance stopped.</summary>
internal sealed class RoleMetrics : IDisposable
{
    private readonly Meter meter = new("Alloc.Roles");

    public RoleMetrics(HostedApplications applications) => meter.CreateObservableGauge(
        "alloc_role_stopped",
        () => applications.All.Select(a => new Measurement<int>(
            a.Failure is null ? 0 : 1, new KeyValuePair<string, object?>("role", a.Role))),
        null,
        "1 where an application of this instance did not start, or stopped by a fault; else 0.");

    public void Dispose() => meter.Dispose();
}
