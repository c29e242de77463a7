using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Tests.Support;
using YamlDotNet.RepresentationModel;

namespace Cli.Tests.Monitoring;

/// <summary>What Prometheus' and Alertmanager's own tools say of what is committed for them.</summary>
public sealed class PromtoolTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Promtool_reads_the_rules_and_the_configurations()
    {
        var rules = await RunAsync("promtool", "check", "rules", Path.Combine(Committed.Prometheus, "rules.yml"));
        var dev = await RunAsync("promtool", "check", "config", Path.Combine(Committed.Prometheus, "dev.yml"));
        // Certificates and the token are made when the cluster is set up.
        var cluster = await RunAsync(
            "promtool", "check", "config", "--syntax-only", Path.Combine(Committed.Prometheus, "prometheus.yml"));

        Assert.Equal((0, 0, 0), (rules.ExitCode, dev.ExitCode, cluster.ExitCode));
        Assert.Contains("SUCCESS", rules.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_unit_test_of_an_alert_passes()
    {
        var (code, _, said) = await RunAsync("promtool", ["test", "rules", .. UnitTests()]);

        Assert.True(code == 0, said);
    }

    [Fact]
    public void Every_alert_is_tested_firing_and_not_firing_and_on_no_data()
    {
        var tests = UnitTests().SelectMany(f => ((YamlSequenceNode)Committed.Yaml(f)["tests"]).Children)
            .SelectMany(t => ((YamlSequenceNode)t["alert_rule_test"]).Children.Select(a => (
                Alert: a.Text("alertname")!,
                Severities: ((YamlSequenceNode)a["exp_alerts"]).Children
                    .Select(e => e.Text("exp_labels", "severity")!).ToList(),
                HasData: ((YamlMappingNode)t).Children.ContainsKey("input_series"))))
            .ToList();
        var gaps = new List<string>();

        foreach (var rule in Committed.Alerts())
        {
            var (alert, severity) = (rule.Text("alert")!, rule.Text("labels", "severity")!);
            var of = tests.Where(t => t.Alert == alert).ToList();
            if (!of.Any(t => t.Severities.Contains(severity)))
            {
                gaps.Add($"{alert} ({severity}) is never seen firing");
            }
            // The watchdog always fires, and nothing at all is what Down is about.
            if (alert != "Watchdog" && !of.Any(t => t is { HasData: true, Severities.Count: 0 }))
            {
                gaps.Add($"{alert} is never seen not firing");
            }
            if (alert is not ("Watchdog" or "Down") && !of.Any(t => t is { HasData: false, Severities.Count: 0 }))
            {
                gaps.Add($"{alert} is not tried on no data");
            }
        }

        Assert.Empty(gaps);
    }

    [Fact]
    public async Task Every_question_of_a_dashboard_is_one_that_Prometheus_understands()
    {
        var text = new StringBuilder("groups:\n  - name: dashboards\n    rules:\n");
        foreach (var expression in DashboardTests.Expressions())
        {
            var asked = expression.Replace("$__rate_interval", "5m", StringComparison.Ordinal)
                .Replace("$stage", ".*", StringComparison.Ordinal).Replace("$group", ".*", StringComparison.Ordinal);
            text.Append("      - record: panel:question:asked\n        expr: ")
                .Append(JsonValue.Create(asked).ToJsonString()).Append('\n');
        }
        var file = Path.Combine(Directory.CreateTempSubdirectory("alloc-questions-").FullName, "questions.yml");
        await File.WriteAllTextAsync(file, text.ToString(), Cancellation);

        var (_, _, said) = await RunAsync("promtool", "check", "rules", "--lint=none", file);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);

        Assert.Contains("SUCCESS", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_alert_reaches_the_receiver_of_its_severity_and_owner()
    {
        var owners = Committed.Alerts().Select(a => a.Text("labels", "owner"))
            .Concat(Committed.Rules().Select(r => r.Text("labels", "owner"))).OfType<string>().Distinct().ToList();

        foreach (var severity in new[] { "page", "ticket" })
        {
            foreach (var owner in owners)
            {
                var expected = $"{severity}-{(owner == "unassigned" ? "platform" : owner)}";

                var (_, said, _) = await RunAsync(
                    "amtool", "config", "routes", "test", "--config.file", Committed.Alertmanager,
                    "alertname=StageSlaBreach", $"severity={severity}", $"owner={owner}");

                Assert.Equal((severity, owner, expected), (severity, owner, said.Trim()));
            }
        }
        var watchdog = await RunAsync(
            "amtool", "config", "routes", "test", "--config.file", Committed.Alertmanager, "alertname=Watchdog",
            "severity=none", "owner=platform");
        Assert.Equal("watchdog", watchdog.Out.Trim());
        Assert.InRange(owners.Count, 7, 20);
    }

    [Fact]
    public async Task Amtool_reads_the_configuration()
    {
        var (code, _, said) = await RunAsync("amtool", "check-config", Committed.Alertmanager);

        Assert.True(code == 0, said);
    }

    private static IEnumerable<string> UnitTests() =>
        Directory.EnumerateFiles(Path.Combine(Committed.Prometheus, "tests"), "*.yml");

    private static async Task<(int ExitCode, string Out, string Said)> RunAsync(
        string program, params string[] arguments)
    {
        var path = Installed.Monitor(program);
        Assert.SkipUnless(path is not null, $"{program} is not installed: make deps unpacks Debian's");
        var start = new ProcessStartInfo(path!, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Cancellation);
        var error = process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation).WaitAsync(Deadline, Cancellation);
        return (process.ExitCode, await output, $"{await output}{await error}");
    }
}
