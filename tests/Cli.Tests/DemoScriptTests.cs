using Alloc.Cli.Demo;
using Alloc.Schemas.Allocation;

namespace Cli.Tests;

/// <summary>The demo's customers: seeded, and patient enough to show expiries.</summary>
public sealed class DemoScriptTests
{
    private const long Start = 1_700_000_000_000;
    private static readonly Dictionary<string, DemoLeftovers> Nothing = [];

    [Fact]
    public void The_same_seed_asks_for_the_same_things()
    {
        var one = Script(7).Next(Start, 50).Select(c => c.CommandId + c.PoolId).ToList();
        var other = Script(7).Next(Start, 50).Select(c => c.CommandId + c.PoolId).ToList();

        Assert.Equal(one, other);
        Assert.Equal(50, one.Count);
    }

    [Fact]
    public void Holds_are_confirmed_or_released_or_forgotten()
    {
        var script = Script(1);
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
        var script = new DemoScript(DemoScenario.Usual, 1, Start, new Dictionary<string, DemoLeftovers>
        {
            ["espresso-machines"] = new() { NextDelta = 42 },
        });
        script.See(Consumed("espresso-machines"), Start);

        var restock = script.Next(Start + 30_000, 10).Select(c => c.Body)
            .OfType<AllocationCommandBody.SupplyDelta>().Single();

        Assert.Equal((42L, 3L), (restock.SourceSequence, restock.Quantity));
    }

    [Fact]
    public void The_warehouse_of_the_spare_parts_reports_late_doubled_and_out_of_order_and_counts_right_in_the_end()
    {
        var script = new DemoScript(DemoScenario.Find("spare-parts")!, 1, Start, Nothing);
        script.See(Consumed("parts/gearbox"), Start);

        var facts = Enumerable.Range(0, 10).SelectMany(i => script.Next(Start + 30_000 + (i * 1_000), 20))
            .Select(c => c.Body).OfType<AllocationCommandBody.SupplyDelta>().ToList();

        Assert.Equal([2L, 1L, 2L], facts.Select(f => f.SourceSequence));
        Assert.Equal(3, facts.DistinctBy(f => f.SourceSequence).Sum(f => f.Quantity));
    }

    [Fact]
    public void A_dealers_system_sends_a_hold_again_and_again_as_it_was()
    {
        var script = new DemoScript(DemoScenario.Find("spare-parts")!, 1, Start, Nothing);

        var holds = Enumerable.Range(0, 20).SelectMany(i => script.Next(Start + (i * 100), 40))
            .Where(c => c.Body is AllocationCommandBody.Hold).ToList();

        var storm = holds.GroupBy(c => c.CommandId).First(g => g.Count() > 4);
        Assert.Single(storm.Select(c => c.Body).Distinct());
        Assert.Equal("dealer", storm.First().Actor.Channel);
    }

    [Fact]
    public void Who_lost_the_units_neither_pays_for_them_nor_uses_them()
    {
        var script = Script(1);
        var holds = script.Next(Start, 200).ToList();
        foreach (var hold in holds)
        {
            script.See(Held(hold), Start);
            script.See(Preempted(hold), Start);
        }

        var later = script.Next(Start + 7_000, 200).ToList();

        Assert.DoesNotContain(later, c => c.Body is AllocationCommandBody.Confirm);
    }

    [Fact]
    public void What_an_earlier_run_sold_and_promised_is_filled_up_used_and_comes_back()
    {
        var script = new DemoScript(DemoScenario.Usual, 1, Start, new Dictionary<string, DemoLeftovers>
        {
            ["espresso-machines"] = new() { NextDelta = 7, IsSupplied = true, Sold = 12 },
            ["seats-A"] = new()
            {
                IsSupplied = true,
                Reservations =
                [
                    new Reservation { ReservationId = "demo-0-1", Version = 2, Confirmed = 2, Granted = 2 },
                    new Reservation { ReservationId = "demo-0-2", Version = 3, Consumed = 3, Granted = 3 },
                ],
            },
        });

        var asked = script.Next(Start + 26_000, 10).ToList();

        var restock = asked.Select(c => c.Body).OfType<AllocationCommandBody.SupplyDelta>().Single();
        var use = asked.Select(c => c.Body).OfType<AllocationCommandBody.Consume>().Single();
        var back = asked.Select(c => c.Body).OfType<AllocationCommandBody.Return>().Single();
        Assert.Equal((7L, 12L), (restock.SourceSequence, restock.Quantity));
        Assert.Equal(("demo-0-1", 2L, "demo-0-1-use"), (use.ReservationId, use.Quantity, use.ConsumeId));
        Assert.Equal(("demo-0-2", 3L, "demo-0-2-back"), (back.ReservationId, back.Quantity, back.ConsumeId));
    }

    [Fact]
    public void Pools_that_have_units_are_not_opened_again()
    {
        var opened = DemoScript.Opening(DemoScenario.Usual,
            Start, new Dictionary<string, DemoLeftovers> { ["seats-A"] = new() { IsSupplied = true } });

        Assert.Equal(["front-row", "espresso-machines", "slots-monday"], opened.Select(c => c.PoolId).Distinct());
    }

    [Fact]
    public void The_pool_that_the_banner_suggests_is_left_to_who_looks_at_the_demo()
    {
        var script = new DemoScript(
            DemoScenario.Usual, 1, Start, new Dictionary<string, DemoLeftovers>());

        var asked = script.Next(Start + 1_000, 1_000).ToList();

        Assert.Equal("front-row", DemoScenario.Usual.Pools[0].Id);
        Assert.Equal(
            ["espresso-machines", "seats-A", "slots-monday"],
            asked.Select(c => c.PoolId).Distinct().Order(StringComparer.Ordinal));
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

    private static AllocationOutcome Preempted(AllocationCommand command) =>
        Outcome(command.PoolId, new AllocationOutcomeEvent.Preempted
        {
            ReservationId = ((AllocationCommandBody.Hold)command.Body).ReservationId!,
            Quantity = 1,
            By = "somebody",
        });

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

    private static DemoScript Script(int seed) => new(DemoScenario.Usual, seed, Start, Nothing);
}
