using System.Text;
using System.Text.Json.Nodes;

namespace Cli.Tests.Monitoring;

/// <summary>What Prometheus' and Alertmanager's own tools say of what is committed for them.</summary>
public sealed class PromtoolTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Promtool_reads_the_rules_and_the_configurations()
    {
        var rules = await MonitoringTool.RunAsync(
            "promtool", "check", "rules", Path.Combine(Committed.Prometheus, "rules.yml"),
            Path.Combine(Committed.Tls, "rules.yml"));
        var dev = await MonitoringTool.RunAsync(
            "promtool", "check", "config", Path.Combine(Committed.Prometheus, "dev.yml"));
        // Certificates and the token are made when the cluster is set up.
        var cluster = await MonitoringTool.RunAsync(
            "promtool", "check", "config", "--syntax-only", Path.Combine(Committed.Prometheus, "prometheus.yml"));

        Assert.Equal((0, 0, 0), (rules.ExitCode, dev.ExitCode, cluster.ExitCode));
        Assert.Contains("SUCCESS", rules.Said, StringComparison.Ordinal);
    }

    public static TheoryData<string> UnitTests() => [.. Committed.UnitTests.Select(f => Path.GetFileName(f))];

    [Theory]
    [MemberData(nameof(UnitTests))]
    public async Task Every_unit_test_of_an_alert_passes(string file)
    {
        var (code, _, said) = await MonitoringTool.RunAsync(
            "promtool", "test", "rules", Path.Combine(Committed.Prometheus, "tests", file));

        Assert.True(code == 0, said);
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

        var (_, _, said) = await MonitoringTool.RunAsync("promtool", "check", "rules", "--lint=none", file);
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

                var (_, said, _) = await MonitoringTool.RunAsync(
                    "amtool", "config", "routes", "test", "--config.file", Committed.Alertmanager,
                    "alertname=StageSlaBreach", $"severity={severity}", $"owner={owner}");

                Assert.Equal((severity, owner, expected), (severity, owner, said.Trim()));
            }
        }
        var watchdog = await MonitoringTool.RunAsync(
            "amtool", "config", "routes", "test", "--config.file", Committed.Alertmanager, "alertname=Watchdog",
            "severity=none", "owner=platform");
        Assert.Equal("watchdog", watchdog.Out.Trim());
        Assert.InRange(owners.Count, 7, 20);
    }

    [Fact]
    public async Task Amtool_reads_the_configuration()
    {
        var (code, _, said) = await MonitoringTool.RunAsync("amtool", "check-config", Committed.Alertmanager);

        Assert.True(code == 0, said);
    }
}
