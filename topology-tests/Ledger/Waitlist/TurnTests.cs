using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Topology.Tests.Ledger.TestPolicies;

namespace Topology.Tests.Ledger.Waitlist;

/// <summary>One who waits takes from others, at its turn, what a hold of the same owner would.</summary>
public sealed class TurnTests
{
    private static PreemptionRow Row(
        string priorityClass, string[] victims, long age = 0, long cooldown = 0, int cap = 100, bool waits = false) =>
        new($"preempt/{priorityClass}", PoolPattern.All, priorityClass, [.. victims], false, age, cooldown, cap, waits);

    private static AllocationPolicy Preempting(params PreemptionRow[] rows) =>
        ThreeClasses.Waiting() with { PreemptionTable = [.. rows] };

    private static AllocationCommandBody.Hold Body(
        string id, long quantity, string priorityClass = Web, HoldMode mode = HoldMode.AllOrNothing,
        string? customer = null) => new()
        {
            ReservationId = id,
            Quantity = quantity,
            Class = priorityClass,
            Mode = mode,
            CustomerRef = customer,
            TtlMs = 3_600_000,
        };

    private static AllocationCommandBody.Hold Waiter(
        string id, long quantity, string priorityClass = Vip, string? customer = null) =>
        Body(id, quantity, priorityClass, HoldMode.Waitlist, customer);

    private static AllocationCommandBody.Reassign ToCustomer(string id, string customer) =>
        new() { ReservationId = id, ToCustomerRef = customer };

    private static TestLedger Full(AllocationPolicy policy, params AllocationCommandBody.Hold[] holds)
    {
        var ledger = TestLedger.WithStock(holds.Sum(h => h.Quantity!.Value), policy: policy);
        foreach (var hold in holds)
        {
            ledger.NowMs += 1_000;
            Assert.Equal("✔ Held", OutcomeText.Of(ledger.Run(hold)));
        }
        return ledger;
    }

    private static string[] Texts(IEnumerable<AllocationOutcome> outcomes) => [.. outcomes.Select(o => o.Event switch
    {
        AllocationOutcomeEvent.Promoted promoted => $"Promoted {promoted.ReservationId}",
        AllocationOutcomeEvent.Preempted preempted =>
            $"Preempted {preempted.ReservationId} by {preempted.By}{(preempted.WaitsAgain ? ", waits" : "")}",
        _ => OutcomeText.Of(o),
    })];

    private static long[] Looks(TestLedger ledger) =>
        [.. ledger.State.GetTimers().Where(t => t.Kind == TimerKind.Promotion).Select(t => t.DueAtMs - ledger.NowMs)];

    [Fact]
    public void A_waiter_preempts_when_enough_holders_are_old_enough()
    {
        var ledger = Full(Preempting(Row(Vip, [Web], age: 10_000)), Body("w1", 2), Body("w2", 2));

        var waits = ledger.All(Waiter("v", 3));
        Assert.Equal(["✔ Waitlisted", "N PromotionGoesOn"], Texts(waits));
        Assert.Equal([10_000], Looks(ledger));
        Assert.Empty(ledger.Wait(TimeSpan.FromSeconds(9.5)));
        var taken = ledger.Wait(TimeSpan.FromSeconds(0.5));

        Assert.Equal(["N PromotionGoesOn", "Preempted w2 by v", "Preempted w1 by v", "Promoted v"], Texts(taken));
        Assert.Empty(Looks(ledger));
        Assert.Equal((1, 3), (ledger.Balances.Free, ledger.Balances.Held));
    }

    [Fact]
    public void The_timer_of_a_line_moves_to_an_earlier_time_and_there_is_only_one()
    {
        var ledger = Full(
            Preempting(Row(Vip, [Plus, Web], age: 10_000), Row(Plus, [Web], age: 4_000)), Body("w1", 2), Body("w2", 2));

        ledger.All(Waiter("v", 4));
        var first = Looks(ledger);
        ledger.All(new AllocationCommandBody.Amend { ReservationId = "v", NewQuantity = 2 });

        Assert.Equal([10_000], first);
        Assert.Equal([9_000], Looks(ledger));
    }

    [Fact]
    public void No_timer_is_set_where_time_alone_changes_nothing()
    {
        var ledger = Full(
            Preempting(Row(Vip, [Web], age: 10_000, cap: 1)), Body("w1", 2), Body("w2", 2), Body("p", 2, Plus));

        ledger.All(Waiter("v", 3));
        ledger.All(Waiter("p2", 1, Plus));

        Assert.Empty(Looks(ledger));
        Assert.Empty(ledger.Wait(TimeSpan.FromMinutes(5)));
    }

    [Fact]
    public void A_timer_of_which_nothing_comes_is_not_set_again()
    {
        var ledger = Full(Preempting(Row(Vip, [Web], age: 10_000)), Body("w1", 2), Body("w2", 2));
        ledger.All(Waiter("v", 3));
        ledger.Run(new AllocationCommandBody.Confirm { ReservationId = "w2" });

        Assert.Equal(["N PromotionGoesOn"], Texts(ledger.Wait(TimeSpan.FromSeconds(10))));
        Assert.Empty(Looks(ledger));
    }

    [Fact]
    public void A_waiter_takes_from_those_who_were_granted_while_its_own_quota_was_full()
    {
        var policy = Preempting(Row(Vip, [Web])).WithQuotas(Quota(QuotaScope.Customer, "ann", 4));
        var ledger = Full(policy, Body("v1", 4, Vip, customer: "ann"), Body("w1", 4));
        ledger.All(Waiter("v2", 3, customer: "ann"));

        var outcomes = ledger.All(ToCustomer("v1", "bob"));

        Assert.Equal(["✔ Reassigned", "Preempted w1 by v2", "Promoted v2"], Texts(outcomes));
    }

    [Fact]
    public void A_waiter_takes_back_what_is_borrowed_later()
    {
        var ledger = Full(
            ThreeClasses.Waiting().WithQuotas(
                Quota(QuotaScope.Customer, "south", 10, lend: 10) with { Reclaim = QuotaReclaim.Held },
                Quota(QuotaScope.Customer, "north", 2, borrow: 10)),
            Body("o1", 4, customer: "other"), Body("o2", 6, customer: "other"));
        ledger.All(Waiter("s", 4, Web, "south"));

        var outcomes = ledger.All(ToCustomer("o1", "north"));

        Assert.Equal(["✔ Reassigned", "Preempted o1 by s", "Promoted s"], Texts(outcomes));
    }

    [Fact]
    public void In_a_strict_line_a_waiter_that_takes_passes_those_it_could_take_from_and_nobody_else()
    {
        var ledger = Full(Preempting(Row(Vip, [Web], age: 10_000)), Body("w1", 2), Body("p", 2, Plus));
        ledger.All(Waiter("first", 9, Web));
        ledger.All(Waiter("v", 1));

        var behindWeb = ledger.Wait(TimeSpan.FromSeconds(10));
        ledger.All(Waiter("second", 9, Plus));
        ledger.All(new AllocationCommandBody.Release { ReservationId = "v", Reason = "test" });
        ledger.Wait(TimeSpan.FromSeconds(1));
        ledger.All(Waiter("v2", 1));

        Assert.Equal(["N PromotionGoesOn", "Preempted w1 by v", "Promoted v"], Texts(behindWeb));
        Assert.Equal("waiting 1", OutcomeText.Of(ledger.Reservation("v2"), ledger.NowMs));
    }

    [Theory]
    [InlineData(WaitlistOrder.StrictFifo, "waiting 1")]
    [InlineData(WaitlistOrder.BestEffort, "held 1")]
    public void An_equal_waiter_that_can_take_too_little_stops_a_strict_line_only(WaitlistOrder order, string second)
    {
        var policy = Preempting(Row(Vip, [Web], age: 10_000)).Waiting(order);
        var ledger = Full(policy, Body("w", 2));
        ledger.All(Waiter("v1", 9));
        ledger.All(Waiter("v2", 1));

        ledger.Wait(TimeSpan.FromSeconds(10));

        Assert.Equal(second, OutcomeText.Of(ledger.Reservation("v2"), ledger.NowMs));
        Assert.Equal("waiting 9", OutcomeText.Of(ledger.Reservation("v1"), ledger.NowMs));
    }

    [Fact]
    public void A_victim_that_waits_again_takes_from_lower_classes_and_never_back()
    {
        var ledger = Full(
            Preempting(Row(Vip, [Plus, Web], waits: true), Row(Plus, [Web], waits: true)), Body("p", 2, Plus),
            Body("w", 2));
        ledger.Run(new AllocationCommandBody.Confirm { ReservationId = "w" });
        ledger.All(Body("v", 2, Vip));
        var waiting = OutcomeText.Of(ledger.Reservation("p"), ledger.NowMs);
        ledger.All(new AllocationCommandBody.Release { ReservationId = "w", Reason = "test" });

        var chain = ledger.All(Body("v2", 2, Vip));

        Assert.Equal("preempted 2 waiting 2", waiting);
        Assert.Equal(["Preempted p by v2, waits", "✔ Held"], Texts(chain));
        Assert.Empty(ledger.Wait(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void One_preemption_may_lead_to_the_next_down_the_classes_within_one_record()
    {
        var ledger = Full(
            Preempting(Row(Vip, [Plus], waits: true), Row(Plus, [Web], waits: true)), Body("p", 2, Plus),
            Body("w", 2));

        var outcomes = ledger.All(Body("v", 2, Vip));

        Assert.Equal(
            ["Preempted p by v, waits", "✔ Held", "Preempted w by p, waits", "Promoted p"], Texts(outcomes));
        Assert.Equal("preempted 2 waiting 2", OutcomeText.Of(ledger.Reservation("w"), ledger.NowMs));
    }

    [Fact]
    public void Victims_of_waiters_count_against_what_one_record_does()
    {
        var limited = Preempting(Row(Vip, [Web], age: 10_000)).Waiting(WaitlistOrder.BestEffort);
        limited = limited with { Limits = limited.Limits with { TimersPerRecord = 3 } };
        var ledger = Full(limited, [.. Enumerable.Range(1, 6).Select(n => Body($"w{n}", 1))]);
        ledger.All(Waiter("v1", 2));
        ledger.All(Waiter("v2", 2));

        ledger.NowMs += 10_000;
        var first = ledger.Tick();
        var second = ledger.Tick();

        Assert.Equal(["N PromotionGoesOn", "Preempted w6 by v1", "Preempted w5 by v1", "Promoted v1"], Texts(first));
        Assert.Equal(["N PromotionGoesOn", "Preempted w4 by v2", "Preempted w3 by v2", "Promoted v2"], Texts(second));
    }

    [Fact]
    public void A_line_for_which_a_record_had_no_work_left_is_served_with_the_next()
    {
        var limited = ThreeClasses.Waiting();
        limited = limited with { Limits = limited.Limits with { TimersPerRecord = 1 } };
        var ledger = Full(limited, Body("w1", 2) with { TtlMs = 10_000 });
        ledger.All(Waiter("a", 2, Web));
        AllocationCommandBody[] other =
        [
            new AllocationCommandBody.SupplyDelta { Source = "opening", SourceSequence = 1, Quantity = 2 },
            Body("w2", 2), Waiter("b", 2, Web),
        ];
        foreach (var body in other)
        {
            ledger.All(ledger.Command(body, pool: "nuts"));
        }

        ledger.NowMs += 10_000;
        var first = ledger.All(ledger.Command(
            new AllocationCommandBody.Release { ReservationId = "w2", Reason = "test" }, pool: "nuts"));
        var next = ledger.Tick();
        var rest = ledger.Tick();

        Assert.Equal(["✔ Expired", "Promoted a", "✔ Released", "N PromotionGoesOn"], Texts(first));
        Assert.Contains("Promoted b", Texts([.. next, .. rest]));
    }

    [Fact]
    public void A_policy_that_comes_into_force_lets_waiters_preempt()
    {
        var ledger = Full(ThreeClasses.Waiting(), Body("w", 2));
        ledger.All(Waiter("v", 2));
        var policy = Preempting(Row(Vip, [Web])) with { Version = 1 };
        var document = PolicyDocument.Write(policy);

        var activate = ledger.Command(
            new AllocationCommandBody.PolicyActivate
            {
                Version = 1,
                Document = document,
                ContentHash = PolicyDocument.HashOf(document),
                EffectiveAtMs = ledger.NowMs,
            },
            pool: Alloc.Processors.Allocation.Ledger.ReservedKeys.Policy);
        var outcomes = ledger.Fold(activate, activate.PoolId, -1, ledger.NowMs);

        Assert.Equal(["✔ PolicyActivated", "Preempted w by v", "Promoted v"], Texts(outcomes));
    }
}
