using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Monitoring;
using Alloc.Cli.Monitoring.Dashboards;
using Alloc.Cli.Monitoring.Rules;
using Alloc.Client;
using Alloc.Processors.Catalogue;
using Alloc.Tests.Support;

namespace Cli.Tests.Monitoring;

/// <summary><c>alloc generate</c>, and what it writes.</summary>
public sealed partial class GenerateTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("alloc-generate-").FullName;

    [Fact]
    public async Task Committed_rules_and_dashboards_are_current()
    {
        var rules = await RunAsync("generate", "rules", "--check", "--to", Committed.Prometheus);
        var tls = await RunAsync(
            "generate", "rules", "--check", "--to", Committed.Tls, "--thresholds",
            Path.Combine(Committed.Tls, "thresholds.json"));
        var dashboards = await RunAsync("generate", "dashboards", "--check", "--to", Committed.Dashboards);

        Assert.True(rules.ExitCode == ExitCode.Ok, rules.Error + rules.Out);
        Assert.True(tls.ExitCode == ExitCode.Ok, tls.Error + tls.Out);
        Assert.True(dashboards.ExitCode == ExitCode.Ok, dashboards.Error + dashboards.Out);
        Assert.Equal(
            DashboardFiles.Write(Thresholds.Shipped).Keys.Order(StringComparer.Ordinal),
            Directory.EnumerateFiles(Committed.Dashboards).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_file_that_is_missing_or_was_changed_is_named_and_writing_mends_it()
    {
        var missing = await RunAsync("generate", "rules", "--check", "--to", directory);
        await RunAsync("generate", "rules", "--to", directory);
        var written = await RunAsync("generate", "rules", "--check", "--to", directory);
        await File.AppendAllTextAsync(
            Path.Combine(directory, "rules.yml"), "# by hand\n", TestContext.Current.CancellationToken);
        var changed = await RunAsync("generate", "rules", "--check", "--to", directory, "-o", "json");

        Assert.Equal(
            (ExitCode.Mismatch, ExitCode.Ok, ExitCode.Mismatch),
            (missing.ExitCode, written.ExitCode, changed.ExitCode));
        Assert.Contains("without --check writes them", missing.Error, StringComparison.Ordinal);
        Assert.Equal("stale", JsonNode.Parse(changed.Out)![0]!["state"]!.ToString());
    }

    [Fact]
    public async Task Rules_alone_are_printed_and_dashboards_need_a_folder()
    {
        var rules = await RunAsync("generate", "rules");
        var dashboards = await RunAsync("generate", "dashboards");

        Assert.Equal(RulesFile.Write(Thresholds.Shipped, WatchedCatalogue.Shipped), rules.Out);
        Assert.Equal(ExitCode.Usage, dashboards.ExitCode);
        Assert.Contains("--to is missing", dashboards.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rules_have_the_owners_page_shares_and_runbooks_of_the_catalogue()
    {
        var file = Path.Combine(directory, "catalogue.json");
        var shipped = OperationsCatalogue.Shipped;
        var catalogue = shipped with
        {
            Version = 1,
            Stages = [.. shipped.Stages.Select(s => s.Id == "InFulfillment"
                ? s with { Owner = "courier", PageShare = 0.35, Runbook = "https://pages.shop.example/late" }
                : s)],
            Classes = [.. shipped.Classes.Select(c => c.Class == MismatchClass.ZombieHold
                ? c with { Owner = "undertaker", Runbook = "docs/runbooks/HoldExpiryStuck.md#act" }
                : c)],
        };
        await File.WriteAllTextAsync(
            file, CatalogueDocument.Write(catalogue), TestContext.Current.CancellationToken);

        var rules = await RunAsync("generate", "rules", "--catalogue", file);

        Assert.True(rules.ExitCode == ExitCode.Ok, rules.Error);
        Assert.Contains("owner: 'courier'", rules.Out, StringComparison.Ordinal);
        Assert.Contains("'vector(0.35)'", rules.Out, StringComparison.Ordinal);
        Assert.Contains(
            "{{ if eq $labels.stage \"InFulfillment\" }}https://pages.shop.example/late{{ else }}"
            + "http://localhost:8233/v1/runbooks/StageSlaBreach{{ end }}", rules.Out, StringComparison.Ordinal);
        Assert.Contains("owner: 'undertaker'", rules.Out, StringComparison.Ordinal);
        Assert.Contains(
            "{{ if eq $labels.class \"ZombieHold\" }}http://localhost:8233/v1/runbooks/HoldExpiryStuck#act{{ else }}"
            + "http://localhost:8233/v1/runbooks/MismatchOpen#{{ $labels.class | toLower }}{{ end }}", rules.Out,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_catalogue_that_is_none_is_refused_with_its_place()
    {
        var file = Path.Combine(directory, "catalogue.yaml");
        await File.WriteAllTextAsync(file, "version: 1\nstages: 5\n", TestContext.Current.CancellationToken);

        var rules = await RunAsync("generate", "rules", "--catalogue", file);

        Assert.Equal((ExitCode.Failure, ""), (rules.ExitCode, rules.Out));
        Assert.Contains($"{file}:2:", rules.Error, StringComparison.Ordinal);
        Assert.Contains("alloc catalogue validate", rules.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_threshold_of_the_file_changes_what_is_written()
    {
        var before = Everything(Thresholds.Shipped);
        var without = new List<string>();

        foreach (var (section, fields) in JsonNode.Parse(Thresholds.ShippedText)!.AsObject())
        {
            foreach (var (field, value) in fields!.AsObject())
            {
                JsonNode other = value!.GetValueKind() == System.Text.Json.JsonValueKind.Number ? 0.77
                    : value.ToString().StartsWith("http", StringComparison.Ordinal) ? "https://elsewhere.example"
                    : field is "exceptPattern" or "job" ? "other" : "47m";
                var overlay = new JsonObject { [section] = new JsonObject { [field] = other } };

                if (Everything(Thresholds.With(overlay.ToJsonString(), "test")) == before)
                {
                    without.Add($"{section}.{field}");
                }
            }
        }

        Assert.Empty(without);
    }

    [Theory]
    [InlineData("""[]""", "is no JSON object")]
    [InlineData("""{""", "is no JSON")]
    [InlineData("""{"StageSlaBreach": {"for": "5m"}, "StageSlaBreach": {}}""", "is no JSON")]
    [InlineData("""{"StageSlaBreech": {"for": "5m"}}""", "Did you mean StageSlaBreach")]
    [InlineData("""{"Down": 5}""", "Down is no object")]
    [InlineData("""{"Down": {"forr": "5m"}}""", "Did you mean for")]
    [InlineData("""{"Down": {"for": 5}}""", "Down.for is 5; write a value like \"1m\"")]
    [InlineData("""{"Down": {"for": null}}""", "Down.for is null")]
    [InlineData("""{"Down": {"for": "soon"}}""", "'soon' is not a duration")]
    [InlineData("""{"Down": {"for": "31d"}}""", "at most 30d")]
    [InlineData("""{"StageSlaBreach": {"pageShare": 20}}""", "from 0 to 1")]
    [InlineData("""{"StageSlaBreach": {"leastItems": -1}}""", "from 0")]
    [InlineData("""{"ownGroups": {"exceptPattern": "("}}""", "is no regular expression")]
    [InlineData("""{"links": {"runbooks": "ftp://x"}}""", "write an address like")]
    [InlineData("""{"scrape": {"job": "a\"b"}}""", "write letters")]
    public void Thresholds_that_are_none_are_refused_by_name(string json, string because)
    {
        var refused = Assert.Throws<AllocException>(() => Thresholds.With(json, "mine.json"));

        Assert.StartsWith("mine.json", refused.Message, StringComparison.Ordinal);
        Assert.Contains(because, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_alert_says_what_is_wrong_whose_it_is_and_where_to_read_on()
    {
        var dashboards = DashboardFiles.Write(Thresholds.Shipped).Keys
            .Select(Path.GetFileNameWithoutExtension).ToList();
        var pages = Directory.EnumerateFiles(Committed.Runbooks, "*.md").Select(Path.GetFileNameWithoutExtension)
            .Where(p => p != "README").Order(StringComparer.Ordinal);

        foreach (var alert in Committed.Alerts())
        {
            var name = alert.Text("alert")!;
            var dashboard = alert.Text("annotations", "dashboard_url")!.Split('/')[^1].Split('?')[0];
            Assert.Contains(alert.Text("labels", "severity"), new[] { "page", "ticket", "none" });
            Assert.True(
                alert.Text("labels", "owner") is not null
                || new[] { "group_left (owner)", "by (owner)" }.Any(brings => alert.Text("expr")!.Contains(
                    brings, StringComparison.Ordinal)), $"{name} is nobody's");
            Assert.EndsWith(
                ".", alert.Text("annotations", "description")!.Replace("{{ end }}", "", StringComparison.Ordinal),
                StringComparison.Ordinal);
            Assert.NotEqual("", alert.Text("annotations", "summary"));
            // The page may have a section for what the alert is about.
            Assert.EndsWith(
                $"/v1/runbooks/{name}", alert.Text("annotations", "runbook_url")!.Split('#')[0],
                StringComparison.Ordinal);
            Assert.Contains(dashboard, dashboards);
        }
        Assert.Equal(
            pages, Committed.Alerts().Select(a => a.Text("alert")!).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Runbooks_and_their_list_say_the_severity_and_the_owner_of_each_alert()
    {
        var list = File.ReadLines(Path.Combine(Committed.Runbooks, "README.md"))
            .Where(l => l.StartsWith("| [", StringComparison.Ordinal))
            .ToDictionary(l => l[3..l.IndexOf(']', StringComparison.Ordinal)]);

        Assert.Equal(Committed.Alerts().Select(a => a.Text("alert")!).Distinct().Order(StringComparer.Ordinal),
            list.Keys);
        foreach (var alert in Committed.Alerts())
        {
            var (name, owner) = (alert.Text("alert")!, alert.Text("labels", "owner") ?? "'s owner");
            var page = File.ReadLines(Path.Combine(Committed.Runbooks, $"{name}.md"))
                .Single(l => l.StartsWith("Severity and owner:", StringComparison.Ordinal));
            foreach (var line in new[] { list[name], page })
            {
                Assert.Contains(alert.Text("labels", "severity")!, line, StringComparison.Ordinal);
                Assert.True(name == "Watchdog" || line.Contains(owner, StringComparison.Ordinal), $"{name}: {line}");
            }
        }
    }

    [Fact]
    public void Recorded_series_are_called_level_metric_operations()
    {
        var recorded = Committed.Rules().Select(r => r.Text("record")).OfType<string>().ToList();

        Assert.NotEmpty(recorded);
        Assert.All(recorded, name => Assert.Matches(RecordedName(), name));
    }

    [Fact]
    public void Every_metric_that_a_rule_or_a_dashboard_names_is_in_the_manual_or_recorded()
    {
        var rules = Committed.Rules();
        var known = File.ReadLines(Path.Combine(Committed.Root, "docs", "operations.md"))
            .Where(line => line.StartsWith("| `alloc_", StringComparison.Ordinal)).Select(line => line.Split('`')[1])
            .Concat(rules.Select(r => r.Text("record")).OfType<string>()).ToHashSet(StringComparer.Ordinal);

        var unknown = rules.Select(r => r.Text("expr")!).Concat(DashboardTests.Expressions())
            .SelectMany(e => MetricName().Matches(e).Select(m => m.Value)).Distinct()
            .Where(m => !known.Contains(m) && !known.Contains(HistogramEnding().Replace(m, "")))
            .Order(StringComparer.Ordinal);

        Assert.Equal(MetricsToCome.Names, unknown);
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private static string Everything(Thresholds thresholds) => RulesFile.Write(thresholds, WatchedCatalogue.Shipped)
        + string.Concat(DashboardFiles.Write(thresholds).Values);

    private static async Task<(int ExitCode, string Out, string Error)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var host = new CliHost { Out = output, Error = error, In = TextReader.Null };
        var code = await AllocCli.RunAsync(args, host);
        return (code, output.ToString(), error.ToString());
    }

    [GeneratedRegex("^[a-z_]+:alloc_[a-z_]+:[a-z0-9_]+$")]
    private static partial Regex RecordedName();

    [GeneratedRegex(@"(?<![\w:$""])(?:[a-z_]+:)?alloc_[a-z0-9_]+(?::[a-z0-9_]+)?(?![\w:])")]
    private static partial Regex MetricName();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex HistogramEnding();
}
