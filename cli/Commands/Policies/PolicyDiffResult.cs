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
    public JsonObject Json() => new()
    {
        ["version"] = candidate?.Version,
        ["contentHash"] = candidate is null ? null : PolicyDocument.HashOf(candidate),
        ["from"] = AvroJson.Time(from.ToUnixTimeMilliseconds()),
        ["commands"] = replay.ReplayedCount,
        ["compared"] = comparison.Compared,
        ["different"] = comparison.Different,
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
        Section(context, console, Changes(), Column.Number("COMMANDS", "count"), Column.Text("WAS", "was"),
            Column.Text("WOULD BE", "wouldBe"));
        Section(context, console, Consequences(), Column.Text("FOLLOWS FROM COMMANDS", "event"),
            Column.Number("WAS", "was"), Column.Number("WOULD BE", "wouldBe"));
        Section(context, console, Examples(), Column.Text("POOL", "poolId"), Column.Text("COMMAND", "commandId"),
            Column.Text("WAS", "wasShown"), Column.Text("WOULD BE", "wouldBeShown"));
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
        console.WriteLine();
    }

    private List<JsonObject> Changes() =>
    [
        .. comparison.Changes.OrderByDescending(change => change.Value).Select(change => new JsonObject
        {
            ["was"] = change.Key.Was,
            ["wouldBe"] = change.Key.Was == change.Key.WouldBe
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

    private static string Shown(TrialDecision decision) =>
        decision.Terms.Length > 0 ? $"{decision.Kind}: {decision.Terms}" : decision.Kind;
}
