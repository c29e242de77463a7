using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Schemas.Operations;
using Alloc.Web.Json;

namespace Alloc.Cli.Commands.DeadLetters;

/// <summary>What becomes of a letter.</summary>
internal enum LetterFate
{
    /// <summary>It is to be replayed.</summary>
    Replay,

    /// <summary>It was.</summary>
    Replayed,

    /// <summary>It is to be discarded.</summary>
    Discard,

    /// <summary>It was.</summary>
    Discarded,

    /// <summary>It is left alone: its key has later records, or nobody agreed.</summary>
    Skipped,

    /// <summary>It cannot be replayed.</summary>
    Refused,
}

/// <summary>A letter and what becomes of it.</summary>
/// <param name="Letter">The letter.</param>
/// <param name="Later">What came later under its key.</param>
/// <param name="Fate">What becomes of it.</param>
/// <param name="Detail">Why.</param>
internal sealed record PlannedLetter(DeadLetter Letter, Later Later, LetterFate Fate, string Detail);

/// <summary>How actions on letters are shown.</summary>
internal static class LetterScreens
{
    public static void Show(CommandContext context, IReadOnlyCollection<PlannedLetter> letters) => context.Screen.Rows(
        [.. letters.Select(Row)],
        Column.Number("PARTITION", "partition"),
        Column.Number("OFFSET", "offset"),
        Column.Text("FROM", "origin"),
        Column.Text("KIND", "kind"),
        Column.Text("KEY", "key"),
        new Column("LATER", r => Column.Show(r["later"])) { IsNumber = true },
        new Column("RESULT", r => Column.Show(r["result"]))
        {
            Style = r => Column.Show(r["result"]) switch
            {
                nameof(LetterFate.Refused) => "red",
                nameof(LetterFate.Skipped) => "yellow",
                _ => null,
            },
        },
        new Column("DETAIL", r => Column.Show(r["detail"]) is { Length: > 0 } detail
            ? detail : Column.Show(r["reason"])));

    /// <summary>Says that there is nothing to do, and why.</summary>
    public static int Nothing(
        CommandContext context, LetterTopic topic, ChosenLetters chosen, DealtWith done, string what)
    {
        ShowNone(context);
        context.Screen.Warn($"{topic.Topic} has no such letter that is to be {what}.");
        if (chosen.Done is [var first, ..] && done.With(first.At) is { } action)
        {
            context.Screen.Warn(
                $"{(action.Kind == OperatorActionKind.DeadLettersReplayed ? "Replayed" : "Discarded")} before: "
                + $"{first.At} by {action.Actor} at {AvroJson.Time(action.AtMs)}, {action.Reason} "
                + $"({Letters(chosen.Done.Count)} in all).");
        }
        return ExitCode.Ok;
    }

    /// <summary>No rows: nothing at all for people.</summary>
    public static void ShowNone(CommandContext context)
    {
        if (!context.Screen.IsTable)
        {
            context.Screen.Rows([]);
        }
    }

    /// <summary>So many letters, in words.</summary>
    public static string Letters(int count) => count == 1 ? "1 letter" : $"{count:N0} letters";

    private static JsonObject Row(PlannedLetter planned) => new()
    {
        ["topic"] = planned.Letter.At.Topic,
        ["partition"] = planned.Letter.At.Partition,
        ["offset"] = planned.Letter.At.Offset,
        ["origin"] = planned.Letter.Origin?.ToString(),
        ["kind"] = planned.Letter.Kind,
        ["key"] = planned.Letter.Key is { } key ? Kafka.RecordDecoder.Plain(key) : null,
        ["later"] = planned.Later.Count,
        ["laterComplete"] = planned.Later.IsWhole,
        ["result"] = planned.Fate.ToString(),
        ["detail"] = planned.Detail,
        ["reason"] = planned.Letter.Reason,
    };
}
