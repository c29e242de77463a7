using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Topology.Tests.Ledger.TestPolicies;

namespace Topology.Tests.Ledger.Scarcity;

/// <summary>Fewer units are left than were promised.</summary>
public sealed class DeficitTests
{
    private static AllocationPolicy Acting(DeficitAction action) => ThreeClasses with
    {
        DeficitTable = [new DeficitRow("deficit/all", PoolPattern.All, action)],
    };

    private static IReadOnlyList<AllocationOutcome> Block(TestLedger ledger, long quantity) =>
        ledger.All(new AllocationCommandBody.Block { Quantity = quantity, Reason = "damaged" });

    private static string[] Texts(IEnumerable<AllocationOutcome> outcomes) => [.. outcomes.Select(o => o.Event switch
    {
        AllocationOutcomeEvent.OverCommitted over => $"OverCommitted {over.Deficit}",
        AllocationOutcomeEvent.Expired expired => $"Expired {expired.ReservationId}",
        AllocationOutcomeEvent.Promoted promoted => $"Promoted {promoted.ReservationId}",
        _ => OutcomeText.Of(o),
    })];

    private static TestLedger ThreeHolds(AllocationPolicy policy)
    {
        var ledger = TestLedger.WithStock(9, policy: policy);
        foreach (var id in new[] { "old", "mid", "new" })
        {
            ledger.NowMs += 1_000;
            ledger.Hold(id, 3, ttlMs: 3_600_000);
        }
        return ledger;
    }

    [Theory]
    [InlineData(DeficitAction.None)]
    [InlineData(DeficitAction.OperatorList)]
    public void Deficit_is_published_and_nothing_else_happens(DeficitAction action)
    {
        var ledger = ThreeHolds(Acting(action));

        Assert.Equal(["✔ Blocked", "OverCommitted 4"], Texts(Block(ledger, 4)));
        Assert.Equal(9, ledger.Balances.Held);
    }

    [Fact]
    public void Newest_holds_expire_until_the_deficit_is_covered()
    {
        var ledger = ThreeHolds(Acting(DeficitAction.ExpireNewestHeld));

        var outcomes = Block(ledger, 4);

        Assert.Equal(
            ["✔ Blocked", "OverCommitted 4", "Expired new", "OverCommitted 1", "Expired mid", "OverCommitted 0"],
            Texts(outcomes));
        Assert.Equal((2, 3), (ledger.Balances.Free, ledger.Balances.Held));
        Assert.Contains(outcomes[2].Decision, s => s is { Rule: DecisionRule.Deficits, Row: "deficit/all" });
        Assert.Single(ledger.State.GetTimers());
    }

    [Fact]
    public void Confirmed_units_do_not_expire_with_a_deficit()
    {
        var ledger = ThreeHolds(Acting(DeficitAction.ExpireNewestHeld));
        ledger.Confirm("new");
        ledger.Confirm("mid");

        Assert.Equal(
            ["✔ Blocked", "OverCommitted 4", "Expired old", "OverCommitted 1"], Texts(Block(ledger, 4)));
        Assert.Equal((-1, 6), (ledger.Balances.Free, ledger.Balances.Confirmed));
    }

    [Fact]
    public void No_more_expire_for_one_record_than_the_policy_says_and_the_rest_go_on_with_the_next()
    {
        var ledger = ThreeHolds(Acting(DeficitAction.ExpireNewestHeld) with
        {
            Limits = PolicyVersions.Version0.Limits with { TimersPerRecord = 1 },
        });

        var first = Block(ledger, 6);
        var rest = ledger.Tick();

        Assert.Equal(["✔ Blocked", "OverCommitted 6", "Expired new", "OverCommitted 3"], Texts(first));
        Assert.Equal(["N PromotionGoesOn", "Expired mid", "OverCommitted 0"], Texts(rest));
        Assert.Equal(["N PromotionGoesOn"], Texts(ledger.Tick()));
        Assert.Empty(ledger.Tick());
    }

    [Fact]
    public void Nobody_is_promoted_before_the_deficit_is_over()
    {
        var ledger = ThreeHolds(Acting(DeficitAction.None).Waiting());
        Block(ledger, 4);
        ledger.Run(new AllocationCommandBody.Hold { ReservationId = "w", Quantity = 1, Mode = HoldMode.Waitlist });

        var some = ledger.All(new AllocationCommandBody.Unblock { Quantity = 4, Reason = "repaired" });
        var more = ledger.All(new AllocationCommandBody.Release { ReservationId = "new", Reason = "test" });

        Assert.Equal(["✔ Unblocked", "OverCommitted 0"], Texts(some));
        Assert.Equal(["✔ Released", "Promoted w"], Texts(more));
    }

    [Fact]
    public void Falling_curve_is_published_as_a_deficit_at_its_very_step()
    {
        var policy = ThreeClasses.Waiting() with
        {
            OverbookingTable =
            [
                new OverbookingRow(
                    "overbook/curve", PoolPattern.All, OverbookingKind.Curve,
                    Curve: [new CurveStep(60_000, 50), new CurveStep(10_000, 20)]),
            ],
        };
        var ledger = new TestLedger(policy);
        var serviceAt = ledger.NowMs + 100_000;
        ledger.Run(new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings { Unit = "seat", Kind = PoolKind.Capacity, ServiceAtMs = serviceAt },
        });
        ledger.Delta(1, 10, "opening");
        ledger.Hold("a", 10, ttlMs: 600_000);
        ledger.Hold("b", 5, ttlMs: 600_000);

        Assert.Equal("R InsufficientAvailability", OutcomeText.Of(ledger.Hold("c", 1)));
        Assert.Empty(ledger.Wait(TimeSpan.FromMilliseconds(40_000)));
        var first = ledger.Wait(TimeSpan.FromMilliseconds(1));
        var second = ledger.Wait(TimeSpan.FromMilliseconds(50_000));

        Assert.Equal(["N OverbookingStepped", "OverCommitted 3"], Texts(first));
        Assert.Equal(["N OverbookingStepped", "OverCommitted 5"], Texts(second));
        Assert.All(ledger.State.GetTimers(), timer => Assert.Equal(TimerKind.Expiry, timer.Kind));
    }
}
