using System.CommandLine;
using System.Text;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Replays;

namespace Alloc.Cli.Commands.DeadLetters;

/// <summary>
/// <c>alloc dlq replay TOPIC --reason TEXT</c>: letters go back to the input that they came from, key and bytes as
/// received. What was replayed or discarded before is left alone; where a key has moved on meanwhile, it asks.
/// </summary>
internal static class DlqReplayCommand
{
    private static readonly Option<int> Limit =
        LetterWork.LimitOf(1_000, "How many letters at most, the oldest ones");

    private static readonly Option<ReplayRate?> Rate = ReplayRate.Option(
        "How fast, 20/s, 30/m or 100/h; 100/s if not given", new ReplayRate(100, TimeSpan.FromSeconds(1)));

    private static readonly Option<bool> WithLater = new("--with-later")
    {
        Description = "Replay those too whose key has later records: they act on what those left",
    };

    public static Command Create() =>
        new Command("replay", "Send dead letters back to the input that they came from")
            .Takes(LetterWork.Topic, LetterSelection.Kind, LetterSelection.Partition, LetterSelection.Offset,
                LetterSelection.Since, LetterSelection.Until, Limit, Rate, WithLater, LetterWork.Scan,
                LetterWork.Reason, LetterWork.DryRun, Consent.Yes)
            .NamesActor().TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        Consent.CheckPossible(context, "a replay of dead letters", context.Get(LetterWork.DryRun));
        using var work = await LetterWork.OpenAsync(context, cancellation).ConfigureAwait(false);
        var topic = work.Meant();
        var selection = LetterSelection.Of(context, topic);
        var done = new DealtWith(work.Audit.Read(cancellation));
        var chosen = work.Choose(
            topic, selection, done, context.Get(Limit), isNewest: false, takesDone: false, cancellation);
        if (chosen.Letters.Count == 0)
        {
            return LetterScreens.Nothing(context, topic, chosen, done, "replayed");
        }
        var later = work.Later(topic, chosen, cancellation);
        var planned = chosen.Letters.Select(l => Plan(context, topic, l, later.After(l))).ToList();
        if (context.Get(LetterWork.DryRun))
        {
            LetterScreens.Show(context, planned);
            context.Screen.Warn(
                $"A dry run: {Count(planned, LetterFate.Replay)} of {LetterScreens.Letters(chosen.Count)} would be "
                + $"replayed into {topic.Input.Name}, and nothing was.");
            return ExitCode.Ok;
        }
        planned = Agree(context, topic, planned);
        if (Count(planned, LetterFate.Replay) == 0)
        {
            LetterScreens.Show(context, planned);
            context.Screen.Warn("Nothing was replayed.");
            return ExitCode.Ok;
        }
        var run = new LetterReplay(work, topic, context.Get(Rate)!, Detail(context));
        try
        {
            planned = await run.SendAsync(context, planned, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            context.Screen.Warn(
                $"Interrupted: {run.Sent} of {Count(planned, LetterFate.Replay)} letters were replayed, and are on "
                + "record. The same command again goes on with the rest.");
            return ExitCode.Interrupted;
        }
        return Finish(context, topic, planned, chosen);
    }

    private static PlannedLetter Plan(CommandContext context, LetterTopic topic, DeadLetter letter, Later later) =>
        topic.Refusal(letter) is { } refusal
            ? new PlannedLetter(letter, later, LetterFate.Refused, refusal)
            : later.IsPossible && !context.Get(WithLater)
                ? new PlannedLetter(
                    letter, later, LetterFate.Skipped,
                    later switch
                    {
                        { Count: 0 } => "its input was not looked through to its end",
                        { Count: 1, IsWhole: true } => "its key has 1 later record",
                        _ => $"its key has {later} later records",
                    })
                : new PlannedLetter(letter, later, LetterFate.Replay, "");

    /// <summary>What the person at the terminal makes of it; with --yes what the options say.</summary>
    private static List<PlannedLetter> Agree(CommandContext context, LetterTopic topic, List<PlannedLetter> planned)
    {
        if (context.Get(Consent.Yes))
        {
            return planned;
        }
        LetterScreens.Show(context, planned);
        var (count, skipped) = (Count(planned, LetterFate.Replay), Count(planned, LetterFate.Skipped));
        if (count > 0 && !Consent.IsGiven(
            context, $"Replay {LetterScreens.Letters(count)} into {topic.Input.Name} at {context.Get(Rate)}?"))
        {
            return planned.ConvertAll(
                p => p.Fate == LetterFate.Replay ? p with { Fate = LetterFate.Skipped, Detail = "not agreed to" } : p);
        }
        if (skipped > 0 && Consent.IsGiven(
            context,
            $"Replay also {LetterScreens.Letters(skipped)} whose key has later records? They would act on what those "
            + "left."))
        {
            planned = planned.ConvertAll(
                p => p.Fate == LetterFate.Skipped ? p with { Fate = LetterFate.Replay, Detail = "" } : p);
        }
        return planned;
    }

    private static int Finish(
        CommandContext context, LetterTopic topic, List<PlannedLetter> planned, ChosenLetters chosen)
    {
        LetterScreens.Show(context, planned);
        var (skipped, refused) = (Count(planned, LetterFate.Skipped), Count(planned, LetterFate.Refused));
        context.Screen.Note(
            $"{LetterScreens.Letters(Count(planned, LetterFate.Replayed))} replayed into {topic.Input.Name}.");
        if (skipped > 0)
        {
            context.Screen.Warn(
                $"{LetterScreens.Letters(skipped)} skipped: their keys have later records. alloc dlq show shows those; "
                + "--with-later replays them all the same.");
        }
        if (refused > 0)
        {
            context.Screen.Warn(
                $"{LetterScreens.Letters(refused)} cannot be replayed; alloc dlq discard sets them aside.");
        }
        if (chosen.Count > planned.Count)
        {
            context.Screen.Warn($"{chosen.Count - planned.Count} more are left: the limit is {planned.Count}.");
        }
        return refused > 0 ? ExitCode.Failure : ExitCode.Ok;
    }

    private static int Count(List<PlannedLetter> planned, LetterFate fate) => planned.Count(p => p.Fate == fate);

    private static string Detail(CommandContext context)
    {
        var words = new StringBuilder($"rate {context.Get(Rate)}");
        foreach (var option in new Option[]
        {
            LetterSelection.Kind, LetterSelection.Partition, LetterSelection.Offset, LetterSelection.Since,
            LetterSelection.Until, WithLater,
        })
        {
            if (context.IsGiven(option))
            {
                words.Append($", {option.Name.TrimStart('-')} {context.Parsed.GetResult(option)!.Tokens
                    .Select(t => t.Value).FirstOrDefault()}".TrimEnd());
            }
        }
        return words.ToString();
    }
}
