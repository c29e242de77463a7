using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Allocation.Trial;
using Alloc.Web.Json;
using Spectre.Console;

namespace Alloc.Cli.Commands.Policies;

/// <summary>What a trial found, as data and for people.</summary>
internal sealed class PolicyDiffResult(
    AllocationPolicy? candidate, DateTimeOffset from, PolicyReplay replay, TrialComparison comparison,
    ByteComparison bytes)
{
    private const int MostChanges = 12;
    private const int MostExamples = 15;

    public JsonObject Json() => new()
    {
        ["version"] = candidate?.Version,
        ["contentHash"] = candidate is null ? null : PolicyDocument.HashOf(candidate),
        ["from"] = AvroJson.Time(from.ToUnixTimeMilliseconds()),
        ["commands"] = replay.ReplayedCount,
        ["compared"] = comparison.Compared,
        ["different"] = comparison.Different,
        ["verdicts"] = new JsonArray([.. Verdicts().Select(v => (JsonNode)new JsonObject
        {
            ["verdict"] = v.Verdict.ToString(),
            ["count"] = v.Count,
        })]),
        ["changes"] = new JsonArray([.. Changes().Cast<JsonNode>()]),
        ["consequences"] = new JsonArray([.. Consequences().Cast<JsonNode>()]),
        ["examples"] = new JsonArray([.. Examples().Cast<JsonNode>()]),
        ["journal"] = new JsonObject
        {
            ["outcomesBefore"] = replay.RestoredCount,
            ["checkpoints"] = replay.CheckpointCount,
            ["restoreMs"] = (long)replay.RestoreTime.TotalMilliseconds,
            ["outcomesInWindow"] = bytes.Count,
            ["replayMs"] = (long)replay.ReplayTime.TotalMilliseconds,
            ["sameBytes"] = candidate is null ? bytes.FirstDifference is null : null,
            ["firstDifference"] = candidate is null ? bytes.FirstDifference : null,
        },
    };

    public void Show(CommandContext context, IAnsiConsole console)
    {
        if (candidate is null)
        {
            console.MarkupLine(bytes.FirstDifference is { } difference
                ? $"[red]The replay differs from the journal[/]: {Markup.Escape(difference)}"
                : $"[green]The same bytes[/]: {bytes.Count:N0} outcomes of {replay.ReplayedCount:N0} commands");
        }
        else
        {
            console.MarkupLine(
                $"[bold]{comparison.Different:N0} of {comparison.Compared:N0} commands would have been decided "
                + $"differently[/] under version {candidate.Version}");
        }
        foreach (var (verdict, count) in Verdicts())
        {
            console.MarkupLine($"  {count,7:N0} {PolicyVerdicts.Words(verdict)}");
        }
        var changes = Changes();
        Section(context, console, [.. changes.Take(MostChanges)], Column.Number("COMMANDS", "count"),
            Column.Text("WAS", "was"), Column.Text("WOULD BE", "wouldBeShown"));
        if (changes.Count > MostChanges)
        {
            console.MarkupLine($"[dim]{changes.Count - MostChanges} more kinds of change; -o json has them all[/]");
        }
        Section(context, console, Consequences(), Column.Text("FOLLOWS FROM COMMANDS", "event"),
            Column.Number("WAS", "was"), Column.Number("WOULD BE", "wouldBe"));
        Section(
            context, console, FewExamples(changes), Column.Text("POOL", "poolId"), Column.Text("COMMAND", "commandId"),
            Column.Text("WAS", "wasShown"), Column.Text("WOULD BE", "wouldBeShown"));
        console.WriteLine();
        console.MarkupLine(Markup.Escape(
            $"Window since {Words.Time(from.ToUnixTimeMilliseconds())}: {replay.ReplayedCount:N0} commands in "
            + $"{Duration.Show(replay.ReplayTime)}. State before it: {replay.RestoredCount:N0} outcomes of the journal "
            + $"in {Duration.Show(replay.RestoreTime)}, {replay.CheckpointCount} partitions from a checkpoint."));
    }

    private static void Section(
        CommandContext context, IAnsiConsole console, List<JsonObject> rows, params Column[] columns)
    {
        if (rows.Count > 0)
        {
            console.WriteLine();
            context.Screen.Rows(rows, columns);
        }
    }

    private List<(PolicyVerdict Verdict, long Count)> Verdicts() =>
    [
        .. comparison.Changes.GroupBy(change => PolicyVerdicts.Of(change.Key)).OrderBy(same => same.Key)
            .Select(same => (same.Key, same.Sum(change => change.Value))),
    ];

    private List<JsonObject> Changes() =>
    [
        .. comparison.Changes.OrderBy(change => PolicyVerdicts.Of(change.Key))
            .ThenByDescending(change => change.Value).Select(change => new JsonObject
            {
                ["verdict"] = PolicyVerdicts.Of(change.Key).ToString(),
                ["was"] = change.Key.Was,
                ["wouldBe"] = change.Key.WouldBe,
                ["wouldBeShown"] = change.Key.Was == change.Key.WouldBe
                    ? $"{change.Key.WouldBe}, on other terms" : change.Key.WouldBe,
                ["count"] = change.Value,
            }),
    ];

    private List<JsonObject> Consequences() =>
    [
        .. comparison.Consequences.Where(entry => entry.Value.Was != entry.Value.WouldBe).Select(entry =>
            new JsonObject
            {
                ["event"] = entry.Key,
                ["was"] = entry.Value.Was,
                ["wouldBe"] = entry.Value.WouldBe,
            }),
    ];

    private List<JsonObject> Examples() =>
    [
        .. comparison.Examples.Select(example => new JsonObject
        {
            ["poolId"] = example.PoolId,
            ["commandId"] = example.CommandId,
            ["t"] = AvroJson.Time(example.TMs),
            ["was"] = example.Was.Kind,
            ["wasTerms"] = example.Was.Terms,
            ["wouldBe"] = example.WouldBe.Kind,
            ["wouldBeTerms"] = example.WouldBe.Terms,
            ["wasShown"] = Shown(example.Was),
            ["wouldBeShown"] = Shown(example.WouldBe),
        }),
    ];

    // A few of each change that is shown, in the order of the changes.
    private List<JsonObject> FewExamples(List<JsonObject> changes)
    {
        var shown = changes.Take(MostChanges).ToList();
        var each = shown.Count == 0 ? 0 : Math.Max(1, MostExamples / shown.Count);
        var examples = Examples();
        return
        [
            .. shown.SelectMany(change => examples.Where(example =>
                example["was"]!.ToString() == change["was"]!.ToString()
                && example["wouldBe"]!.ToString() == change["wouldBe"]!.ToString()).Take(each)),
        ];
    }

    // What a refusal leaves of a reservation says nothing to people.
    private static string Shown(TrialDecision decision) =>
        decision.Terms.Length > 0 && !decision.Kind.StartsWith("Rejected", StringComparison.Ordinal)
            ? $"{decision.Kind}: {decision.Terms}" : decision.Kind;
}
