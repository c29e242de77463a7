using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Topology.Tests.Ledger.TestPolicies;

namespace Topology.Tests.Ledger.Waitlist;

/// <summary>What becomes of those who wait for what they cannot get: for ever, or for a while.</summary>
public sealed class WaitingInVainTests
{
    private static AllocationCommandBody.Hold Waiter(
        string id, long quantity, string? customer = null, long? ttlMs = null) => new()
        {
            ReservationId = id,
            Quantity = quantity,
            Mode = HoldMode.Waitlist,
            Class = Web,
            CustomerRef = customer,
            TtlMs = ttlMs,
        };

    private static TestLedger Full(AllocationPolicy policy, long stock = 10)
    {
        var ledger = TestLedger.WithStock(stock, policy: policy);
        ledger.Run(new AllocationCommandBody.Hold
        {
            ReservationId = "holder",
            Quantity = stock,
            TtlMs = 7_200_000,
            CustomerRef = "olga",
        });
        return ledger;
    }

    private static string[] Texts(IEnumerable<AllocationOutcome> outcomes) => [.. outcomes.Select(o => o.Event switch
    {
        AllocationOutcomeEvent.Promoted promoted => $"Promoted {promoted.ReservationId}",
        AllocationOutcomeEvent.Expired expired => $"Expired {expired.ReservationId}",
        _ => OutcomeText.Of(o),
    })];

    private static IReadOnlyList<AllocationOutcome> Release(TestLedger ledger, string id = "holder") =>
        ledger.All(new AllocationCommandBody.Release { ReservationId = id, Reason = "test" });

    private static IReadOnlyList<AllocationOutcome> Configure(
        TestLedger ledger, long? closesAtMs = null, long? maximum = null) =>
        ledger.All(new AllocationCommandBody.PoolConfigure
        {
            Settings = ledger.PoolState.Settings with { ClosesAtMs = closesAtMs, MaximumCapacity = maximum },
        });

    private static IReadOnlyList<AllocationOutcome> Stop(TestLedger ledger, bool on) => ledger.All(ledger.Command(
        new AllocationCommandBody.ModeSwitch { Mode = "stop", On = on, Reason = "test" }, pool: ReservedKeys.Mode));

    [Fact]
    public void Nobody_waits_for_longer_than_the_pool_is_open_and_is_told_so()
    {
        var ledger = Full(ThreeClasses.Waiting());
        var closesAt = ledger.NowMs + 60_000;
        Configure(ledger, closesAt);

        var waits = ledger.Run(Waiter("w", 4));
        var longer = ledger.Run(new AllocationCommandBody.Extend { ReservationId = "w", TtlMs = 120_000 });
        var atClosing = ledger.Wait(TimeSpan.FromMinutes(1));

        Assert.Equal(closesAt, Assert.IsType<AllocationOutcomeEvent.Waitlisted>(waits.Event).WaitUntilMs);
        Assert.Equal("N ExpiryNotMoved", OutcomeText.Of(longer));
        Assert.Equal(["Expired w"], Texts(atClosing));
        Assert.Equal(["✔ Released"], Texts(Release(ledger)));
    }

    [Fact]
    public void Who_waits_when_an_earlier_closing_time_is_set_waits_until_then_and_the_trace_says_why_it_ends()
    {
        var ledger = Full(ThreeClasses.Waiting());
        ledger.Run(Waiter("w1", 4, ttlMs: 3_600_000));
        ledger.Run(Waiter("w2", 4));
        var closesAt = ledger.NowMs + 60_000;
        Configure(ledger, closesAt);

        var before = ledger.All(new AllocationCommandBody.Amend { ReservationId = "holder", NewQuantity = 6 });
        var atClosing = ledger.Wait(TimeSpan.FromMinutes(1));

        Assert.Equal(["✔ Amended", "Promoted w1"], Texts(before));
        Assert.Equal(["N PromotionGoesOn", "Expired w2"], Texts(atClosing));
        Assert.Equal(
            closesAt,
            atClosing[1].Decision.Single(s => s.Rule == DecisionRule.Closed).Numbers.Single(
                n => n.Name == NumberName.ClosesAt).Value);
        Assert.Equal(closesAt, Assert.IsType<AllocationOutcomeEvent.Expired>(atClosing[1].Event).ExpiresAtMs);
        Assert.Equal("expired", OutcomeText.Of(ledger.Reservation("w2"), ledger.NowMs));
        Assert.Equal(0, ledger.PoolState.Waiters);
        Assert.All(ledger.State.GetTimers(), t => Assert.NotEqual("w2", t.Id));
    }

    [Fact]
    public void A_closing_time_that_moves_takes_its_timer_along()
    {
        var ledger = Full(ThreeClasses.Waiting());
        ledger.Run(Waiter("w", 4));
        Configure(ledger, ledger.NowMs + 60_000);
        Configure(ledger, ledger.NowMs + 120_000);

        var early = ledger.Wait(TimeSpan.FromMinutes(1));
        Configure(ledger, closesAtMs: null);
        var late = ledger.Wait(TimeSpan.FromMinutes(1));

        Assert.Empty(early);
        Assert.Empty(late);
        Assert.Equal(["✔ Released", "Promoted w"], Texts(Release(ledger)));
    }

    [Fact]
    public void A_long_line_ends_with_the_records_that_follow_the_closing()
    {
        var policy = ThreeClasses.Waiting();
        var ledger = Full(policy with { Limits = policy.Limits with { TimersPerRecord = 2 } });
        for (var index = 0; index < 5; index++)
        {
            ledger.Run(Waiter($"w{index}", 1));
        }

        string[][] ends = [Texts(Configure(ledger, ledger.NowMs)), Texts(ledger.Tick()), Texts(ledger.Tick())];

        Assert.Equal(["✔ PoolConfigured", "Expired w0", "Expired w1", "N PromotionGoesOn"], ends[0]);
        Assert.Equal(["N PromotionGoesOn", "Expired w2", "Expired w3", "N PromotionGoesOn"], ends[1]);
        Assert.Equal(["N PromotionGoesOn", "Expired w4"], ends[2]);
        Assert.Empty(ledger.Tick());
    }

    [Fact]
    public void Nobody_is_promoted_while_a_mode_rejects_holds_and_the_line_is_served_when_it_is_over()
    {
        var ledger = Full(ThreeClasses.Waiting() with
        {
            ModeTable = [new ModeRow("mode/stop", "stop", PoolPattern.All, ModeEffect.RejectHolds, 0)],
        });
        ledger.Run(Waiter("w", 4));
        Stop(ledger, on: true);

        var meanwhile = Release(ledger);
        var over = Stop(ledger, on: false);

        Assert.Equal(["✔ Released"], Texts(meanwhile));
        Assert.Equal(["✔ ModeChanged", "Promoted w"], Texts(over));
    }

    [Fact]
    public void One_who_waits_for_more_than_a_request_can_get_stands_in_nobodys_way()
    {
        var ledger = Full(ThreeClasses.Waiting());
        ledger.Run(Waiter("big", 8));
        ledger.Run(Waiter("small", 2));
        Configure(ledger, maximum: 5);

        var freed = Release(ledger);
        var newcomer = ledger.Run(new AllocationCommandBody.Hold { ReservationId = "new", Quantity = 1, Class = Web });
        ledger.Run(new AllocationCommandBody.Release { ReservationId = "small", Reason = "test" });
        ledger.Run(new AllocationCommandBody.Release { ReservationId = "new", Reason = "test" });
        var raised = Configure(ledger, maximum: 8);

        Assert.Equal(["✔ Released", "Promoted small"], Texts(freed));
        Assert.Equal("✔ Held", OutcomeText.Of(newcomer));
        Assert.Equal(["✔ PoolConfigured", "Promoted big"], Texts(raised));
    }

    [Fact]
    public void One_who_waits_for_more_than_a_request_can_get_takes_from_nobody()
    {
        var policy = ThreeClasses.Waiting() with
        {
            PreemptionTable =
            [
                new PreemptionRow(
                    "preempt/vip", PoolPattern.All, Vip, [Web], IncludeConfirmed: false, MinimumAgeMs: 10_000,
                    CooldownMs: 0, MaximumVictims: 10, VictimWaitsAgain: false),
            ],
        };
        var ledger = Full(policy);
        ledger.Run(Waiter("v", 4) with { Class = Vip });
        Configure(ledger, maximum: 3);

        Assert.Equal(["N PromotionGoesOn"], Texts(ledger.Wait(TimeSpan.FromSeconds(10))));
        Assert.Equal(10, ledger.Reservation("holder")!.Held);
    }

    [Fact]
    public void A_life_that_was_asked_for_under_another_policy_is_cut_to_what_is_allowed_today()
    {
        var policy = ThreeClasses.Waiting();
        var ledger = Full(policy);
        ledger.Run(Waiter("w", 4, ttlMs: 3_600_000));
        var next = policy with
        {
            Version = 1,
            TtlTable = [policy.TtlTable[0] with { DefaultMs = 5_000, MaximumMs = 60_000 }],
        };
        ledger.Run(ledger.Command(
            new AllocationCommandBody.PolicyActivate
            {
                Version = 1,
                Document = PolicyDocument.Write(next),
                ContentHash = PolicyDocument.HashOf(next),
                EffectiveAtMs = ledger.NowMs,
            },
            pool: ReservedKeys.Policy));

        Release(ledger);

        Assert.Equal(ledger.NowMs + 60_000, ledger.Reservation("w")!.ExpiresAtMs);
    }

    [Theory]
    [InlineData("✔ Reassigned", "bob")]
    [InlineData("R QuotaExceeded", "ann")]
    public void What_can_never_fit_does_not_wait_whoever_it_is_reassigned_to(string expected, string customer)
    {
        var policy = ThreeClasses.Waiting().WithQuotas(
            Quota(QuotaScope.Customer, "ann", 3, lend: 3) with { Reclaim = QuotaReclaim.Held },
            Quota(QuotaScope.Customer, "olga", 2, borrow: 8));
        var ledger = Full(policy, stock: 5);
        ledger.Run(Waiter("w", 4, customer: "carl"));

        var outcomes = ledger.All(new AllocationCommandBody.Reassign { ReservationId = "w", ToCustomerRef = customer });

        Assert.Equal([expected], Texts(outcomes));
        Assert.Equal(5, ledger.Reservation("holder")!.Held);
    }

    [Theory]
    [InlineData(Web)]
    [InlineData(Vip)]
    public void A_partial_hold_gets_no_more_than_the_largest_request(string otherClass)
    {
        var ledger = TestLedger.WithStock(20, policy: ThreeClasses);
        Configure(ledger, maximum: 6);

        var outcome = ledger.Run(new AllocationCommandBody.Hold
        {
            Mode = HoldMode.Partial,
            Class = Web,
            Lines =
            [
                new HoldLine { ReservationId = "a", Quantity = 5 },
                new HoldLine { ReservationId = "b", Quantity = 5, Class = otherClass },
            ],
        });

        var held = Assert.IsType<AllocationOutcomeEvent.Held>(outcome.Event);
        Assert.Equal([5, 1], held.Lines.Select(l => l.Granted));
    }
}
