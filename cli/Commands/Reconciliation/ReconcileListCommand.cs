using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;

namespace Alloc.Cli.Commands.Reconciliation;

/// <summary><c>alloc reconcile list</c>: mismatches that are not closed.</summary>
internal static class ReconcileListCommand
{
    private static readonly Option<int> Limit = new Option<int>("--limit", "-n")
    {
        Description = "How many to show",
        DefaultValueFactory = _ => 100,
        HelpName = "count",
    }.Within(1, 100_000);

    private static readonly Option<bool> Check = new("--check")
    {
        Description = "End with exit code 5 when there are any",
    };

    public static Command Create() =>
        new Command("list", "Mismatches that are not closed, page before ticket and the oldest first")
            .Takes(
                MismatchOptions.State, MismatchOptions.Class, MismatchOptions.Severity, MismatchOptions.Owner,
                MismatchOptions.Assignee, MismatchOptions.Pool, MismatchOptions.Order, MismatchOptions.Queue,
                MismatchOptions.Since, Limit, Check)
            .TalksToConsole().Takes(ClientOptions.Timeout).Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context);
        var (rows, hasMore) = await MismatchList.ReadAsync(
            console, MismatchOptions.Query(context), context.Get(Limit),
            PointInTime.Get(context, MismatchOptions.Since), cancellation).ConfigureAwait(false);
        context.Screen.Rows(rows, MismatchScreens.ListColumns);
        if (context.Screen.IsTable)
        {
            await WriteCountsAsync(context, console, hasMore, cancellation).ConfigureAwait(false);
        }
        return context.Get(Check) && rows.Count > 0 ? ExitCode.Mismatch : ExitCode.Ok;
    }

    private static async Task WriteCountsAsync(
        CommandContext context, JsonHttp console, bool hasMore, CancellationToken cancellation)
    {
        var counts = await console.GetAsync("v1/mismatch-counts", cancellation).ConfigureAwait(false);
        var open = counts["open"]!.AsArray().OfType<JsonObject>().ToList();
        var total = open.Sum(c => c["count"]!.GetValue<long>());
        context.Screen.Note(total == 0
            ? "No mismatch is open."
            : $"{total} are not closed: " + string.Join(", ", open
                .Where(c => c["count"]!.GetValue<long>() > 0)
                .GroupBy(c => Column.Show(c["class"]))
                .Select(g => (g.Key, Sum: g.Sum(c => c["count"]!.GetValue<long>())))
                .OrderByDescending(c => c.Sum).Select(c => $"{c.Key} {c.Sum}"))
                + (hasMore ? ". More than these are wanted: --limit" : "."));
        foreach (var queue in counts["queues"]!.AsArray().OfType<JsonObject>()
            .Where(q => q["count"]!.GetValue<long>() > 0))
        {
            context.Screen.Note(
                $"Exception queue of {Column.Show(queue["owner"])}: {Column.Show(queue["count"])}, "
                + $"{Column.Show(queue["overdue"])} of them overdue.");
        }
    }
}
