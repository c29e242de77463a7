using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Slices;

/// <summary>
/// <c>alloc authority mismatches</c>: signs in the journal that another system decides for the same pools.
/// </summary>
internal static class AuthorityMismatchesCommand
{
    private static readonly Argument<string> Slice = new("slice")
    {
        Description = "Only pools of this slice",
        DefaultValueFactory = _ => "*",
    };

    private static readonly Option<TimeSpan> Since = new("--since")
    {
        Description = "How far back to look, by the log's clock",
        CustomParser = Duration.Parse,
        DefaultValueFactory = _ => TimeSpan.FromDays(1),
        HelpName = "duration",
    };

    private static readonly Option<int> Limit = new Option<int>("--limit", "-n")
    {
        Description = "How many to show, the newest",
        DefaultValueFactory = _ => 100,
        HelpName = "count",
    }.Within(1, 10_000);

    public static Command Create() =>
        new Command(
            "mismatches", "Signs that another system decides for the same pools; exit code 5 when there are any")
            .Takes(Slice, Since, Limit).TalksToKafka().TalksToRegistry()
            .Runs((context, cancellation) => Task.Run(() => RunAsync(context, cancellation), cancellation));

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var limit = context.Get(Limit);
        var settings = ClientOptions.SettingsOf(context);
        await new KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var registry = Registries.Client(settings, context.Time);
        using var reader = new JournalReader(settings, registry);
        var (count, signs) = Read(context, reader, limit, cancellation);
        context.Screen.Rows(
            [.. signs.Select(Row)],
            Column.Text("AT", "at"), Column.Text("SIGN", "sign"), Column.Text("POOL", "poolId"),
            Column.Text("WHO", "actor"), Column.Text("DETAIL", "detail"), Column.Text("OUTCOME", "outcome"));
        if (count == 0)
        {
            context.Screen.Warn($"No sign of a second writer within {Duration.Show(context.Get(Since))}.");
            return ExitCode.Ok;
        }
        context.Screen.Warn(
            $"{count} sign{(count == 1 ? "" : "s")} of a second writer"
            + (count > signs.Count ? $", the newest {signs.Count} shown" : "")
            + ". Freeze the slice until the other system is stopped:  alloc authority transfer SLICE --mode frozen …");
        return ExitCode.Mismatch;
    }

    private static (int Count, IReadOnlyList<AllocationOutcome> Signs) Read(
        CommandContext context, JournalReader reader, int limit, CancellationToken cancellation)
    {
        var pattern = new PoolPattern(context.Get(Slice));
        var sinceMs = (context.Time.GetUtcNow() - context.Get(Since)).ToUnixTimeMilliseconds();
        var starts = reader.At(sinceMs);
        var ends = Enumerable.Range(0, reader.PartitionCount).Select(p => reader.Ends(p).High).ToArray();
        var count = 0;
        var newest = new PriorityQueue<AllocationOutcome, (long, string)>();
        using (var progress = new SearchProgress(context.Host))
        {
            reader.Sweep(starts, ends, progress.Show, Take, cancellation);
        }
        var signs = new List<AllocationOutcome>();
        while (newest.TryDequeue(out var outcome, out _))
        {
            signs.Add(outcome);
        }
        signs.Reverse();
        return (count, signs);

        void Take(int partition, AllocationOutcome outcome)
        {
            if (SecondWriter.SignOf(outcome) is null || !pattern.Matches(outcome.PoolId))
            {
                return;
            }
            count++;
            newest.Enqueue(outcome, (outcome.TMs, outcome.PoolId));
            if (newest.Count > limit)
            {
                newest.Dequeue();
            }
        }
    }

    private static JsonObject Row(AllocationOutcome outcome) => new()
    {
        ["class"] = "DualWriter",
        ["sign"] = SecondWriter.SignOf(outcome)!.Value.ToString(),
        ["poolId"] = outcome.PoolId,
        ["at"] = DateTimeOffset.FromUnixTimeMilliseconds(outcome.TMs).UtcDateTime.ToString("u"),
        ["actor"] = outcome.Actor is { } actor ? $"{actor.Type} {actor.Id}" : "",
        ["commandId"] = outcome.CommandId,
        ["detail"] = OutcomeBlock.Detail(outcome),
        ["outcome"] = $"{outcome.PoolId}#{outcome.Sequence}",
    };
}
