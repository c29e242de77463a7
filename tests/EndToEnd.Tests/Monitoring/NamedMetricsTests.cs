using System.Text.RegularExpressions;
using Alloc.Cli.Monitoring;
using Alloc.Cli.Monitoring.Dashboards;
using Alloc.Cli.Monitoring.Rules;
using Alloc.Tests.Support;
using EndToEnd.Tests.Http;

namespace EndToEnd.Tests.Monitoring;

/// <summary>Rules and dashboards ask for what a running instance shows.</summary>
[Collection(nameof(MonitoredDev))]
public sealed partial class NamedMetricsTests(MonitoredDev dev)
{
    [Fact]
    public async Task Every_metric_that_a_rule_or_a_dashboard_names_is_in_a_scrape()
    {
        using var http = new HttpClient();
        var scraped = Exposition.Parse(await http.GetStringAsync(
            new Uri($"{dev.Deployment.Console}/metrics"), TestContext.Current.CancellationToken))
            .SelectMany(Series).ToHashSet(StringComparer.Ordinal);
        var rules = RuleBook.Groups(Thresholds.Shipped, WatchedStage.Shipped).SelectMany(g => g.Rules).ToList();

        var missing = rules.Select(r => r.Expression).Concat(DashboardFiles.Write(Thresholds.Shipped).Values)
            .SelectMany(text => MetricName().Matches(text).Select(m => m.Value)).Distinct()
            .Where(name => !scraped.Contains(name)).Order(StringComparer.Ordinal);

        Assert.Equal(MetricsToCome.Names, missing);
    }

    private static IEnumerable<string> Series(ScrapedMetric metric) => metric.Type == "histogram"
        ? new[] { "_bucket", "_sum", "_count" }.Select(ending => metric.Name + ending)
        : [metric.Name];

    // Names with colons are recorded by the rules themselves.
    [GeneratedRegex(@"(?<![\w:])alloc_[a-z0-9_]+(?![\w:])")]
    private static partial Regex MetricName();
}
