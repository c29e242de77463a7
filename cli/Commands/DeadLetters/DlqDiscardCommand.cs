using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Schemas.Operations;

namespace Alloc.Cli.Commands.DeadLetters;

/// <summary>
/// <c>alloc dlq discard TOPIC --reason TEXT</c>: letters are dealt with, and nobody replays them any more. They stay in
/// their topic until its retention takes them.
/// </summary>
internal static class DlqDiscardCommand
{
    /// <summary>An audit record names at most a thousand places.</summary>
    private const int MostInOne = 1_000;

    private static readonly Option<int> Limit =
        LetterWork.LimitOf(1_000, "How many letters at most, the oldest ones");

    public static Command Create() =>
        new Command("discard", "Set dead letters aside: they are dealt with, and not replayed any more")
            .Takes(LetterWork.Topic, LetterSelection.Kind, LetterSelection.Partition, LetterSelection.Offset,
                LetterSelection.Since, LetterSelection.Until, Limit, LetterWork.Reason, LetterWork.DryRun, Consent.Yes)
            .NamesActor().TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        Consent.CheckPossible(context, "discarding dead letters", context.Get(LetterWork.DryRun));
        using var work = await LetterWork.OpenAsync(context, cancellation).ConfigureAwait(false);
        var topic = work.Meant();
        var selection = LetterSelection.Of(context, topic);
        var done = new DealtWith(work.Audit.Read(cancellation));
        var chosen = work.Choose(
            topic, selection, done, context.Get(Limit), isNewest: false, takesDone: false, cancellation);
        if (chosen.Letters.Count == 0)
        {
            return LetterScreens.Nothing(context, topic, chosen, done, "discarded");
        }
        var planned = chosen.Letters.Select(l => new PlannedLetter(l, Later.None, LetterFate.Discard, "")).ToList();
        if (context.Get(LetterWork.DryRun))
        {
            LetterScreens.Show(context, planned);
            context.Screen.Warn(
                $"A dry run: {LetterScreens.Letters(planned.Count)} would be discarded, and nothing was.");
            return ExitCode.Ok;
        }
        if (!context.Get(Consent.Yes))
        {
            LetterScreens.Show(context, planned);
        }
        if (!Consent.IsGiven(
            context,
            $"Discard {LetterScreens.Letters(planned.Count)} of {topic.Topic}? What their senders wanted will not "
            + "happen."))
        {
            context.Screen.Warn("Nothing was discarded.");
            return ExitCode.Failure;
        }
        planned = await DiscardAsync(context, work, topic, planned, cancellation).ConfigureAwait(false);
        LetterScreens.Show(context, planned);
        if (chosen.Count > planned.Count)
        {
            context.Screen.Warn($"{chosen.Count - planned.Count} more are left: the limit is {planned.Count}.");
        }
        return ExitCode.Ok;
    }

    private static async Task<List<PlannedLetter>> DiscardAsync(
        CommandContext context, LetterWork work, LetterTopic topic, List<PlannedLetter> planned,
        CancellationToken cancellation)
    {
        var actionId = CommandId.Next(context.Time);
        using var transactions = work.Transactions(topic);
        await work.Audit.PrepareAsync(cancellation).ConfigureAwait(false);
        await transactions.BeginAsync(cancellation).ConfigureAwait(false);
        // Whoever was at it before is shut out by now: what the audit says is the last word.
        var done = new DealtWith(work.Audit.Read(cancellation));
        var result = planned.ConvertAll(p => done.With(p.Letter.At) is { } other
            ? p with { Fate = LetterFate.Skipped, Detail = $"{other.Actor} was quicker" }
            : p with { Fate = LetterFate.Discarded });
        foreach (var some in result.Where(p => p.Fate == LetterFate.Discarded).Select(p => p.Letter.At)
            .Chunk(MostInOne))
        {
            var (to, record) = work.Audit.Write(
                work.Action(actionId, OperatorActionKind.DeadLettersDiscarded, topic, some, ""));
            transactions.Add(to, record, "the record of the action");
        }
        await transactions.CommitAsync().ConfigureAwait(false);
        return result;
    }
}
