using System.Text.Json.Nodes;
using Alloc.Cli.Monitoring;
using Alloc.Cli.Monitoring.Rules;
using Alloc.Processors.Notation;
using YamlDotNet.RepresentationModel;

namespace Cli.Tests.Monitoring;

/// <summary>
/// What promtool's unit tests try of each alert and each of its severities: that it fires, that it just does not, that
/// no data is no alert.
/// </summary>
public sealed class AlertCoverageTests
{
    /// <summary>The time between two evaluations in most of the unit tests.</summary>
    private const long EvaluationMs = 15_000;

    /// <summary>How much a limit of time is loosened, at most.</summary>
    private const long SlightlyMs = 1_000;

    /// <summary>What a unit test of promtool begins with.</summary>
    private const string Case = "\n  - name: ";

    private static readonly IReadOnlyList<RuleGroup> Shipped =
        RuleBook.Groups(Thresholds.Shipped, WatchedCatalogue.Shipped);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Every limit of every alert and severity that can be looser than it is.</summary>
    public static TheoryData<string, string, string> Limits()
    {
        var limits = new TheoryData<string, string, string>();
        foreach (var alert in Shipped.SelectMany(g => g.Rules).OfType<AlertRule>())
        {
            var fields = JsonNode.Parse(Thresholds.ShippedText)![alert.Name]?.AsObject() ?? new JsonObject();
            foreach (var (field, value) in fields.Where(f => Looser(f.Key, f.Value!) is not null))
            {
                if (Write(Loosened(alert, field)) != Write(Alone(Shipped, alert)))
                {
                    limits.Add(alert.Name, alert.Severity.ToString(), field);
                }
            }
        }
        return limits;
    }

    [Theory]
    [MemberData(nameof(Limits))]
    public async Task A_limit_that_is_a_little_looser_fails_a_unit_test(string alert, string severity, string field)
    {
        var rule = Shipped.SelectMany(g => g.Rules).OfType<AlertRule>()
            .Single(r => r.Name == alert && r.Severity.ToString() == severity);
        var folder = Directory.CreateTempSubdirectory("alloc-looser-").FullName;
        var tests = Directory.CreateDirectory(Path.Combine(folder, "tests")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, RulesFile.Name), Write(Loosened(rule, field)), Cancellation);
        var files = new List<string>();
        foreach (var (name, text) in TestsOf(alert))
        {
            files.Add(Path.Combine(tests, name));
            await File.WriteAllTextAsync(files[^1], text, Cancellation);
        }

        var tried = await MonitoringTool.RunAsync("promtool", ["test", "rules", .. files]);
        Directory.Delete(folder, recursive: true);

        Assert.True(
            tried.ExitCode != 0 && tried.Said.Contains($"alertname: {alert}", StringComparison.Ordinal),
            $"No case is just under {field} of {alert} ({severity}): with a looser one all pass.\n{tried.Said}");
    }

    [Fact]
    public void Every_alert_of_each_severity_is_tested_firing_and_not_firing_and_on_no_data()
    {
        var cases = Committed.UnitTests.SelectMany(Cases).ToList();
        var gaps = new List<string>();

        // The name says whose it is: by it the cases of an alert are found.
        Assert.All(
            cases.Where(c => c.HasData), c => Assert.StartsWith($"{c.Alert}: ", c.Name, StringComparison.Ordinal));
        foreach (var rule in Committed.Alerts())
        {
            var (alert, severity) = (rule.Text("alert")!, rule.Text("labels", "severity")!);
            var of = cases.Where(c => c.Alert == alert).ToList();
            if (!of.Any(c => c.Severities.Contains(severity)))
            {
                gaps.Add($"{alert} ({severity}) is never seen firing");
            }
            // The watchdog always fires, and nothing at all is what Down is about.
            if (alert != "Watchdog" && !of.Any(c => c.HasData && !c.Severities.Contains(severity)))
            {
                gaps.Add($"{alert} ({severity}) is never seen not firing");
            }
            if (alert is not ("Watchdog" or "Down") && !of.Any(c => !c.HasData && c.Severities.Count == 0))
            {
                gaps.Add($"{alert} is not tried on no data");
            }
        }

        Assert.Empty(gaps);
    }

    /// <summary>
    /// The rules with one limit of one alert and severity loosened a little; what alerts say is left as it is.
    /// </summary>
    private static IReadOnlyList<RuleGroup> Loosened(AlertRule alert, string field)
    {
        var looser = Looser(field, JsonNode.Parse(Thresholds.ShippedText)![alert.Name]![field]!);
        var overlay = new JsonObject { [alert.Name] = new JsonObject { [field] = looser } };
        var groups = RuleBook.Groups(Thresholds.With(overlay.ToJsonString(), "looser"), WatchedCatalogue.Shipped);
        return Alone([.. Shipped.Zip(groups, (before, after) => before with
        {
            Rules = [.. before.Rules.Zip(after.Rules, (was, now) => was switch
            {
                AlertRule rule when rule.Name == alert.Name && rule.Severity == alert.Severity =>
                    rule with { Expression = now.Expression, For = ((AlertRule)now).For },
                AlertRule rule => rule,
                _ => now,
            })],
        })], alert);
    }

    /// <summary>The alert with what is recorded beside it: the others only take promtool's time.</summary>
    private static IReadOnlyList<RuleGroup> Alone(IReadOnlyList<RuleGroup> groups, AlertRule alert) =>
        [.. groups.Where(g => g.Rules.OfType<AlertRule>().Any(r => r.Name == alert.Name)).Select(g => g with
        {
            Rules = [.. g.Rules.Where(r => r is not AlertRule other || other.Name == alert.Name)],
        })];

    /// <summary>The unit tests of an alert that are not about no data, a file each.</summary>
    private static IEnumerable<(string Name, string Text)> TestsOf(string alert)
    {
        foreach (var file in Committed.UnitTests)
        {
            var parts = File.ReadAllText(file).Split(Case);
            var of = parts.Skip(1).Where(p => p.StartsWith($"'{alert}: ", StringComparison.Ordinal)).ToList();
            if (of.Count > 0)
            {
                yield return (Path.GetFileName(file), string.Join(Case, of.Prepend(parts[0])));
            }
        }
    }

    /// <summary>
    /// What is nearly the same and lets an alert fire sooner; null where nothing is, or the field is no limit.
    /// </summary>
    private static JsonNode? Looser(string field, JsonNode value)
    {
        if (field is "window" or "keepFiringFor")
        {
            return null;
        }
        if (value.GetValueKind() == System.Text.Json.JsonValueKind.String)
        {
            var ms = DurationText.Parse(value.GetValue<string>())!.Value;
            return ms == 0 ? null
                : DurationText.Show(ms - (field.EndsWith("for", StringComparison.OrdinalIgnoreCase)
                    ? EvaluationMs : Math.Min(SlightlyMs, ms / 10)));
        }
        var number = value.GetValue<double>();
        return number == 0 ? null
            : field.StartsWith("least", StringComparison.Ordinal) ? number - 1
            : field == "objectiveShare" ? number + ((1 - number) / 10)
            : number * 0.9;
    }

    private static string Write(IReadOnlyList<RuleGroup> groups) => RulesFile.Write(Thresholds.Shipped, groups);

    private static IEnumerable<UnitTestCase> Cases(string file) =>
        ((YamlSequenceNode)Committed.Yaml(file)["tests"]).Children.SelectMany(test =>
            ((YamlSequenceNode)test["alert_rule_test"]).Children.Select(tried => new UnitTestCase(
                test.Text("name")!, tried.Text("alertname")!,
                [.. ((YamlSequenceNode)tried["exp_alerts"]).Children.Select(e => e.Text("exp_labels", "severity")!)],
                ((YamlMappingNode)test).Children.ContainsKey("input_series"))));

    /// <summary>An alert at one time of one unit test.</summary>
    private sealed record UnitTestCase(string Name, string Alert, IReadOnlyList<string> Severities, bool HasData);
}
