using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Alloc.Cli.Monitoring;
using Alloc.Cli.Monitoring.Dashboards;
using Alloc.Cli.Monitoring.Rules;
using Alloc.Host.Roles;
using Alloc.Tests.Support;
using EndToEnd.Tests.Http;

namespace EndToEnd.Tests.Monitoring;

/// <summary>The manual, rules and dashboards name what a running instance says, with the labels that it says.</summary>
[Collection(nameof(MonitoredDev))]
public sealed partial class NamedMetricsTests(MonitoredDev dev)
{
    /// <summary>What Prometheus itself gives every series.</summary>
    private static readonly string[] OfTheScrape = ["instance", "job"];

    private static IReadOnlyList<Rule> Rules { get; } =
        [.. RuleBook.Groups(Thresholds.Shipped, WatchedCatalogue.Shipped).SelectMany(g => g.Rules)];

    [Fact]
    public async Task The_manual_lists_every_metric_with_its_type_labels_and_meaning()
    {
        var scraped = await ScrapeAsync(ManualMetric.All.Select(m => m.Name));

        Assert.Equal(
            ManualMetric.All.Select(m => m.Name),
            scraped.Select(m => m.Name).Order(StringComparer.Ordinal));
        Assert.Empty(UnsaidMetrics.Reasons.Keys.Except(ManualMetric.All.Select(m => m.Name)));
        Assert.Empty(scraped.Where(m => m.Samples.Count == 0).Select(m => m.Name).Except(UnsaidMetrics.Reasons.Keys));
        foreach (var metric in scraped)
        {
            var row = ManualMetric.All.Single(m => m.Name == metric.Name);
            var labels = metric.Samples.Count == 0
                ? row.Labels
                : string.Join(", ", metric.LabelNames.Order(StringComparer.Ordinal));
            Assert.Equal(
                (metric.Name, metric.Type, labels, metric.Help), (row.Name, row.Type, row.Labels, row.Meaning));
        }
    }

    [Fact]
    public async Task Every_metric_that_a_rule_or_a_dashboard_names_has_a_sample_in_a_scrape()
    {
        var named = Expressions().SelectMany(e => MetricName().Matches(e).Select(m => m.Value))
            .Concat(Variables().Select(v => v.Series)).Where(n => !n.Contains(':')).Distinct().ToList();

        var said = (await ScrapeAsync(named)).SelectMany(m => m.Samples).Select(s => s.Name).ToHashSet();

        Assert.Equal(
            MetricsToCome.Names,
            named.Where(n => !said.Contains(n)).Except(UnsaidMetrics.Reasons.Keys).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_label_that_a_rule_or_a_dashboard_asks_for_is_one_of_its_metrics()
    {
        var known = (await ScrapeAsync([])).SelectMany(Series).ToDictionary(StringComparer.Ordinal);
        known["up"] = [];
        var reader = new PromQlLabels(name => name == "ALERTS" ? null
            : name.Contains(':') ? known[name]
            : [.. known[name], .. OfTheScrape]);
        foreach (var rule in Rules)
        {
            var labels = reader.Read(rule.Expression);
            if (rule is RecordingRule recorded)
            {
                HashSet<string> has = [.. labels!, .. recorded.Labels.Select(l => l.Name)];
                known[recorded.Name] = known.TryGetValue(recorded.Name, out var before)
                    ? [.. before.Intersect(has)]
                    : has;
            }
        }
        foreach (var expression in Panels().Concat(Variables().Select(v => $"max by ({v.Label}) ({v.Series})")))
        {
            reader.Read(expression.Replace("$__rate_interval", "1m", StringComparison.Ordinal));
        }

        Assert.Empty(reader.Problems);
    }

    [Fact]
    public async Task The_groups_of_an_instances_applications_are_shown_and_page_but_for_searches_and_the_shadow()
    {
        using var http = new HttpClient();
        var shown = Exposition.Parse(await http.GetStringAsync(
            new Uri($"{dev.Deployment.Console}/metrics"), TestContext.Current.CancellationToken))
            .Single(m => m.Name == "alloc_broker_silent_seconds").Samples
            .Select(s => s.Labels.Single(l => l.Key == "group").Value).Order(StringComparer.Ordinal);
        var except = new Regex($"^(?:{Thresholds.Shipped["ownGroups"].Text("exceptPattern")})$");

        var usual = InstanceRoles.Usual.Select(r => InstanceRoles.IdOf("allocation", r));
        Assert.Equal(usual.Order(StringComparer.Ordinal), shown);
        foreach (var role in Enum.GetValues<InstanceRole>())
        {
            Assert.All(new[] { "allocation", "shop", "shop.eu" }.Select(id => InstanceRoles.IdOf(id, role)), id =>
                Assert.Equal(role is InstanceRole.Projection or InstanceRole.Shadow, except.IsMatch(id)));
        }
    }

    [Theory]
    [InlineData("alloc_commands_total{command,outcome,reason}")]
    [InlineData("alloc_command_duration_seconds")]
    [InlineData("alloc_duplicate_commands_total{kind}")]
    [InlineData("alloc_holds_created_total")]
    [InlineData("alloc_holds_expired_total")]
    [InlineData("alloc_holds_active")]
    [InlineData("alloc_hold_oldest_overdue_seconds")]
    [InlineData("alloc_expiry_lateness_seconds")]
    [InlineData("alloc_confirmation_duration_seconds{channel}")]
    [InlineData("alloc_release_failures_total{reason}")]
    [InlineData("alloc_preemptions_total")]
    [InlineData("alloc_waitlist_entries")]
    [InlineData("alloc_pool_units{bucket}")]
    [InlineData("alloc_pool_deficit_units")]
    [InlineData("alloc_quota_used_ratio{scope_kind}")]
    [InlineData("alloc_supply_ignored_total{reason}")]
    [InlineData("alloc_invariant_violations_total")]
    [InlineData("alloc_stage_items{stage}")]
    [InlineData("alloc_stage_breached_items{stage}")]
    [InlineData("alloc_stage_oldest_age_seconds{stage}")]
    [InlineData("alloc_stage_sla_seconds{stage}")]
    [InlineData("alloc_stage_drain_seconds{stage}")]
    [InlineData("alloc_stage_completed_total{stage}")]
    [InlineData("alloc_stage_completed_late_total{stage}")]
    [InlineData("alloc_stage_holds_at_risk{stage}")]
    [InlineData("alloc_stage_retries_total{stage}")]
    [InlineData("alloc_stage_compensations_total{stage}")]
    [InlineData("alloc_stage_manual_review_items{stage}")]
    [InlineData("alloc_consumer_lag_records{group,topic,partition}")]
    [InlineData("alloc_consumer_lag_seconds{group,topic,partition}")]
    [InlineData("alloc_consumer_status{group,topic,partition,status}")]
    [InlineData("alloc_partition_skew_ratio{group}")]
    [InlineData("alloc_records_processed_total{group,topic}")]
    [InlineData("alloc_projection_lag_seconds")]
    [InlineData("alloc_reconciliation_mismatches{class}")]
    [InlineData("alloc_reconciliation_oldest_mismatch_age_seconds")]
    [InlineData("alloc_reconciliation_last_success_timestamp_seconds")]
    [InlineData("alloc_reconciliation_repairs_total{action,result}")]
    [InlineData("alloc_watermark_lag_seconds{group,partition}")]
    [InlineData("alloc_late_records_total{source}")]
    [InlineData("alloc_shadow_decisions_total{class}")]
    [InlineData("alloc_dead_letters_total{topic,reason}")]
    [InlineData("alloc_transactions_total{result}")]
    [InlineData("alloc_transaction_duration_seconds")]
    [InlineData("alloc_restore_remaining_records")]
    [InlineData("alloc_store_memory_bytes")]
    [InlineData("alloc_store_unwritten_entries")]
    [InlineData("alloc_degraded_mode_active{mode}")]
    [InlineData("alloc_build_info{version}")]
    public void What_the_design_promises_of_waiting_lag_holds_and_decisions_is_in_the_manual(string promised)
    {
        var parts = promised.TrimEnd('}').Split('{');

        var row = Assert.Single(ManualMetric.All, m => m.Name == parts[0]);

        Assert.Empty(parts.Skip(1).SelectMany(p => p.Split(',')).Except(row.LabelNames));
    }

    /// <summary>Scrapes until what can have a sample has one, and at last whatever there is.</summary>
    private async Task<IReadOnlyList<ScrapedMetric>> ScrapeAsync(IEnumerable<string> names)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var counts = ManualMetric.All.Where(m => m.Type == "histogram").Select(m => m.Name).ToHashSet();
        await SomethingOfEverything.AreSaidAsync(
            dev.Deployment,
            [.. names.Except(UnsaidMetrics.Reasons.Keys).Select(n => counts.Contains(n) ? $"{n}_count" : n)],
            cancellation);
        using var http = new HttpClient();
        return Exposition.Parse(
            await http.GetStringAsync(new Uri($"{dev.Deployment.Console}/metrics"), cancellation));
    }

    /// <summary>The names that its samples have, each with its labels; the manual's, where it has no sample.</summary>
    private static IEnumerable<KeyValuePair<string, HashSet<string>>> Series(ScrapedMetric metric)
    {
        HashSet<string> labels = metric.Samples.Count > 0
            ? [.. metric.LabelNames]
            : [.. ManualMetric.All.Single(m => m.Name == metric.Name).LabelNames];
        return metric.Type == "histogram"
            ?
            [
                new($"{metric.Name}_bucket", [.. labels, "le"]), new($"{metric.Name}_sum", labels),
                new($"{metric.Name}_count", labels),
            ]
            : [new(metric.Name, labels)];
    }

    private static IEnumerable<string> Expressions() => Rules.Select(r => r.Expression).Concat(Panels());

    private static IEnumerable<string> Panels() => Pages().SelectMany(p => p["panels"]!.AsArray())
        .SelectMany(p => p!["targets"]?.AsArray() ?? []).Select(t => t!["expr"]!.ToString());

    private static IEnumerable<(string Series, string Label)> Variables() => Pages()
        .SelectMany(p => p["templating"]!["list"]!.AsArray()).Select(v => v!["definition"]?.ToString()).OfType<string>()
        .Select(d => d["label_values(".Length..^1].Split(", ")).Select(d => (d[0], d[1]));

    private static IEnumerable<JsonNode> Pages() =>
        DashboardFiles.Write(Thresholds.Shipped).Values.Select(text => JsonNode.Parse(text)!);

    // Names with colons are recorded by the rules themselves.
    [GeneratedRegex(@"(?<![\w:])alloc_[a-z0-9_]+(?![\w:])")]
    private static partial Regex MetricName();
}
