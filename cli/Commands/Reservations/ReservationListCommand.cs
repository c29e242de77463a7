using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;

namespace Alloc.Cli.Commands.Reservations;

/// <summary><c>alloc reservation list</c>: a search over all pools.</summary>
internal static class ReservationListCommand
{
    private const int ByDefault = 100;

    private static readonly Option<int> Limit = new Option<int>("--limit", "-n")
    {
        Description = "How many at most",
        DefaultValueFactory = _ => ByDefault,
        HelpName = "count",
    }.Within(1);

    public static Command Create() =>
        new Command("list", "Search for reservations, over all pools").Searches()
            .Takes(Limit, ClientOptions.Timeout).TalksToConsole().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var limit = context.Get(Limit);
        using var console = JsonHttp.Console(context);
        var found = await ReservationSearchPages.ReadAsync(
            console, SearchOptions.Query(context), limit, cancellation).ConfigureAwait(false);
        found.Missing.Warn(context);
        found.Warn(context);
        Show(context, found.Rows);
        if (found.HasMore)
        {
            context.Screen.Warn($"There are more than the {found.Rows.Count} shown; --limit shows more.");
        }
        return found.Missing.IsAny ? ExitCode.Unavailable : ExitCode.Ok;
    }

    /// <summary>Reservations as a table.</summary>
    public static void Show(CommandContext context, IReadOnlyList<JsonObject> rows) => context.Screen.Rows(
        rows,
        Column.Text("RESERVATION", "reservationId"),
        Column.Text("POOL", "poolId"),
        new Column("STATUS", r => Column.Show(r["status"]))
        {
            Style = r => Column.Show(r["status"]) switch
            {
                "Held" or "Confirmed" => "green",
                "Waitlisted" => "yellow",
                "Failed" or "Preempted" => "red",
                _ => "dim",
            },
        },
        new Column("UNITS", Units) { IsNumber = true },
        new Column("AGE", r => Age(r, context.Time)) { IsNumber = true },
        new Column("EXPIRES", r => Expires(r, context.Time)) { IsNumber = true },
        Column.Text("ORDER", "orderRef"),
        Column.Text("CUSTOMER", "customerRef"),
        new Column("LAST", r => $"{Column.Show(r["lastEvent"])} #{r["lastSequence"]}"));

    /// <summary>What it has of the bucket that its status names.</summary>
    public static string Units(JsonObject row) => Column.Show(row["status"]) switch
    {
        "Held" => Part(row, "held", "confirmed"),
        "Confirmed" => Part(row, "confirmed", "consumed"),
        "Waitlisted" => Part(row, "waiting", "confirmed"),
        "Consumed" => Part(row, "consumed", "returned"),
        _ => Column.Show(row["granted"]),
    };

    private static string Part(JsonObject row, string first, string second)
    {
        var more = row[second]!.GetValue<long>();
        return more == 0 ? $"{row[first]}" : $"{row[first]} (+{more} {second})";
    }

    private static string Age(JsonObject row, TimeProvider clock) =>
        Words.TryMs(row["createdAt"]!) is { } created ? Duration.ShowMs((Int128)Now(clock) - created) : "-";

    private static string Expires(JsonObject row, TimeProvider clock)
    {
        if (row["held"]!.GetValue<long>() == 0 || row["expiresAt"] is not { } expires)
        {
            return "-";
        }
        return Words.TryMs(expires) is not { } at ? expires.ToString()
            : at < Now(clock) ? "now" : $"in {Duration.ShowMs((Int128)at - Now(clock))}";
    }

    private static long Now(TimeProvider clock) => clock.GetUtcNow().ToUnixTimeMilliseconds();
}
