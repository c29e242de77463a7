using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Kafka;
using Alloc.Client;
using Alloc.Schemas.Operations;
using Alloc.Web.Json;
using Confluent.Kafka;

namespace Alloc.Cli.Commands.DeadLetters;

/// <summary>
/// <c>alloc dlq show TOPIC</c>: letters as a whole: where from, why, what can be read of them, and what came later
/// under the same key.
/// </summary>
internal static class DlqShowCommand
{
    private static readonly Option<int> Limit = LetterWork.LimitOf(1, "How many letters at most, the newest ones");

    public static Command Create() =>
        new Command("show", "Show dead letters: where from, why, what is in them, what came later")
            .Takes(LetterWork.Topic, LetterSelection.Kind, LetterSelection.Partition, LetterSelection.Offset,
                LetterSelection.Since, LetterSelection.Until, Limit, LetterWork.All, LetterWork.Scan)
            .TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        using var work = await LetterWork.OpenAsync(context, cancellation).ConfigureAwait(false);
        var topic = work.Meant();
        var selection = LetterSelection.Of(context, topic);
        var done = work.Done(cancellation);
        var chosen = work.Choose(
            topic, selection, done, context.Get(Limit), isNewest: true,
            takesDone: context.Get(LetterWork.All) || selection.IsOne, cancellation);
        if (chosen.Letters.Count == 0)
        {
            return Nothing(context, topic, selection, chosen);
        }
        var later = work.Later(topic, chosen, cancellation);
        using var decoder = new RecordDecoder(work.Settings, context.Time);
        var rows = new List<JsonObject>();
        foreach (var record in work.Reader.Records(topic, chosen.Letters.Select(l => l.At).ToHashSet(), cancellation)
            .OrderBy(r => r.Partition.Value).ThenBy(r => r.Offset.Value))
        {
            var letter = DeadLetter.Of(record);
            rows.Add(await RowAsync(
                decoder, letter, record, chosen.Kinds.GetValueOrDefault((letter.Origin?.Topic, letter.Kind)),
                later.After(letter), done, cancellation).ConfigureAwait(false));
        }
        Show(context, rows);
        if (chosen.Count > rows.Count)
        {
            context.Screen.Note(
                $"The newest {rows.Count} of {chosen.Count}; --limit, --kind, --partition and --offset show others.");
        }
        return ExitCode.Ok;
    }

    private static int Nothing(
        CommandContext context, LetterTopic topic, LetterSelection selection, ChosenLetters chosen)
    {
        if (selection.IsOne)
        {
            throw AllocException.NotFound(
                $"{topic.Topic} has no letter at offset {context.Get(LetterSelection.Offset)} of partition "
                + $"{context.Get(LetterSelection.Partition)}.",
                "alloc dlq show without --offset shows the newest.");
        }
        LetterScreens.ShowNone(context);
        context.Screen.Warn($"{topic.Topic} has no such letter" + (chosen.Done.Count > 0
            ? " that is not dealt with; --all shows those that are." : "."));
        return ExitCode.Ok;
    }

    private static async Task<JsonObject> RowAsync(
        RecordDecoder decoder, DeadLetter letter, ConsumeResult<byte[]?, byte[]?> record, int sameKind, Later later,
        DealtWith done, CancellationToken cancellation)
    {
        var shown = await decoder.RecordAsync(record, cancellation).ConfigureAwait(false);
        var after = new JsonArray();
        foreach (var each in later.Records)
        {
            after.Add(await decoder.RecordAsync(each, cancellation).ConfigureAwait(false));
        }
        return new JsonObject
        {
            ["topic"] = letter.At.Topic,
            ["partition"] = letter.At.Partition,
            ["offset"] = letter.At.Offset,
            ["timestamp"] = AvroJson.Time(letter.TimestampMs),
            ["origin"] = letter.Origin is not { } origin ? null : new JsonObject
            {
                ["topic"] = origin.Topic,
                ["partition"] = origin.Partition,
                ["offset"] = origin.Offset,
            },
            ["kind"] = letter.Kind,
            ["exception"] = letter.Exception,
            ["reason"] = letter.Reason,
            ["sameKind"] = sameKind,
            ["replayedFrom"] = letter.ReplayedFrom ?? done.SourceOf(letter.Origin)?.ToString(),
            ["dealtWith"] = Done(done.With(letter.At)),
            ["key"] = shown["key"]?.DeepClone(),
            ["headers"] = shown["headers"]?.DeepClone(),
            ["bytes"] = record.Message.Value?.Length,
            ["omittedBytes"] = letter.OmittedBytes,
            ["value"] = await decoder.PartAsync(record.Message.Value, cancellation).ConfigureAwait(false),
            ["later"] = new JsonObject
            {
                ["count"] = later.Count,
                ["first"] = later.First,
                ["last"] = later.Last,
                ["complete"] = later.IsWhole,
                ["records"] = after,
            },
        };
    }

    private static JsonObject? Done(OperatorAction? action) => action is null ? null : new JsonObject
    {
        ["kind"] = action.Kind.ToString(),
        ["actor"] = action.Actor,
        ["at"] = AvroJson.Time(action.AtMs),
        ["reason"] = action.Reason,
        ["actionId"] = action.ActionId,
    };

    private static void Show(CommandContext context, List<JsonObject> rows)
    {
        if (!context.Screen.IsTable)
        {
            context.Screen.Rows(rows);
            return;
        }
        foreach (var row in rows)
        {
            LetterBlock.Write(context.Screen.Data, row);
        }
    }
}
