using System.Diagnostics.Metrics;
using System.Text;
using Alloc.Host.Metrics;
using Alloc.Processors.Backlog;

namespace Topology.Tests.Backlog;

/// <summary>What Prometheus sees of stages.</summary>
public sealed class BacklogMetricsTests
{
    [Fact]
    public async Task Every_stage_shows_what_waits_how_old_it_is_and_what_left()
    {
        using var meter = new Meter("Backlog.Test");
        using var metrics = new PrometheusMetrics(meter.Name);
        var instruments = new BacklogInstruments(meter);
        using var backlog = new BacklogDriver(instruments: instruments);
        backlog.Enter("o1");
        backlog.Enter("o2");
        backlog.Leave("o2");
        backlog.Pass(TimeSpan.FromMinutes(16));
        backlog.Leave("o1");
        backlog.Enter("o3", attempt: 2);
        backlog.Pass(TimeSpan.FromSeconds(10));

        var text = await ScrapeAsync(metrics);

        foreach (var (name, value) in new[]
        {
            ("items", 1), ("sla_seconds", 900), ("completed_total", 2), ("completed_late_total", 1),
            ("retries_total", 1),
        })
        {
            Assert.Contains(
                $"alloc_stage_{name}{{stage=\"AwaitingFraudDecision\"}} {value}\n", text, StringComparison.Ordinal);
        }
        foreach (var name in new[]
        {
            "breached_items", "oldest_age_seconds", "drain_seconds", "holds_at_risk", "compensations_total",
            "manual_review_items",
        })
        {
            Assert.Contains($"alloc_stage_{name}{{stage=\"AuthorizationPending\"}}", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_merger_that_ends_shows_nothing_any_more()
    {
        using var meter = new Meter("Backlog.Ending");
        using var metrics = new PrometheusMetrics(meter.Name);
        var instruments = new BacklogInstruments(meter);
        using (var backlog = new BacklogDriver(instruments: instruments))
        {
            backlog.Pass(TimeSpan.FromSeconds(10));
            Assert.Contains("alloc_stage_items{", await ScrapeAsync(metrics), StringComparison.Ordinal);
        }

        Assert.DoesNotContain("alloc_stage_items{", await ScrapeAsync(metrics), StringComparison.Ordinal);
    }

    private static async Task<string> ScrapeAsync(PrometheusMetrics metrics)
    {
        using var output = new MemoryStream();
        await metrics.WriteAsync(output, CancellationToken.None);
        return Encoding.UTF8.GetString(output.ToArray());
    }
}
