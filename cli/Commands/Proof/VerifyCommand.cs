using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Verify;
using Confluent.Kafka;
using Spectre.Console;

namespace Alloc.Cli.Commands.Proof;

/// <summary><c>alloc verify</c>: the history checker over the topics.</summary>
internal static class VerifyCommand
{
    private static readonly SettingOption<string> Group = new(
        "--application-id", "The consumer group whose offsets are checked")
    {
        DefaultValueFactory = _ => "allocation",
        HelpName = "name",
    };

    private static readonly Option<int> Top = new Option<int>("--pools")
    {
        Description = "How many pools the table shows: those with findings first, then the busiest",
        DefaultValueFactory = _ => 10,
        HelpName = "count",
    }.Within(0);

    private static readonly Option<TimeSpan?> Wait = new("--wait")
    {
        Description = "First wait until every command is decided, for so long at most",
        CustomParser = Duration.ParseOptional,
        HelpName = "duration",
    };

    public static Command Create() =>
        new Command("verify",
            "Check the whole history: every topic, read committed and uncommitted, against a model of its own")
            .Takes(Group, Top, Wait).TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        await new KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var registry = Registries.RunClient(settings, context.Time);
        if (context.Get(Wait) is { } wait)
        {
            await AwaitDecidedAsync(context, settings, wait, cancellation).ConfigureAwait(false);
        }
        var progress = new ProgressLine(context.Host, "records");
        using var run = new VerifyRun(settings, context.Get(Group), registry, cancellation)
        {
            OnProgress = (what, done, total) => progress.Show(what, done, total),
        };
        VerifyResult result;
        try
        {
            result = await Task.Run(run.Run, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            progress.Clear();
        }
        Show(context, result);
        return result.Findings.Count > 0 ? ExitCode.Mismatch : ExitCode.Ok;
    }

    /// <summary>A history that is still being written is sound too; a test wants it whole.</summary>
    private static async Task AwaitDecidedAsync(
        CommandContext context, AllocClientOptions settings, TimeSpan wait, CancellationToken cancellation)
    {
        var clients = new KafkaClients(settings);
        var topic = settings.TopicPrefix + "allocation.commands";
        using var admin = clients.Admin();
        using var consumer = clients.Consumer(group: context.Get(Group));
        var partitions = Enumerable.Range(0, clients.PartitionCount(admin, topic)).Select(p =>
            new TopicPartition(topic, p)).ToList();
        var startedAt = context.Time.GetTimestamp();
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100), context.Time);
        do
        {
            var open = consumer.Committed(partitions, settings.Timeout).Sum(c =>
            {
                var ends = consumer.BoundsOf(c.TopicPartition, settings.Timeout);
                return ends.High.Value - (c.Offset == Offset.Unset ? ends.Low.Value : c.Offset.Value);
            });
            if (open <= 0)
            {
                return;
            }
            if (context.Time.GetElapsedTime(startedAt) > wait)
            {
                throw AllocException.Unavailable(
                    $"{open:N0} records of {topic} were not decided within {Duration.Show(wait)}.",
                    "Is the engine running?");
            }
        }
        while (await ticks.WaitForNextTickAsync(cancellation).ConfigureAwait(false));
    }

    private static void Show(CommandContext context, VerifyResult result)
    {
        var shown = result.Pools.Where(p => !p.PoolId.StartsWith('$'))
            .OrderByDescending(p => result.Findings.CountOf(p.PoolId)).ThenByDescending(p => p.OutcomeCount)
            .Take(context.Get(Top)).Select(p => Pool(p, result)).ToList();
        context.Screen.One(Json(result), console =>
        {
            context.Screen.Rows(
                shown,
                Column.Text("pool", "pool"), Column.Number("outcomes", "outcomes"),
                Column.Number("reservations", "reservations"),
                Column.Number("free", "free"), Column.Number("held", "held"), Column.Number("confirmed", "confirmed"),
                Column.Number("consumed", "consumed"), Column.Number("grants", "grants"),
                Column.Number("rejected", "rejected"),
                Column.Number("oversold", "oversold"), Column.Number("findings", "findings"));
            if (result.Pools.Count > shown.Count)
            {
                console.MarkupLine(
                    $"[dim]{result.Pools.Count - shown.Count:N0} more pools; --pools {result.Pools.Count} shows them "
                    + "all[/]");
            }
            console.WriteLine();
            console.WriteLine(
                $"Read {result.Commands:N0} commands, {result.Outcomes:N0} outcomes, {result.AvailabilityRecords:N0} "
                + "availability records, "
                + $"{result.DeadLetters:N0} dead letters"
                + (result.ShadowOutcomes == 0 ? "" : $", {result.ShadowOutcomes:N0} decisions of the shadow")
                + $"; {result.UncommittedOnly:N0} records of aborted or open "
                + "transactions, unseen by readers.");
            console.WriteLine(
                $"{result.Originals:N0} commands decided once, {result.Duplicates:N0} repeats answered, "
                + $"{result.Parked:N0} parked, "
                + $"{result.Undecided:N0} not decided yet; {result.Pools.Count:N0} pools, oversold "
                + $"{result.Pools.Sum(p => p.OversoldUnits):N0}.");
            foreach (var finding in result.Findings.Kept)
            {
                console.MarkupLine(
                    $"[red]{finding.Kind}[/] {Markup.Escape($"{finding.PoolId} {finding.At}: {finding.Text}")}");
            }
            console.MarkupLine(result.Findings.Count == 0
                ? "[green]Nothing found:[/] every command decided exactly once, every sequence gapless, every balance "
                    + "the sum of its entries."
                : $"[red]{result.Findings.Count:N0} findings[/]: "
                    + string.Join(", ", result.Findings.Counts.OrderByDescending(c => c.Value)
                        .Select(c => $"{c.Key} {c.Value:N0}")));
        });
    }

    private static JsonObject Json(VerifyResult result) => new()
    {
        ["commands"] = result.Commands,
        ["outcomes"] = result.Outcomes,
        ["originals"] = result.Originals,
        ["duplicates"] = result.Duplicates,
        ["undecided"] = result.Undecided,
        ["parked"] = result.Parked,
        ["deadLetters"] = result.DeadLetters,
        ["shadowOutcomes"] = result.ShadowOutcomes,
        ["availabilityRecords"] = result.AvailabilityRecords,
        ["uncommittedOnly"] = result.UncommittedOnly,
        ["oversold"] = result.Pools.Sum(p => p.OversoldUnits),
        ["events"] = new JsonObject(
            result.Events.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)JsonValue.Create(e.Value)))),
        ["findingCount"] = result.Findings.Count,
        ["findings"] = new JsonArray([.. result.Findings.Kept.Select(f => (JsonNode)new JsonObject
        {
            ["kind"] = f.Kind.ToString(),
            ["pool"] = f.PoolId,
            ["at"] = f.At.ToString(),
            ["text"] = f.Text,
        })]),
        ["pools"] = new JsonArray([.. result.Pools.Where(p => !p.PoolId.StartsWith('$')).OrderBy(p => p.PoolId,
            StringComparer.Ordinal)
            .Select(p => (JsonNode)Pool(p, result))]),
    };

    private static JsonObject Pool(PoolSummary pool, VerifyResult result) => new()
    {
        ["pool"] = pool.PoolId,
        ["outcomes"] = pool.OutcomeCount,
        ["sequence"] = pool.Sequence,
        ["reservations"] = pool.ReservationCount,
        ["free"] = pool.Balances.Free,
        ["held"] = pool.Balances.Held,
        ["confirmed"] = pool.Balances.Confirmed,
        ["consumed"] = pool.Balances.Consumed,
        ["blocked"] = pool.Balances.Blocked,
        ["grants"] = pool.GrantCount,
        ["rejected"] = pool.RejectionCount,
        ["oversold"] = pool.OversoldUnits,
        ["findings"] = result.Findings.CountOf(pool.PoolId),
    };
}
