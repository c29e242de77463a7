using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands;

/// <summary>What the histories of pools and reservations share: finding, showing, following.</summary>
internal static class Histories
{
    public static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Wait for more" };

    public static readonly Option<int> Count = new Option<int>("-n")
    {
        Description = "How many outcomes at most, the newest",
        DefaultValueFactory = _ => 20,
        HelpName = "count",
    }.Within(1);

    public static async Task<int> RunAsync(
        CommandContext context,
        string poolId,
        Func<AllocationOutcome, bool> isWanted,
        Func<IReadOnlyList<AllocationOutcome>, bool> isEnough,
        string nothing,
        CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        await new KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var registry = Registries.Client(settings, context.Time);
        using var journal = new OutcomeJournal(settings, registry);
        var partition = journal.PartitionOf(poolId);
        var count = context.Get(Count);
        List<AllocationOutcome> found;
        using (var progress = new SearchProgress(context.Host))
        {
            found = [.. journal.SearchBack(
                [partition], poolId, isWanted, list => list.Count >= count || isEnough(list), count,
                progress.Show, cancellation)
                .TakeLast(count)];
        }
        var follow = context.Get(Follow);
        if (found.Count == 0 && !follow)
        {
            throw AllocException.NotFound(nothing);
        }
        if (!follow)
        {
            context.Screen.Rows(found.Select(o => Row(o, poolId)).ToList(), Columns);
            return ExitCode.Ok;
        }
        foreach (var outcome in found.Concat(journal.Follow(partition, poolId, cancellation).Where(isWanted)))
        {
            context.Screen.Next(
                () => Row(outcome, poolId), _ => context.Screen.Verbatim(Line(outcome, Row(outcome, poolId))));
        }
        return ExitCode.Ok;
    }

    private static readonly Column[] Columns =
    [
        Column.Number("SEQ", "sequence"),
        new Column("TIME", row => Column.Show(row["t"])),
        new Column("EVENT", row => Column.Show(row["event"]) + (row["duplicateOf"] is null ? "" : " (repeat)"))
        {
            Style = row => Column.Show(row["event"]) switch
            {
                "Rejected" or "OverCommitted" => "red",
                "NoOp" or "Expired" => "dim",
                _ => null,
            },
        },
        Column.Text("RESERVATION", "reservation"),
        Column.Text("DETAIL", "detail"),
        Column.Number("FREE", "free"),
        Column.Number("HELD", "held"),
        Column.Number("CONFIRMED", "confirmed"),
        Column.Text("COMMAND", "command"),
    ];

    // What the partition answered about the pool has neither its sequence nor its balances.
    private static JsonObject Row(AllocationOutcome outcome, string poolId)
    {
        var row = OutcomeSummary.Row(outcome);
        foreach (var member in outcome.PoolId == poolId ? [] : Own)
        {
            row[member] = null;
        }
        return row;
    }

    private static readonly string[] Own = ["sequence", "free", "held", "confirmed", "consumed"];

    private static string Line(AllocationOutcome outcome, JsonObject row) =>
        $"{row["t"]}  {$"#{outcome.Sequence}",-7} {row["event"],-14} {Column.Show(row["reservation"]),-16} "
            + $"{row["detail"]}  "
            + $"free {Column.Show(row["free"])}";
}
