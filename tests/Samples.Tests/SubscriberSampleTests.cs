using Alloc.Client;
using Alloc.Samples;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Effects;
using EndToEnd.Tests.Processes;

namespace Samples.Tests;

/// <summary>
/// samples/subscriber does once what outcomes ask for and says so, wherever it is killed. Each test has an
/// <c>alloc dev</c> of its own: the subscriber acts on all pools, and all receipts are counted.
/// </summary>
public sealed class SubscriberSampleTests
{
    private const string Pool = "shelf";

    [Fact]
    public async Task A_killed_subscriber_packs_every_confirmation_once_also_when_it_reads_again_from_the_beginning()
    {
        const int Orders = 30;
        await using var world = await World.OpenAsync();
        for (var first = 1; first < Orders; first += 6)
        {
            // While they are sold, it is somewhere in the middle of one.
            var selling = SellAsync(world, first, count: 6);
            await FollowAsync(world, " Applied: ");
            await selling;
        }
        await FollowAsync(world, $"#{2 + 2 * Orders} is sent");

        // What comes last is read last: everything before it was read again by then.
        await world.SellAsync("last-order", units: 1);
        await FollowAsync(world, $"#{4 + 2 * Orders} is sent", "--again");

        var slips = await world.SlipsAsync();
        var receipts = world.Receipts.ReadToEnd();
        Assert.Equal(
            [.. Enumerable.Range(1, Orders).Select(i => $"order-{i} 1"), "last-order 1"],
            slips.Select(s => string.Join(' ', s.Split(' ')[2..])));
        Assert.Equal(Orders + 1, receipts.Select(r => r.OutcomeId).Distinct().Count());
        Assert.All(receipts, r => Assert.Equal(
            ($"packing/{r.OutcomeId}", "packing", EffectResult.Applied), (r.ReceiptId, r.Service, r.Result)));
    }

    [Theory]
    [InlineData("--crash-committed", 1)]
    [InlineData("--crash-sent", 2)]
    public async Task A_receipt_goes_out_although_the_process_ended_before_that_was_noted(string crash, int count)
    {
        await using var world = await World.OpenAsync();
        await world.SellAsync("order-1", units: 2);

        await using (var crashing = world.Start(crash))
        {
            Assert.Equal(1, (await crashing.WaitForExitAsync(SampleProgram.Deadline)).ExitCode);
        }
        await FollowAsync(world, "receipt packing/shelf#4 is sent");

        Assert.Equal(["1 shelf#4 order-1 2"], await world.SlipsAsync());
        var receipts = world.Receipts.ReadToEnd();
        Assert.Equal(Enumerable.Repeat("packing/shelf#4", count), receipts.Select(r => r.ReceiptId));
        Assert.All(receipts, r => Assert.Equal("slip 1: 2 of order-1", r.Effect));
    }

    [Fact]
    public async Task An_outcome_delivered_again_is_done_if_it_was_missed_and_else_has_the_same_receipt()
    {
        await using var world = await World.OpenAsync();
        await world.SellAsync("order-1", units: 2);
        await world.SellAsync("order-2", units: 3);
        await world.AskAsync(new AllocationCommandBody.Release { ReservationId = "order-2", Reason = "cancelled" });
        var journal = world.Outcomes.ReadUntil(o => o.Any(x => x is { PoolId: Pool, Sequence: 7 }));
        await FollowAsync(world, "receipt packing/shelf#7 is sent");
        // As after a mishap: of the second order nothing is known any more but that it was released.
        world.Forget("shelf#6");

        await using (var subscriber = world.Start())
        {
            await world.DeliverAgainAsync(journal.Single(o => o is { PoolId: Pool, Sequence: 4 }));
            await subscriber.WaitForLineAsync("shelf#4 again: it was dealt with", SampleProgram.Deadline);
            await world.DeliverAgainAsync(journal.Single(o => o is { PoolId: Pool, Sequence: 6 }));
            await subscriber.WaitForLineAsync("shelf#6 Skipped: shelf#7 released it since", SampleProgram.Deadline);
            await subscriber.WaitForLineAsync("receipt packing/shelf#6 is sent", SampleProgram.Deadline);
        }
        world.Forget("shelf#4");
        await using (var subscriber = world.Start())
        {
            await world.DeliverAgainAsync(journal.Single(o => o is { PoolId: Pool, Sequence: 4 }));
            await subscriber.WaitForLineAsync("shelf#4 Applied: slip", SampleProgram.Deadline);
            await subscriber.WaitForLineAsync("receipt packing/shelf#4 is sent", SampleProgram.Deadline);
        }

        Assert.Equal(
            ["order-2 -3", "order-1 2"],
            (await world.SlipsAsync()).Select(s => string.Join(' ', s.Split(' ')[2..])));
        Assert.Equal(
            ["packing/shelf#4 Applied", "packing/shelf#6 Applied", "packing/shelf#7 Applied",
                "packing/shelf#4 Applied", "packing/shelf#6 Skipped", "packing/shelf#4 Applied"],
            world.Receipts.ReadToEnd().Select(r => $"{r.ReceiptId} {r.Result}"));
    }

    [Fact]
    public async Task What_is_not_packed_is_said_with_the_reason()
    {
        await using var world = await World.OpenAsync();
        await world.SellAsync("order-1", units: 1_500);
        await world.SellAsync("order-2", units: 1);
        await world.AskAsync(new AllocationCommandBody.Confirm { ReservationId = "order-2" }, "order-2/confirm");
        await world.AskAsync(new AllocationCommandBody.Hold { ReservationId = "order-3", Quantity = 1 });
        await world.AskAsync(new AllocationCommandBody.Release { ReservationId = "order-3", Reason = "changed mind" });
        await world.AskAsync(new AllocationCommandBody.Release { ReservationId = "order-1", Reason = "cancelled" });

        await FollowAsync(world, "receipt packing/shelf#10 is sent");

        Assert.Equal(
            [
                "shelf#4 Failed 1500 units do not fit on a slip of 1000: pack them by hand",
                "shelf#6 Applied ",
                "shelf#7 Skipped it repeats the answer that shelf#6 gave",
                "shelf#9 Skipped nothing of it was confirmed",
                "shelf#10 Skipped 0 units of it are packed",
            ],
            world.Receipts.ReadToEnd().Select(r => $"{r.OutcomeId} {r.Result} {r.Reason}"));
    }

    [Fact]
    public async Task A_gap_in_a_pools_sequence_stops_it_before_anything_is_done()
    {
        await using var world = await World.OpenAsync();
        await world.SellAsync("order-1", units: 1);
        await FollowAsync(world, "receipt packing/shelf#4 is sent");
        world.Execute("UPDATE pool SET sequence = 3 WHERE id = 'shelf'");
        await world.SellAsync("order-2", units: 1);

        await using var subscriber = world.Start();
        var end = await subscriber.WaitForExitAsync(SampleProgram.Deadline);

        Assert.Equal(1, end.ExitCode);
        Assert.StartsWith("shelf#4 is missing before #5 (allocation.outcomes", end.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", end.Error, StringComparison.Ordinal);
        Assert.Equal(["1 shelf#4 order-1 1"], await world.SlipsAsync());
    }

    private static async Task SellAsync(World world, int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            await world.SellAsync($"order-{i}", units: 1);
        }
    }

    /// <summary>Lets it run until it says something, and kills it.</summary>
    private static async Task FollowAsync(World world, string until, params string[] more)
    {
        await using var subscriber = world.Start(more);
        await subscriber.WaitForLineAsync(until, SampleProgram.Deadline);
        await subscriber.KillAsync();
    }

    /// <summary>An alloc dev, a pool of 5,000 pieces, and the packing station's database.</summary>
    private sealed class World(Server server, Deployment deployment, TemporaryDirectory directory) : IAsyncDisposable
    {
        private readonly AllocClient client = TestClient.Of(deployment);

        public TopicRecords<EffectReceipt> Receipts { get; } = new(deployment, "effects.receipts");

        public TopicRecords<AllocationOutcome> Outcomes { get; } = new(deployment, "allocation.outcomes");

        private TopicRecords<AllocationOutcome> Redeliveries { get; } = new(deployment, "effects.redeliveries");

        private string Database => directory["packing.db"];

        public static async Task<World> OpenAsync()
        {
            var directory = new TemporaryDirectory();
            var (server, deployment) = Servers.Dev(directory["data"]);
            await server.StartAsync();
            var world = new World(server, deployment, directory);
            await TestClient.OpenPoolAsync(world.client, Pool, TestContext.Current.CancellationToken, units: 5_000);
            return world;
        }

        public AllocProcess Start(params string[] more) => SampleProgram.Start(
            "subscriber", "subscriber-sample", ["run", Database, deployment.Bootstrap, deployment.Registry, .. more]);

        public async Task SellAsync(string order, long units)
        {
            await AskAsync(
                new AllocationCommandBody.Hold { ReservationId = order, Quantity = units }, $"{order}/hold");
            await AskAsync(new AllocationCommandBody.Confirm { ReservationId = order }, $"{order}/confirm");
        }

        public Task AskAsync(AllocationCommandBody body, string? commandId = null) =>
            TestClient.AskAsync(client, Pool, body, TestContext.Current.CancellationToken, commandId);

        public Task DeliverAgainAsync(AllocationOutcome outcome) => Redeliveries.WriteAsync(outcome.PoolId, outcome);

        public void Execute(string sql, params (string Name, object? Value)[] parameters)
        {
            using var database = SqliteTables.Open(Database, "");
            Assert.True(database.Execute(sql, parameters) > 0, sql);
        }

        public void Forget(string outcome)
        {
            Execute("DELETE FROM slip WHERE outcome = $outcome", ("$outcome", outcome));
            Execute("DELETE FROM receipt WHERE outcome = $outcome", ("$outcome", outcome));
        }

        public async Task<IReadOnlyList<string>> SlipsAsync()
        {
            var listed = await SampleProgram.RunAsync("subscriber", "subscriber-sample", "slips", Database);
            Assert.True(listed.ExitCode == 0, listed.ToString());
            return listed.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }

        public async ValueTask DisposeAsync()
        {
            Receipts.Dispose();
            Outcomes.Dispose();
            Redeliveries.Dispose();
            await client.DisposeAsync();
            await server.DisposeAsync();
            directory.Dispose();
        }
    }
}
