using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Web.Json;

namespace Alloc.Cli.Commands.DeadLetters;

/// <summary>
/// <c>alloc dlq list [TOPIC]</c>: the dead-letter topics, or the kinds of letters of one. That there are letters is no
/// failure: 0 either way.
/// </summary>
internal static class DlqListCommand
{
    private static readonly Argument<string?> Topic = new("topic")
    {
        Description = "The dead-letter topic, or the input that it belongs to; each with what it has if not given",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public static Command Create() =>
        new Command("list", "Show how many dead letters there are, and of which kinds")
            .Takes(Topic, LetterSelection.Kind, LetterSelection.Since, LetterWork.All)
            .TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        using var work = await LetterWork.OpenAsync(context, cancellation).ConfigureAwait(false);
        var topics = context.Get(Topic) is { } name
            ? [LetterTopics.Find(work.Settings, work.Clients, name)]
            : LetterTopics.Present(work.Settings, work.Clients);
        if (topics.Count == 0)
        {
            throw AllocException.NotFound(
                $"There is no dead-letter topic of alloc at {work.Settings.Bootstrap}.", "alloc serve creates them.");
        }
        var done = work.Done(cancellation);
        var selection = LetterSelection.Brief(context);
        var isByKind = context.Get(Topic) is not null || context.Get(LetterSelection.Kind) is not null;
        var progress = new ProgressLine(context.Host, "letters");
        var rows = new List<JsonObject>();
        var read = 0L;
        try
        {
            foreach (var topic in topics)
            {
                var tallies = new Tallies(isByKind);
                foreach (var letter in work.Reader.Letters(topic, cancellation))
                {
                    progress.Show($"reading {topic.Topic}", ++read, 0);
                    if (selection.Takes(letter))
                    {
                        tallies.Add(letter, done, context.Get(LetterWork.All));
                    }
                }
                rows.AddRange(tallies.Rows(topic));
            }
        }
        finally
        {
            progress.Clear();
        }
        Show(context, rows, isByKind);
        return ExitCode.Ok;
    }

    private static void Show(CommandContext context, List<JsonObject> rows, bool isByKind)
    {
        context.Screen.Rows(
            rows,
            [
                Column.Text("TOPIC", "topic"),
                Column.Text("INPUT", "input"),
                isByKind ? Column.Text("KIND", "kind") : Column.Number("KINDS", "kinds"),
                Column.Number("LETTERS", "letters") with { Style = r => (long)r["letters"]! > 0 ? "yellow" : null },
                Column.Number("AGAIN", "again"),
                Column.Number("DEALT WITH", "dealtWith"),
                Column.Text("OLDEST", "oldest"),
                Column.Text("NEWEST", "newest"),
                Column.Text("NEWEST REASON", "reason"),
            ]);
        if (rows.Any(r => (long)r["letters"]! > 0))
        {
            context.Screen.Note("alloc dlq show TOPIC shows letters; AGAIN are those that died after a replay.");
        }
    }

    /// <summary>Counts of letters, of the whole topic or of each kind.</summary>
    private sealed class Tallies(bool isByKind)
    {
        private readonly SortedDictionary<(string Input, string Kind), Tally> byKind = [];

        public void Add(DeadLetter letter, DealtWith done, bool countsDone)
        {
            var isDone = done.With(letter.At) is not null;
            var key = isByKind ? (letter.Origin?.Topic ?? "", letter.Kind) : ("", "");
            if (!byKind.TryGetValue(key, out var tally))
            {
                byKind[key] = tally = new Tally();
            }
            tally.Done += isDone ? 1 : 0;
            if (isDone && !countsDone)
            {
                return;
            }
            tally.Count++;
            tally.Again += letter.ReplayedFrom is null && done.SourceOf(letter.Origin) is null ? 0 : 1;
            tally.Kinds.Add((letter.Origin?.Topic, letter.Kind));
            if (tally.Oldest is null || letter.TimestampMs < tally.Oldest.TimestampMs)
            {
                tally.Oldest = letter;
            }
            if (tally.Newest is null || letter.TimestampMs >= tally.Newest.TimestampMs)
            {
                tally.Newest = letter;
            }
        }

        /// <summary>One for each kind; one for a topic that has none.</summary>
        public IEnumerable<JsonObject> Rows(LetterTopic topic) => byKind.Count > 0
            ? byKind.Select(k => Row(topic, k.Key, k.Value))
            : isByKind ? [] : [Row(topic, ("", ""), new Tally())];

        private JsonObject Row(LetterTopic topic, (string Input, string Kind) key, Tally tally)
        {
            var row = new JsonObject
            {
                ["topic"] = topic.Topic,
                ["input"] = !isByKind ? topic.Input.Name : key.Input.Length == 0 ? null : key.Input,
            };
            if (isByKind)
            {
                row["kind"] = key.Kind;
            }
            else
            {
                row["kinds"] = tally.Kinds.Count;
            }
            row["letters"] = tally.Count;
            row["again"] = tally.Again;
            row["dealtWith"] = tally.Done;
            row["oldest"] = tally.Oldest is { } oldest ? AvroJson.Time(oldest.TimestampMs) : null;
            row["newest"] = tally.Newest is { } newest ? AvroJson.Time(newest.TimestampMs) : null;
            row["reason"] = tally.Newest?.Reason;
            return row;
        }
    }

    private sealed class Tally
    {
        public long Count { get; set; }

        public long Again { get; set; }

        public long Done { get; set; }

        public HashSet<(string?, string)> Kinds { get; } = [];

        public DeadLetter? Oldest { get; set; }

        public DeadLetter? Newest { get; set; }
    }
}
