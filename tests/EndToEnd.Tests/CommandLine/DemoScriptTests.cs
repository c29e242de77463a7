using Alloc.Cli.Hosting.Demo;
using Alloc.Schemas.Allocation;

namespace EndToEnd.Tests.CommandLine;

/// <summary>The demo's customers: seeded, and patient enough to show expiries.</summary>
public sealed class DemoScriptTests
{
    private const long Start = 1_700_000_000_000;
    private static readonly Dictionary<string, long> NoDeltas = [];

    [Fact]
    public void The_same_seed_asks_for_the_same_things()
    {
        var one = new DemoScript(7, Start, NoDeltas).Next(Start, 50).Select(c => c.CommandId + c.PoolId).ToList();
        var other = new DemoScript(7, Start, NoDeltas).Next(Start, 50).Select(c => c.CommandId + c.PoolId).ToList();

        Assert.Equal(one, other);
        Assert.Equal(50, one.Count);
    }

    [Fact]
    public void Holds_are_confirmed_or_released_or_forgotten()
    {
        var script = new DemoScript(1, Start, NoDeltas);
        var holds = script.Next(Start, 200).ToList();
        foreach (var hold in holds)
        {
            script.See(Held(hold), Start);
        }

        var later = script.Next(Start + 7_000, 200).Where(c => c.Body is not AllocationCommandBody.Hold).ToList();

        Assert.InRange(later.Count(c => c.Body is AllocationCommandBody.Confirm), 100, 160);
        Assert.InRange(later.Count(c => c.Body is AllocationCommandBody.Release), 15, 60);
        Assert.True(later.Count < holds.Count, "Nobody forgot a hold, so none would expire.");
    }

    [Fact]
    public void Facts_of_the_warehouse_go_on_where_the_ledger_left_off()
    {
        var script = new DemoScript(1, Start, new Dictionary<string, long> { ["espresso-machines"] = 42 });
        script.See(Consumed("espresso-machines"), Start);

        var restock = script.Next(Start + 30_000, 10).Select(c => c.Body)
            .OfType<AllocationCommandBody.SupplyDelta>().Single();

        Assert.Equal((42L, 3L), (restock.SourceSequence, restock.Quantity));
    }

    private static AllocationOutcome Held(AllocationCommand command)
    {
        var hold = (AllocationCommandBody.Hold)command.Body;
        return Outcome(command.PoolId, new AllocationOutcomeEvent.Held
        {
            Lines = [new GrantedLine { ReservationId = hold.ReservationId!, Requested = 1, Granted = 1 }],
            Class = "standard",
            ExpiresAtMs = Start + 15_000,
        });
    }

    private static AllocationOutcome Consumed(string pool) => Outcome(pool, new AllocationOutcomeEvent.Consumed
    {
        ReservationId = "demo-1",
        ConsumeId = "demo-1-use",
        Quantity = 3,
    });

    private static AllocationOutcome Outcome(string pool, AllocationOutcomeEvent body) => new()
    {
        PoolId = pool,
        Sequence = 1,
        Source = new SourcePosition { Topic = "allocation.commands", Partition = 0, Offset = 0 },
        TMs = Start,
        PolicyVersion = 0,
        Original = true,
        BalancesBefore = new Balances(),
        BalancesAfter = new Balances(),
        Event = body,
    };
}
