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

/// <summary>
/// <c>alloc explain ORDER</c>: why an order is still pending, and the last decision about each of its reservations.
/// </summary>
internal static class ExplainOrder
{
    private const int Most = 200;

    /// <summary>
    /// The reservations of the order; none where no search answers, or where the name is a reservation's own.
    /// </summary>
    public static async Task<IReadOnlyList<JsonObject>> FindAsync(
        CommandContext context, string order, CancellationToken cancellation)
    {
        try
        {
            using var console = JsonHttp.Console(context, TimeSpan.FromSeconds(3));
            var found = await ReservationSearchPages.ReadAsync(
                console, $"&order={Uri.EscapeDataString(order)}", Most, cancellation).ConfigureAwait(false);
            if (found.Rows.Any(r => Column.Show(r["reservationId"]) == order))
            {
                return [];
            }
            if (found.Rows.Count > 0)
            {
                found.Warn(context);
            }
            return found.Rows;
        }
        catch (AllocException e) when (e.Kind is FailureKind.Unavailable or FailureKind.Failed)
        {
            // The journal knows commands, reservations and pools without any instance's help.
            return [];
        }
    }

    /// <summary>Shows where the order waits, and the last decision about each of its reservations.</summary>
    public static int Run(
        CommandContext context, string order, IReadOnlyList<JsonObject> reservations, WaitingOrder? waiting,
        CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        using var registry = Registries.Client(settings, context.Time);
        using var journal = new OutcomeJournal(settings, registry);
        var rows = new List<JsonObject>();
        using (var progress = new SearchProgress(context.Host))
        {
            foreach (var reservation in reservations)
            {
                rows.Add(Row(journal, reservation, progress, cancellation));
            }
        }
        if (!context.Screen.IsTable)
        {
            context.Screen.One(
                new JsonObject
                {
                    ["order"] = order,
                    ["waiting"] = waiting?.Json(),
                    ["reservations"] = new JsonArray([.. rows]),
                },
                _ => { });
            return ExitCode.Ok;
        }
        waiting?.Write(context.Screen.Data);
        if (rows.Count > 0)
        {
            Show(context, rows);
            context.Screen.Note($"More of one:  alloc explain RESERVATION --pool POOL  ({rows.Count} of {order})");
        }
        return ExitCode.Ok;
    }

    private static void Show(CommandContext context, IReadOnlyCollection<JsonObject> rows) =>
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
