using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Processors.Shadow.Differences;
using Alloc.Web.Json;
using Spectre.Console;

namespace Alloc.Cli.Commands.Shadow;

/// <summary>What a report says, as JSON and for people.</summary>
internal static class ShadowReport
{
    public static JsonObject Json(
        string prefix, int catalogueVersion, ShadowComparison comparison, IReadOnlyList<ShadowCandidate> candidates)
    {
        var report = new JsonObject
        {
            ["pools"] = prefix,
            ["catalogueVersion"] = catalogueVersion,
            ["decided"] = comparison.Decided,
        };
        foreach (var each in Enum.GetValues<ShadowClass>())
        {
            var name = each.ToString();
            report[char.ToLowerInvariant(name[0]) + name[1..]] =
                comparison.Rows.Where(r => r.Key.Class == each).Sum(r => r.Value);
        }
        report["decisions"] = Array(comparison.Rows.Select(row => new JsonObject
        {
            ["command"] = row.Key.Command,
            ["shadow"] = row.Key.Shadow,
            ["result"] = row.Key.Class.ToString(),
            ["count"] = row.Value,
        }));
        report["granted"] = Array(comparison.Evidence.Select(entry => new JsonObject
        {
            ["evidence"] = entry.Key.Evidence.ToString(),
            ["result"] = entry.Key.Class.ToString(),
            ["count"] = entry.Value,
        }));
        report["groups"] = Array(comparison.Groups.Select(Group));
        report["examples"] = Array(comparison.Examples.Select(Example));
        report["candidates"] = Array(candidates.Select(candidate => new JsonObject
        {
            ["count"] = candidate.Count,
            ["row"] = candidate.Text,
        }));
        return report;
    }

    public static void Show(CommandContext context, IAnsiConsole console, JsonObject report)
    {
        var (decided, match, notOnLog) = (Number("decided"), Number("match"), Number("notOnLog"));
        console.MarkupLine(
            $"[bold]{decided:N0} commands decided by the shadow[/]: {match:N0} match, "
            + $"{decided - match - notOnLog - Number("timingLag"):N0} differ, "
            + $"{notOnLog:N0} whose other decision is not on the log");
        Section("decisions", Column.Text("COMMAND", "command"), Column.Text("SHADOW", "shadow"),
            Column.Text("RESULT", "result"), Column.Number("COUNT", "count"));
        Section("granted", Column.Text("GRANTED BY THE OTHER SYSTEM", "evidence"), Column.Text("RESULT", "result"),
            Column.Number("COUNT", "count"));
        Section("groups", Column.Text("DIFFERENCES", "class"), Column.Text("BY", "by"), Column.Text("OWNER", "owner"),
            Column.Number("COUNT", "count"), Column.Number("UNITS", "units"), Column.Text("FIRST", "first"),
            Column.Text("LAST", "last"), Column.Text("WHY", "why"));
        Section("examples", Column.Text("POOL", "poolId"), Column.Text("WHAT", "what"), Column.Text("ID", "id"),
            Column.Text("RECORDED", "recorded"), Column.Text("SHADOW", "shadow"), Column.Text("CLASS", "class"),
            Column.Text("WHY", "why"));
        if (report["candidates"]!.AsArray() is { Count: > 0 } candidates)
        {
            console.WriteLine();
            console.WriteLine("Rows for shadowRules of the operations catalogue, if somebody knows them to be right:");
            foreach (var candidate in candidates)
            {
                // One line each, however wide the screen: to be pasted.
                context.Screen.Verbatim($"- {candidate!["row"]}");
            }
        }

        int Number(string name) => report[name]!.GetValue<int>();

        void Section(string name, params Column[] columns)
        {
            if (report[name]!.AsArray() is { Count: > 0 } rows)
            {
                console.WriteLine();
                context.Screen.Rows([.. rows.Select(row => row!.AsObject())], columns);
            }
        }
    }

    private static JsonObject Group(KeyValuePair<ShadowGroupKey, ShadowGroup> group) => new()
    {
        ["class"] = group.Key.Class.ToString(),
        ["by"] = Known(group.Key.By),
        ["owner"] = Known(group.Key.Owner),
        ["count"] = group.Value.Count,
        ["units"] = group.Value.Units,
        ["first"] = AvroJson.Time(group.Value.FirstMs),
        ["last"] = AvroJson.Time(group.Value.LastMs),
        ["why"] = group.Value.Why,
    };

    private static JsonObject Example(ShadowExample example)
    {
        var (difference, verdict) = example;
        return new JsonObject
        {
            ["poolId"] = difference.PoolId,
            ["what"] = difference.Evidence == ShadowEvidence.Decision
                ? difference.Command.ToString() : difference.Evidence.ToString(),
            ["id"] = difference.Id,
            ["t"] = AvroJson.Time(difference.SeenAtMs),
            ["recorded"] = difference.RecordedText,
            ["shadow"] = difference.ShadowText,
            ["priorityClass"] = Known(difference.PriorityClass),
            ["class"] = verdict.Class.ToString(),
            ["by"] = Known(verdict.By),
            ["why"] = verdict.Why,
        };
    }

    private static string? Known(string text) => text.Length > 0 ? text : null;

    private static JsonArray Array(IEnumerable<JsonObject> items) => [.. items];
}
