using System.Text.Json.Nodes;
using Alloc.Schemas.Allocation;
using EndToEnd.Tests.Http;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Crashes;

/// <summary>
/// Warehouses tell late, twice and in another order, while whoever makes commands of it is killed: each pool ends at
/// what lies on its shelf, and each record that was told became one command.
/// </summary>
public sealed class KilledSupplyTests
{
    private const string Movements = "warehouse.movements";
    private const string Stock = "supply.stock";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Facts_told_through_kills_end_at_the_shelf_and_each_becomes_one_command()
    {
        using var directory = new TemporaryDirectory();
        var (broker, deployment) = Servers.Broker(directory["broker"]);
        await using var first = await broker.StartAsync();
        var port = AllocProcess.FreePort();
        await using var engine = await Servers.Engine(
            deployment, directory["engine"], port, "--roles", "allocation,supply-bridge").StartAsync();
        var day = new WarehouseDay(20_260_302);
        await OpenAsync(deployment, day);
        using var probe = new JournalProbe(deployment.Bootstrap);

        // Killed before what it made of the facts can be committed, and again while they are decided.
        await TellAsync(deployment, directory, Movements, day.Told(Movements));
        await engine.RestartAsync();
        await probe.WaitForAsync(WarehouseDay.PoolCount * 100, engine.Process, Proof.Deadline);
        await engine.KillAsync();
        // Told while nobody listens, and most of it again.
        await TellAsync(deployment, directory, Stock, day.Told(Stock));
        await TellAsync(deployment, directory, Movements, day.Told(Movements));
        await engine.StartAsync();
        // Both at once, in the middle of the repeats.
        await probe.WaitForAsync(WarehouseDay.PoolCount * 400, engine.Process, Proof.Deadline);
        await engine.KillAsync();
        await broker.RestartAsync();
        await TellAsync(deployment, directory, Stock, day.Told(Stock));
        await engine.StartAsync();

        using var console = new InstanceConsole(port);
        await UntilTrueAsync(console, day);
        await Proof.VerifyAsync(deployment);
        await AssertOneCommandForEachAsync(deployment, day);
        await UntilTrueAsync(console, day);
    }

    // What was told became a command each time, repeats included; each fact was decided once.
    private static async Task AssertOneCommandForEachAsync(Deployment deployment, WarehouseDay day)
    {
        var commands = await TopicRecords.ReadAsync<AllocationCommand>(
            deployment, CommandClient.Commands, Cancellation);
        var outcomes = await TopicRecords.ReadAsync<AllocationOutcome>(
            deployment, CommandClient.Outcomes, Cancellation);
        static bool IsFact(string? id) => id is not null && id.StartsWith("sb/", StringComparison.Ordinal);

        Assert.Equal(day.ToldCount, commands.Count(c => IsFact(c.Value.CommandId)));
        Assert.Equal(day.FactCount, commands.Where(c => IsFact(c.Value.CommandId))
            .Select(c => c.Value.CommandId).Distinct().Count());
        Assert.Equal(day.FactCount, outcomes.Count(o => o.Value.Original && IsFact(o.Value.CommandId)));
        Assert.DoesNotContain(outcomes, o =>
            IsFact(o.Value.CommandId) && o.Value.Event is AllocationOutcomeEvent.Rejected);
    }

    private static async Task OpenAsync(Deployment deployment, WarehouseDay day)
    {
        using var client = new CommandClient(deployment);
        foreach (var pool in day.Pools)
        {
            var settings = new PoolSettings { Unit = "piece", SnapshotSource = WarehouseDay.Source };
            await client.AskAsync(CommandClient.Command(
                $"{pool}-configure", pool, new AllocationCommandBody.PoolConfigure { Settings = settings }));
            // Promises come before the shelf is known: nobody else may have what is counted later.
            await client.AskAsync(CommandClient.Command($"{pool}-open", pool, new AllocationCommandBody.SupplyDelta
            {
                Source = "opening",
                SourceSequence = 1,
                Quantity = WarehouseDay.Promised,
            }));
            await client.AskAsync(CommandClient.Command(
                $"{pool}-hold", pool, CommandClient.Hold(WarehouseDay.Reservation, WarehouseDay.Promised)));
            await client.AskAsync(CommandClient.Command($"{pool}-confirm", pool, new AllocationCommandBody.Confirm
            {
                ReservationId = WarehouseDay.Reservation,
            }));
            await client.AskAsync(CommandClient.Command($"{pool}-close", pool, new AllocationCommandBody.SupplyDelta
            {
                Source = "opening",
                SourceSequence = 2,
                Quantity = -WarehouseDay.Promised,
            }));
        }
    }

    private static async Task TellAsync(
        Deployment deployment, TemporaryDirectory directory, string topic, IReadOnlyList<string> lines)
    {
        var file = directory[$"{topic}.jsonl"];
        await File.WriteAllLinesAsync(file, lines, Cancellation);
        var result = await deployment.AllocAsync(
            Proof.Deadline, "topic", "produce", topic, "-f", file, "--yes", "-o", "none");
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    private static async Task UntilTrueAsync(InstanceConsole console, WarehouseDay day)
    {
        foreach (var pool in day.Pools)
        {
            await console.UntilAsync($"v1/pools/{pool}", answer =>
            {
                var balances = (int)answer.Status == 200 ? JsonNode.Parse(answer.Text)!["balances"] : null;
                return balances is not null && day.Shelf(pool) == Of(balances, "free") + Of(balances, "held")
                    + Of(balances, "confirmed") + Of(balances, "blocked");
            }, Proof.Deadline);
        }
    }

    private static long Of(JsonNode balances, string account) => (long)balances[account]!;
}
