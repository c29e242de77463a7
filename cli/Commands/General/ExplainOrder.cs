using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Reservations;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Client.Outcomes;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.General;

/// <summary>What a search, the backlog and reconciliation know of an order.</summary>
/// <param name="Name">The order.</param>
/// <param name="Reservations">Its reservations.</param>
/// <param name="Waiting">Where it waits.</param>
/// <param name="Unsearched">Why no search answered; null: one did.</param>
/// <param name="Mismatches">Where others say something else of it.</param>
internal sealed record FoundOrder(
    string Name, IReadOnlyList<JsonObject> Reservations, WaitingWord Waiting, string? Unsearched,
    ExplainMismatches Mismatches)
{
    /// <summary>Whether there is such an order.</summary>
    public bool IsKnown => Reservations.Count > 0 || Waiting.Order is not null;

    /// <summary>Whether one of its reservations has the order's name: then that is meant as well.</summary>
    public bool IsReservation => Reservations.Any(r => Column.Show(r["reservationId"]) == Name);

    /// <summary>What could not be asked, in words; empty: all was.</summary>
    public string Unknown => string.Join(
        ' ', new[] { Waiting.Unknown, Unsearched }.OfType<string>().Distinct(StringComparer.Ordinal));
}

/// <summary>
/// <c>alloc explain ORDER</c>: why an order is still pending, the last decision about each of its reservations, and
/// where others say something else of it.
/// </summary>
internal static class ExplainOrder
{
    private const int Most = 200;

    /// <summary>What a search, the backlog and reconciliation say, all asked at once.</summary>
    public static async Task<FoundOrder> FindAsync(
        CommandContext context, string order, CancellationToken cancellation)
    {
        var waits = WaitingOrder.FindAsync(context, order, cancellation);
        var mismatches = ExplainMismatches.OfOrderAsync(context, order, cancellation);
        var (rows, unsearched) = await SearchAsync(context, order, cancellation).ConfigureAwait(false);
        return new FoundOrder(
            order, rows, await waits.ConfigureAwait(false), unsearched, await mismatches.ConfigureAwait(false));
    }

    private static async Task<(IReadOnlyList<JsonObject> Rows, string? Unsearched)> SearchAsync(
        CommandContext context, string order, CancellationToken cancellation)
    {
        try
        {
            using var console = JsonHttp.Console(context, TimeSpan.FromSeconds(3));
            var found = await ReservationSearchPages.ReadAsync(
                console, $"&order={Uri.EscapeDataString(order)}", Most, cancellation).ConfigureAwait(false);
            if (found.Rows.Count > 0)
            {
                found.Warn(context);
            }
            return (found.Rows, found.Missing.IsAny ? $"{found.Missing.Names}: {found.Missing.Why}" : null);
        }
        catch (AllocException e) when (e.Kind is FailureKind.Unavailable or FailureKind.Failed)
        {
            // The journal knows commands, reservations and pools without any instance's help.
            return ([], e.Message);
        }
    }

    /// <summary>Shows all that is known of it.</summary>
    public static int Show(
        CommandContext context, OutcomeJournal journal, FoundOrder order, CancellationToken cancellation)
    {
        var rows = Rows(context, journal, order, cancellation);
        context.Screen.One(Json(order, rows), _ => Write(context, order, rows));
        return ExitCode.Ok;
    }

    /// <summary>Its reservations, each with the last decision about it.</summary>
    public static List<JsonObject> Rows(
        CommandContext context, OutcomeJournal journal, FoundOrder order, CancellationToken cancellation)
    {
        using var progress = new SearchProgress(context.Host);
        return [.. order.Reservations.Select(r => Row(journal, r, progress, cancellation))];
    }

    /// <summary>
    /// Where the order waits, the last decision about each of its reservations, and its mismatches, as data.
    /// </summary>
    public static JsonObject Json(FoundOrder order, IReadOnlyList<JsonObject> rows)
    {
        var json = new JsonObject
        {
            ["order"] = order.Name,
            ["waiting"] = order.Waiting.Order?.Json(),
            ["reservations"] = new JsonArray([.. rows]),
        };
        order.Mismatches.AddTo(json);
        if (order.Waiting.Unknown is { } unknown)
        {
            json["waitingUnknown"] = unknown;
        }
        if (order.Unsearched is { } unsearched)
        {
            json["reservationsUnknown"] = unsearched;
        }
        return json;
    }

    /// <summary>The same for people.</summary>
    public static void Write(CommandContext context, FoundOrder order, IReadOnlyList<JsonObject> rows)
    {
        order.Waiting.Order?.Write(context.Screen.Data);
        if (rows.Count > 0)
        {
            Table(context, rows);
            context.Screen.Note($"More of one:  alloc explain RESERVATION --pool POOL  ({rows.Count} of {order.Name})");
        }
        order.Mismatches.Write(context.Screen.Data, context.Time);
    }

    /// <summary>Says what of it is not known, and what is old.</summary>
    public static void Warn(CommandContext context, FoundOrder order)
    {
        order.Waiting.Order?.Warn(context);
        order.Mismatches.Warn(context);
        if (order.Waiting.Unknown is { } unknown)
        {
            context.Screen.Warn($"Whether {order.Name} waits, and where, is not known: {unknown}");
        }
        if (order.Unsearched is { } unsearched)
        {
            context.Screen.Warn($"Not all reservations of {order.Name} are known: {unsearched}");
        }
    }

    private static void Table(CommandContext context, IReadOnlyCollection<JsonObject> rows) =>
        context.Screen.Rows(
            rows,
            Column.Text("RESERVATION", "reservationId"),
            Column.Text("POOL", "poolId"),
            new Column("STATUS", r => Column.Show(r["status"]))
            {
                Style = r => Column.Show(r["status"]) is "Failed" or "Preempted" ? "red" : null,
            },
            new Column("UNITS", ReservationListCommand.Units) { IsNumber = true },
            new Column("LAST", r => Column.Show(r["lastAt"])),
            Column.Text("DECISION", "decision"),
            Column.Text("OUTCOME", "outcome"));

    private static JsonObject Row(
        OutcomeJournal journal, JsonObject reservation, SearchProgress progress, CancellationToken cancellation)
    {
        var pool = Column.Show(reservation["poolId"]);
        var sequence = reservation["lastSequence"]!.GetValue<long>();
        var outcome = journal.SearchBack(
            [journal.PartitionOf(pool)], pool, o => o.PoolId == pool && o.Sequence == sequence, list => list.Count > 0,
            1, progress.Show, cancellation) is [var found, ..] ? found : null;
        var row = (JsonObject)reservation.DeepClone();
        row["outcome"] = $"{pool}#{sequence}";
        row["decision"] = outcome is null ? Column.Show(row["lastEvent"]) : Sentence(outcome);
        return row;
    }

    private static string Sentence(AllocationOutcome outcome) =>
        $"{OutcomeSummary.Of(outcome).Event}: {OutcomeBlock.Detail(outcome)}";
}
