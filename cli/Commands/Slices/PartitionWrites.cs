using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Slices;

/// <summary>
/// Commands that go to every partition: each decides for itself, so the answer is a table of partitions. A second run
/// finishes what a first one began.
/// </summary>
internal static class PartitionWrites
{
    public static Command AsksEveryPartition(this Command command, Func<CommandContext, AllocationCommandBody> build) =>
        command.Acts().TalksToKafka().TalksToRegistry()
            .Runs((context, cancellation) => RunAsync(context, build(context), cancellation));

    /// <summary>Sends it to every partition, and shows what each makes of it.</summary>
    public static async Task<int> RunAsync(
        CommandContext context, AllocationCommandBody body, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        using var client = new AllocClient(settings, context.Time);
        var key = CommandKinds.KeyOf(CommandKinds.Of(body));
        var command = Writes.Envelope(context, key, body, CommandId.Next(context.Time));
        var rows = new List<JsonObject>();
        var count = await client.CountPartitionsAsync(cancellation).ConfigureAwait(false);
        for (var partition = 0; partition < count; partition++)
        {
            var result = await client.SendAsync(command, partition, cancellation).ConfigureAwait(false);
            rows.Add(Row(partition, command.CommandId, (result as CommandAnswer.Decided)?.Outcome));
        }
        context.Screen.Rows(rows, Columns);
        if (rows.Any(IsUnknown))
        {
            context.Screen.Warn("Some partitions gave no answer in time; run it again to finish it.");
            return ExitCode.Unavailable;
        }
        return rows.Any(IsRejected) ? ExitCode.Rejected : ExitCode.Ok;
    }

    /// <summary>How the rows are shown.</summary>
    public static Column[] Columns { get; } =
    [
        Column.Number("PARTITION", "partition"),
        new Column("RESULT", r => Column.Show(r["result"]))
        {
            Style = r => IsRejected(r) || IsUnknown(r) ? "red" : null,
        },
        Column.Text("DETAIL", "detail"),
        Column.Text("OUTCOME", "outcome"),
    ];

    /// <summary>Whether a partition gave no answer in time.</summary>
    public static bool IsUnknown(JsonObject row) => Column.Show(row["result"]) == "Unknown";

    /// <summary>Whether a partition refused.</summary>
    public static bool IsRejected(JsonObject row) => Column.Show(row["result"]) == "Rejected";

    /// <summary>What a partition made of a command; no outcome: nothing was seen.</summary>
    public static JsonObject Row(int partition, string? commandId, AllocationOutcome? outcome) => new()
    {
        ["partition"] = partition,
        ["result"] = outcome is null ? "Unknown" : OutcomeSummary.Of(outcome).Event,
        ["detail"] = outcome is null ? "no decision was seen" : OutcomeBlock.Detail(outcome),
        ["outcome"] = outcome is null ? null : $"{outcome.PoolId}#{outcome.Sequence}",
        ["commandId"] = commandId,
    };
}
