using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Spectre.Console;

namespace Alloc.Cli.Commands.Reconciliation;

/// <summary>How mismatches are shown to people.</summary>
internal static class MismatchScreens
{
    public static Column[] ListColumns { get; } =
    [
        new Column("SEVERITY", r => Column.Show(r["severity"]))
        {
            Style = r => Column.Show(r["severity"]) == "page" ? "red" : "yellow",
        },
        new Column("AGE", Age) { IsNumber = true },
        Column.Text("STATE", "state"),
        Column.Text("CLASS", "class"),
        new Column("WHAT", r => Column.Show(r["scope"]!["id"])),
        Column.Text("OWNER", "owner"),
        Column.Text("ASSIGNEE", "assignee"),
        new Column("REPAIR", Repair),
        Column.Text("MISMATCH", "mismatchId"),
    ];

    public static Column[] EventColumns(TimeProvider time) =>
    [
        new Column("AT", r => Words.Time(r["at"]!, time)),
        Column.Text("WHAT", "kind"),
        Column.Text("STATE", "state"),
        Column.Text("WHO", "actor"),
        new Column("WHY", r => string.Join(" – ", new[] { Column.Show(r["reason"]), Column.Show(r["detail"]) }
            .Where(t => t.Length > 0))),
    ];

    /// <summary>One mismatch: what each side says, whose it is, and what is to be done.</summary>
    public static void Write(IAnsiConsole console, CommandContext context, JsonObject mismatch)
    {
        var time = context.Time;
        console.MarkupLine(
            $"[bold]{Markup.Escape(Column.Show(mismatch["class"]))}[/]  "
            + $"{Markup.Escape(Column.Show(mismatch["scope"]!["id"]))}  "
            + $"[yellow]{Markup.Escape(Column.Show(mismatch["state"]))}[/]");
        Fields.Write(console, "mismatch", Column.Show(mismatch["mismatchId"]));
        Fields.Write(
            console, "since", $"{Words.Time(mismatch["since"]!, time)}, a mismatch since "
            + $"{Words.Time(mismatch["openedAt"]!, time)}: {Tolerance(mismatch)}");
        Side(console, mismatch["left"]!.AsObject());
        Side(console, mismatch["right"]!.AsObject());
        Fields.Write(
            console, "owner", $"{Column.Show(mismatch["owner"])} ({Column.Show(mismatch["severity"])}), taken by "
            + (mismatch["assignee"] is null ? "nobody" : Column.Show(mismatch["assignee"])));
        if (mismatch["repair"] is JsonObject repair)
        {
            Fields.Write(
                console, "repair", Column.Show(repair["summary"])
                + (repair["needsSecondApprover"]!.GetValue<bool>() ? "; two people must want it" : ""));
        }
        if (mismatch["proposedBy"] is not null || mismatch["approver"] is not null)
        {
            Fields.Write(
                console, "asked by", $"{Column.Show(mismatch["proposedBy"])}, approved by "
                + $"{Column.Show(mismatch["approver"])}, sent {Column.Show(mismatch["attempts"])} times");
        }
        foreach (var tried in mismatch["tried"]?.AsArray() ?? [])
        {
            Fields.Write(console, "tried", Column.Show(tried));
        }
        if (mismatch["exception"] is JsonObject exception)
        {
            Fields.Write(
                console, "queue", $"{Column.Show(exception["why"])} To be decided "
                + $"{Words.Time(exception["dueAt"]!, time)}.");
            foreach (var choice in exception["choices"]!.AsArray())
            {
                Fields.Write(console, "choose", Column.Show(choice));
            }
        }
        if (mismatch["previous"] is { } previous)
        {
            Fields.Write(console, "before", $"{Column.Show(previous)} was the episode before.");
        }
        Fields.Write(console, "runbook", Column.Show(mismatch["runbook"]));
    }

    /// <summary>A whole mismatch as lists show it.</summary>
    public static JsonObject AsRow(JsonObject mismatch)
    {
        var row = mismatch.DeepClone().AsObject();
        row["repair"] = mismatch["repair"]?["kind"]?.DeepClone() ?? "Unknown";
        row["needsSecondApprover"] = mismatch["repair"]?["needsSecondApprover"]?.DeepClone() ?? false;
        return row;
    }

    private static void Side(IAnsiConsole console, JsonObject side) => Fields.Write(
        console, Column.Show(side["name"]), Column.Show(side["says"])
        + (side["position"] is { } position ? $" ({Column.Show(position)})" : ""));

    /// <summary>What was tolerated, and where that follows from.</summary>
    public static string Tolerance(JsonObject mismatch) => mismatch["toleranceMs"]!.GetValue<long>() is var ms and > 0
        ? $"{Duration.ShowMs(ms)} were tolerated ({Why(mismatch, ms)})"
        : "nothing was tolerated";

    private static string Why(JsonObject mismatch, long toleratedMs)
    {
        if (mismatch["lag"] is not JsonObject lag)
        {
            return Column.Show(mismatch["toleranceRule"]);
        }
        var pairs = lag["pairs"]!.GetValue<long>();
        if (!lag["isFollowed"]!.GetValue<bool>())
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{Column.Show(mismatch["toleranceRule"])}; {pairs:N0} pairs are too few to follow their lag");
        }
        var (p99Ms, graceMs) = (lag["p99Ms"]!.GetValue<long>(), lag["graceMs"]!.GetValue<long>());
        var followedMs = toleratedMs - graceMs;
        var bound = followedMs > 2 * p99Ms ? $", at least {Duration.ShowMs(followedMs)}"
            : followedMs < 2 * p99Ms ? $", at most {Duration.ShowMs(followedMs)}" : "";
        var grace = graceMs > 0 ? $", and {Duration.ShowMs(graceMs)} of grace" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"twice the p99 of {Duration.ShowMs(p99Ms)} over {pairs:N0} pairs{bound}{grace}");
    }

    private static string Age(JsonObject row) =>
        Duration.Show(TimeSpan.FromSeconds(Math.Floor(row["ageSeconds"]!.GetValue<double>())));

    private static string Repair(JsonObject row) => Column.Show(row["repair"]) is "Unknown" ? "by hand"
        : Column.Show(row["repair"]) + (row["needsSecondApprover"]!.GetValue<bool>() ? ", two people" : "");
}
