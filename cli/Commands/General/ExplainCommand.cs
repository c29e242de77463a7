using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Schemas.Allocation;
using Alloc.Web.Json;
using Spectre.Console;

namespace Alloc.Cli.Commands.General;

/// <summary>
/// <c>alloc explain COMMAND-ID|RESERVATION|POOL|ORDER</c>: why it was decided so, with each rule and its numbers, and
/// what would have made it pass; of an order or a reservation also where others say something else of it.
/// <c>--why-not</c> asks what a hold would be answered now.
/// </summary>
internal static class ExplainCommand
{
    private const int Most = 1_000;

    private static readonly Argument<string> What = new("what")
    {
        Description = "A command's id, a reservation, a pool, an order, or an outcome POOL#SEQUENCE",
    };

    private static readonly Option<string?> Pool = new("--pool")
    {
        Description = "The pool, which makes the search quick and a reservation's id certain",
        HelpName = "pool",
    };

    public static Command Create() =>
        new Command("explain", "Show why something was decided, or would be").Takes(What, Pool).AsksWhyNot()
            .TalksToKafka().TalksToRegistry().TalksToConsole().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        if (ExplainWhyNot.IsAsked(context))
        {
            return await ExplainWhyNot.RunAsync(context, context.Get(What), cancellation).ConfigureAwait(false);
        }
        var what = context.Get(What);
        var order = context.Get(Pool) is null
            ? await ExplainOrder.FindAsync(context, what, cancellation).ConfigureAwait(false)
            : null;
        var settings = ClientOptions.SettingsOf(context);
        await new KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var registry = Registries.Client(settings, context.Time);
        using var journal = new OutcomeJournal(settings, registry);
        if (order is { IsKnown: true })
        {
            ExplainOrder.Warn(context, order);
        }
        if (order is { IsKnown: true, IsReservation: false })
        {
            return ExplainOrder.Show(context, journal, order, cancellation);
        }
        var pool = context.Get(Pool) ?? PoolOfOutcomeId(what);
        IReadOnlyList<int> partitions = pool is null
            ? [.. Enumerable.Range(0, journal.PartitionCount)]
            : [journal.PartitionOf(pool)];
        var found = Search(context, journal, partitions, pool, what, cancellation);
        if (found.Count == 0 && pool is not null)
        {
            // A record that lay in another partition than its pool's was answered there.
            found = Search(
                context, journal, [.. Enumerable.Range(0, journal.PartitionCount).Except(partitions)], pool, what,
                cancellation);
        }
        if (found.Count == 0)
        {
            if (order is { IsKnown: false, Mismatches.Rows.Count: > 0 })
            {
                ExplainOrder.Warn(context, order);
            }
            // Of an order that nothing was ever held for, others may still speak.
            return order is { IsKnown: true } or { Mismatches.Rows.Count: > 0 }
                ? ExplainOrder.Show(context, journal, order, cancellation)
                : throw Nothing(what, pool, order);
        }
        return await ShowAsync(context, journal, Choose(found, what), what, order, cancellation).ConfigureAwait(false);
    }

    private static async Task<int> ShowAsync(
        CommandContext context, OutcomeJournal journal, List<AllocationOutcome> chosen, string what,
        FoundOrder? order, CancellationToken cancellation)
    {
        var now = await PresentState.OfAsync(context, chosen, what, cancellation).ConfigureAwait(false);
        if (order is { IsReservation: true, Waiting.Order: null })
        {
            now.Join(order.Mismatches);
        }
        var shown = new JsonArray([.. chosen.Select(o => (JsonNode)Json(o, now))]);
        if (order?.Waiting.Order is not null)
        {
            // The order, and its reservation of the same name as one reservation is explained.
            var rows = ExplainOrder.Rows(context, journal, order, cancellation);
            var json = ExplainOrder.Json(order, rows);
            json["decisions"] = shown;
            context.Screen.One(json, console =>
            {
                ExplainOrder.Write(context, order, rows.Count > 1 ? rows : []);
                Write(console, chosen, now);
                now.Mismatches?.Without(order.Mismatches).Write(console, context.Time);
            });
            return ExitCode.Ok;
        }
        if (order is not { IsKnown: true })
        {
            now.Mismatches?.Warn(context);
        }
        context.Screen.One(chosen.Count == 1 ? shown[0]!.DeepClone() : shown, console =>
        {
            Write(console, chosen, now);
            now.Mismatches?.Write(console, context.Time);
        });
        return ExitCode.Ok;
    }

    // What could not be asked may know it.
    private static AllocException Nothing(string what, string? pool, FoundOrder? order)
    {
        var where = pool is null ? "" : $" in pool {pool}";
        return order is { Unknown.Length: > 0 }
            ? AllocException.Unavailable(
                $"The journal knows no command, reservation, pool or outcome {what}{where}; whether it is an order is "
                + $"not known: {order.Unknown}",
                "--console or ALLOC_CONSOLE names an instance that runs the backlog and the projection.")
            : AllocException.NotFound(
                $"The journal knows no command, reservation, pool, order or outcome {what}{where}.",
                "A command that was just sent may not be decided yet.");
    }

    private static IReadOnlyList<AllocationOutcome> Search(
        CommandContext context, OutcomeJournal journal, IReadOnlyList<int> partitions, string? pool, string what,
        CancellationToken cancellation)
    {
        using var progress = new SearchProgress(context.Host);
        return journal.SearchBack(
            partitions, pool, o => Matches(o, what), list => list.Any(o => IsCertain(o, what)), Most,
            progress.Show, cancellation);
    }

    private static string? PoolOfOutcomeId(string what) =>
        what.LastIndexOf('#') is > 0 and var hash && long.TryParse(what[(hash + 1)..], out _) ? what[..hash] : null;

    private static bool Matches(AllocationOutcome outcome, string what) =>
        OutcomeId(outcome) == what || Involved.Command(outcome, what) || outcome.PoolId == what
            || Involved.Reservation(outcome, what);

    private static bool IsCertain(AllocationOutcome outcome, string what) =>
        OutcomeId(outcome) == what || (outcome.CommandId == what && (outcome.Original || IsUnknownBefore(outcome)))
        || outcome.PoolId == what || outcome.After.Any(r => r.ReservationId == what && r.Version <= 1);

    // What a pool refused as malformed and nothing more had no answer before: it would be a conflict as well.
    private static bool IsUnknownBefore(AllocationOutcome outcome) =>
        outcome is { RequestedPoolId: null, DuplicateOf: null, CausedBy: null }
        && outcome.Event is AllocationOutcomeEvent.Rejected { Reasons: var reasons }
        && reasons.All(r => r.Code == ReasonCode.Malformed);

    /// <summary>A command: its outcomes. A reservation: all of its own. A pool: the last answer to a command.</summary>
    private static List<AllocationOutcome> Choose(IReadOnlyList<AllocationOutcome> found, string what)
    {
        if (found.Where(o => OutcomeId(o) == what).ToList() is { Count: > 0 } exact)
        {
            return exact;
        }
        if (found.Where(o => Involved.Command(o, what)).ToList() is { Count: > 0 } command)
        {
            return command;
        }
        if (found.Where(o => Involved.Reservation(o, what)).ToList() is { Count: > 0 } reservation)
        {
            return reservation;
        }
        return [found.LastOrDefault(o => o.CommandId is not null) ?? found[^1]];
    }

    /// <summary>The outcome, what can be done about it, and what its subject is now.</summary>
    private static JsonObject Json(AllocationOutcome outcome, PresentState now)
    {
        var json = AvroJson.Of(outcome);
        json["advice"] = new JsonArray([.. Advice.Of(outcome).Select(a => (JsonNode)a.Json())]);
        now.AddTo(json);
        return json;
    }

    private static void Write(IAnsiConsole console, List<AllocationOutcome> outcomes, PresentState now)
    {
        now.WritePool(console);
        foreach (var outcome in outcomes.Where(o => o.DuplicateOf is null || outcomes.Count == 1))
        {
            OutcomeBlock.Write(console, outcome);
            OutcomeBlock.WriteOrigin(console, outcome);
            WriteRepeats(console, outcomes, outcome);
            OutcomeBlock.WriteAdvice(console, Advice.Of(outcome));
            OutcomeBlock.WriteTrace(console, outcome);
        }
        now.WriteReservation(console);
    }

    // A client that asks again and again makes an outcome each time: they are counted here.
    private static void WriteRepeats(
        IAnsiConsole console, List<AllocationOutcome> outcomes, AllocationOutcome original)
    {
        var repeats = outcomes.Where(o => o.DuplicateOf == OutcomeId(original)).ToList();
        if (repeats.Count > 0 && repeats[0] != original)
        {
            Fields.Write(
                console, "repeats", $"{repeats.Count}, all answered the same and nothing done again; the last is "
                + $"{OutcomeId(repeats[^1])} at {Words.Time(repeats[^1].TMs)}");
        }
    }

    private static string OutcomeId(AllocationOutcome outcome) => $"{outcome.PoolId}#{outcome.Sequence}";
}
