using System.Text.Json.Nodes;
using Alloc.Cli.Output;
using Alloc.Schemas.Operations;
using Spectre.Console;

namespace Alloc.Cli.Commands.DeadLetters;

/// <summary>One letter as people read it.</summary>
internal static class LetterBlock
{
    /// <summary>Writes it.</summary>
    /// <param name="console">Standard output.</param>
    /// <param name="row">The letter as JSON.</param>
    public static void Write(IAnsiConsole console, JsonObject row)
    {
        var at = $"{row["topic"]}-{row["partition"]}@{row["offset"]}";
        console.MarkupLine($"[bold]{Markup.Escape(TableText.Visible(at))}[/]  [red]{Text(row["kind"])}[/]");
        Fields.Write(console, "reason", Column.Show(row["reason"]));
        Fields.Write(console, "from", row["origin"] is { } origin
            ? $"{origin["topic"]}-{origin["partition"]}@{origin["offset"]}, {row["timestamp"]}"
            : $"it does not say; {row["timestamp"]}");
        Fields.Write(console, "failure", Column.Show(row["exception"]));
        if (row["replayedFrom"] is { } before)
        {
            Fields.Write(console, "again", $"it was replayed from {before}, and died again");
        }
        if (row["dealtWith"] is JsonObject done)
        {
            var what = Column.Show(done["kind"]) == nameof(OperatorActionKind.DeadLettersReplayed)
                ? "replayed" : "discarded";
            Fields.Write(console, "dealt with", $"{what} by {done["actor"]} at {done["at"]}: {done["reason"]}");
        }
        Fields.Write(console, "same kind", $"{row["sameKind"]} not dealt with");
        Fields.Write(console, "key", Column.Show(row["key"]));
        Value(console, row);
        Later(console, row["later"]!);
    }

    private static void Value(IAnsiConsole console, JsonObject row)
    {
        if ((long)row["omittedBytes"]! is > 0 and var omitted)
        {
            Fields.Write(console, "value", $"left out: {Bytes.Show(omitted)} had no room; its origin has them");
            return;
        }
        if (row["value"] is not JsonObject value)
        {
            Fields.Write(console, "value", "none");
            return;
        }
        Fields.Write(console, "value", $"{row["bytes"]} bytes, {value["format"]}"
            + (value["schema"] is { } schema ? $" {schema} (schema {value["schemaId"]})" : ""));
        if (value["value"] is { } read)
        {
            Fields.Write(console, "", JsonText.Line(read));
        }
        if (value["problem"] is { } problem)
        {
            Fields.Write(console, "breaks", $"at byte {value["position"]}"
                + (Column.Show(value["field"]) is { Length: > 1 } field ? $", in {field}" : "") + $": {problem}");
        }
        foreach (var line in HexText.Lines(Column.Show(value["hex"]), (int?)value["position"] ?? 0))
        {
            Fields.Write(console, "", line);
        }
    }

    private static void Later(IAnsiConsole console, JsonNode later)
    {
        var count = (int)later["count"]!;
        var isWhole = (bool)later["complete"]!;
        Fields.Write(console, "later", (count, isWhole) switch
        {
            (0, true) => "nothing came under its key since",
            (1, true) => $"1 record of its key since, at offset {later["first"]}",
            (_, true) => $"{count} records of its key since, offsets {later["first"]} to {later["last"]}",
            _ => $"{count} or more records of its key since; the input was not looked through to its end (--scan)",
        });
        foreach (var record in later["records"]!.AsArray())
        {
            Fields.Write(console, "", $"@{record!["offset"]}  {record["timestamp"]}  {Column.Show(record["value"])}");
        }
    }

    private static string Text(JsonNode? node) => Markup.Escape(TableText.Visible(Column.Show(node)));
}
