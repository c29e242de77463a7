using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Topology.Tests.Ledger.TestPolicies;

namespace Topology.Tests.Ledger.Waitlist;

/// <summary>Requests that wait, and who is served when something is free.</summary>
public sealed class WaitlistTests
{
    private static AllocationOutcome Hold(
        TestLedger ledger, string id, long quantity, string priorityClass = Web, HoldMode mode = HoldMode.Waitlist,
        long? ttlMs = null, long? waitUntilMs = null, string? customer = null) =>
        ledger.Run(new AllocationCommandBody.Hold
        {
            ReservationId = id,
            Quantity = quantity,
            Class = priorityClass,
            Mode = mode,
            TtlMs = ttlMs,
            WaitUntilMs = waitUntilMs,
            CustomerRef = customer,
        });

    private static string[] Texts(IEnumerable<AllocationOutcome> outcomes) => [.. outcomes.Select(o => o.Event switch
    {
        AllocationOutcomeEvent.Promoted promoted => $"Promoted {promoted.ReservationId}",
        AllocationOutcomeEvent.Expired expired => $"Expired {expired.ReservationId}",
        _ => OutcomeText.Of(o),
    })];

    private static IReadOnlyList<AllocationOutcome> Release(TestLedger ledger, string id) =>
        ledger.All(new AllocationCommandBody.Release { ReservationId = id, Reason = "test" });

    private static TestLedger Full(AllocationPolicy policy, long stock = 10)
    {
        var ledger = TestLedger.WithStock(stock, policy: policy);
        ledger.Hold("holder", stock, ttlMs: 7_200_000);
        return ledger;
    }

    [Fact]
    public void What_is_there_is_held_at_once_and_what_is_not_waits()
    {
        var ledger = TestLedger.WithStock(10, policy: ThreeClasses.Waiting());

        var held = Hold(ledger, "a", 6);
        var waits = Hold(ledger, "b", 6);

        Assert.Equal(["✔ Held", "✔ Waitlisted"], new[] { held, waits }.Select(OutcomeText.Of));
        var waitlisted = Assert.IsType<AllocationOutcomeEvent.Waitlisted>(waits.Event);
        Assert.Equal((6, 0, Web), (waitlisted.Quantity, waitlisted.Ahead, waitlisted.Class));
        Assert.Equal(ledger.NowMs + 3_600_000, waitlisted.WaitUntilMs);
        Assert.Equal((1, 4, 6), (ledger.PoolState.Waiters, ledger.Balances.Free, ledger.Balances.Held));
        Assert.Equal("waiting 6", OutcomeText.Of(ledger.Reservation("b"), ledger.NowMs));
    }

    [Fact]
    public void Who_waited_too_long_is_not_promoted_by_a_record_that_comes_late()
    {
        var ledger = TestLedger.WithStock(10, policy: ThreeClasses.Waiting());
        ledger.Hold("holder", 10, ttlMs: 50_000);
        Hold(ledger, "late", 4, waitUntilMs: ledger.NowMs + 60_000);
        Hold(ledger, "next", 4, waitUntilMs: ledger.NowMs + 600_000);

        var outcomes = ledger.Wait(TimeSpan.FromSeconds(100));

        Assert.Equal(["Expired holder", "Promoted next", "Expired late"], Texts(outcomes));
    }

    [Fact]
    public void First_in_line_is_promoted_in_the_fold_that_frees_its_units()
    {
        var ledger = Full(ThreeClasses.Waiting());
        Hold(ledger, "a", 4, ttlMs: 5_000);
        Hold(ledger, "b", 4);
        Hold(ledger, "c", 4);

        var outcomes = Release(ledger, "holder");

        Assert.Equal(["✔ Released", "Promoted a", "Promoted b"], Texts(outcomes));
        Assert.All(outcomes.Skip(1), o => Assert.Equal(outcomes[0].CommandId, o.CausedBy!.CommandId));
        Assert.All(outcomes.Skip(1), o => Assert.False(o.Original));
        Assert.Equal(ledger.NowMs + 5_000, ledger.Reservation("a")!.ExpiresAtMs);
        Assert.Equal(ledger.NowMs + 60_000, ledger.Reservation("b")!.ExpiresAtMs);
        Assert.Equal((1, 2), (ledger.PoolState.Waiters, ledger.Balances.Free));
    }

    [Fact]
    public void One_who_waits_for_too_much_blocks_the_rest_of_a_strict_line()
    {
        var ledger = Full(ThreeClasses.Waiting());
        Hold(ledger, "big", 8);
        Hold(ledger, "small", 1);

        var outcomes = ledger.All(new AllocationCommandBody.Amend { ReservationId = "holder", NewQuantity = 5 });
        var gone = Release(ledger, "big");

        Assert.Equal(["✔ Amended"], Texts(outcomes));
        Assert.Equal(["✔ Released", "Promoted small"], Texts(gone));
        Assert.Equal("cancelled", OutcomeText.Of(ledger.Reservation("big"), ledger.NowMs));
    }

    [Fact]
    public void Best_effort_serves_whoever_fits()
    {
        var ledger = Full(ThreeClasses.Waiting(WaitlistOrder.BestEffort));
        Hold(ledger, "big", 8);
        Hold(ledger, "small", 1);

        var outcomes = ledger.All(new AllocationCommandBody.Amend { ReservationId = "holder", NewQuantity = 5 });

        Assert.Equal(["✔ Amended", "Promoted small"], Texts(outcomes));
    }

    [Fact]
    public void Best_effort_looks_at_the_first_128()
    {
        var ledger = Full(ThreeClasses.Waiting(WaitlistOrder.BestEffort));
        for (var index = 0; index < 128; index++)
        {
            Hold(ledger, $"big{index:d3}", 8);
        }
        Hold(ledger, "small", 1);

        var outOfSight = ledger.All(new AllocationCommandBody.Amend { ReservationId = "holder", NewQuantity = 5 });
        var inSight = Release(ledger, "big000");

        Assert.Equal(["✔ Amended"], Texts(outOfSight));
        Assert.Equal(["✔ Released", "Promoted small"], Texts(inSight));
    }

    [Fact]
    public void Boosted_class_stands_before_those_who_came_that_much_earlier()
    {
        var ledger = Full(ThreeClasses.Waiting(boosts: (Vip, 60_000)));
        Hold(ledger, "old", 5);
        ledger.NowMs += 59_999;
        Hold(ledger, "web", 5);
        var vip = Hold(ledger, "vip", 5, Vip);
        ledger.NowMs += 60_002;
        Hold(ledger, "late", 5, Vip);

        var outcomes = Release(ledger, "holder");
        Release(ledger, "vip");

        Assert.Equal(0, Assert.IsType<AllocationOutcomeEvent.Waitlisted>(vip.Event).Ahead);
        Assert.Equal(["✔ Released", "Promoted vip", "Promoted old"], Texts(outcomes));
        Assert.Equal("held 5", OutcomeText.Of(ledger.Reservation("web"), ledger.NowMs));
        Assert.Equal("waiting 5", OutcomeText.Of(ledger.Reservation("late"), ledger.NowMs));
    }

    [Fact]
    public void New_hold_does_not_pass_an_equal_waiter()
    {
        var ledger = Full(ThreeClasses.Waiting(boosts: (Vip, 60_000)));
        Hold(ledger, "big", 8);
        ledger.All(new AllocationCommandBody.Amend { ReservationId = "holder", NewQuantity = 5 });

        var passing = Hold(ledger, "new", 1, mode: HoldMode.AllOrNothing);
        var queued = Hold(ledger, "new2", 1);
        var boosted = Hold(ledger, "vip", 1, Vip, HoldMode.AllOrNothing);

        Assert.Equal("R WaitersAhead", OutcomeText.Of(passing));
        Assert.Equal(
            [(NumberName.Waiting, 1L), (NumberName.WaitersAhead, 1L)],
            Assert.IsType<AllocationOutcomeEvent.Rejected>(passing.Event).Reasons[0].Numbers
                .Select(n => (n.Name, n.Value)));
        Assert.Equal("✔ Waitlisted", OutcomeText.Of(queued));
        Assert.Equal("✔ Held", OutcomeText.Of(boosted));
    }

    [Fact]
    public void Units_kept_for_a_class_go_to_it_although_a_lower_one_waits()
    {
        var policy = Protecting((Vip, 4)).Waiting();
        var ledger = TestLedger.WithStock(10, policy: policy);
        Hold(ledger, "w", 5, mode: HoldMode.AllOrNothing);
        Hold(ledger, "waits", 5);

        var kept = Hold(ledger, "v1", 4, Vip, HoldMode.AllOrNothing);
        var more = Hold(ledger, "v2", 1, Vip, HoldMode.AllOrNothing);

        Assert.Equal(["✔ Held", "R WaitersAhead"], new[] { kept, more }.Select(OutcomeText.Of));
    }

    [Fact]
    public void Waiter_whose_own_quota_is_full_is_passed_over_until_it_has_room()
    {
        var policy = ThreeClasses.WithQuotas(Quota(QuotaScope.Customer, null, 6)).Waiting();
        var ledger = TestLedger.WithStock(10, policy: policy);
        Hold(ledger, "a1", 5, customer: "anna");
        Hold(ledger, "a2", 3, customer: "anna");

        var passes = Hold(ledger, "b1", 1, mode: HoldMode.AllOrNothing, customer: "bert");
        var freed = ledger.All(
            new AllocationCommandBody.Reassign { ReservationId = "a1", ToCustomerRef = "carl" });

        Assert.Equal("✔ Held", OutcomeText.Of(passes));
        Assert.Equal(["✔ Reassigned", "Promoted a2"], Texts(freed));
    }

    [Fact]
    public void What_can_never_fit_does_not_wait()
    {
        var quota = Quota(QuotaScope.Customer, null, 6) with { IsRequired = false };
        var ledger = Full(ThreeClasses.WithQuotas(quota).Waiting());
        ledger.Configure(maximum: 9);

        Assert.Equal("R QuotaExceeded+InsufficientAvailability", OutcomeText.Of(Hold(ledger, "a", 7, customer: "x")));
        Assert.Equal("R ExceedsMaximumCapacity+InsufficientAvailability", OutcomeText.Of(Hold(ledger, "b", 10)));
    }

    [Fact]
    public void No_more_wait_than_the_row_allows()
    {
        var ledger = Full(ThreeClasses.Waiting(maximum: 1));
        Hold(ledger, "a", 1);

        var rejected = Hold(ledger, "b", 1);

        Assert.Equal("R InsufficientAvailability+WaitersAhead+WaitlistFull", OutcomeText.Of(rejected));
        Assert.Equal(1, ledger.PoolState.Waiters);
    }

    [Fact]
    public void Waiter_that_expires_loses_only_its_waiting_at_its_very_time()
    {
        var ledger = Full(ThreeClasses.Waiting());
        Hold(ledger, "a", 8, waitUntilMs: ledger.NowMs + 10_000);
        Hold(ledger, "b", 1, waitUntilMs: ledger.NowMs + 90_000_000);
        ledger.All(new AllocationCommandBody.Amend { ReservationId = "holder", NewQuantity = 5 });

        ledger.NowMs += 9_999;
        Assert.Empty(ledger.Tick());
        ledger.NowMs += 1;
        var outcomes = ledger.Tick();

        Assert.Equal(["Expired a", "Promoted b"], Texts(outcomes));
        Assert.Equal(0, Assert.IsType<AllocationOutcomeEvent.Expired>(outcomes[0].Event).Quantity);
        Assert.Equal(0, ledger.PoolState.Waiters);
        Assert.Equal("R AlreadyExpired", OutcomeText.Of(ledger.Confirm("a")));
        Assert.Equal("R AlreadyExpired", OutcomeText.Of(Hold(ledger, "a", 8)));
    }

    [Fact]
    public void Wait_deadline_is_extended_and_the_same_body_again_is_a_no_op()
    {
        var ledger = Full(ThreeClasses.Waiting());
        Hold(ledger, "a", 1, waitUntilMs: ledger.NowMs + 10_000);

        var again = Hold(ledger, "a", 1, waitUntilMs: ledger.NowMs + 10_000);
        var other = Hold(ledger, "a", 2, waitUntilMs: ledger.NowMs + 10_000);
        var extended = ledger.Run(new AllocationCommandBody.Extend { ReservationId = "a", TtlMs = 30_000 });
        var tooLong = ledger.Run(new AllocationCommandBody.Extend { ReservationId = "a", TtlMs = 3_600_001 });

        Assert.Equal(
            ["N SameHold", "R ReservationExists", "✔ Extended", "R TtlExceedsMaximum"],
            new[] { again, other, extended, tooLong }.Select(OutcomeText.Of));
        Assert.Empty(ledger.Wait(TimeSpan.FromSeconds(29)));
        Assert.Equal(["Expired a"], Texts(ledger.Wait(TimeSpan.FromSeconds(1))));
    }

    [Fact]
    public void Confirmation_of_a_waiter_finds_nothing_held()
    {
        var ledger = Full(ThreeClasses.Waiting());
        Hold(ledger, "a", 1);

        Assert.Equal("R NotHeld", OutcomeText.Of(ledger.Confirm("a")));
    }

    [Fact]
    public void Request_that_waits_has_one_line_and_a_time_to_wait()
    {
        var ledger = Full(ThreeClasses.Waiting());

        var lines = ledger.Run(new AllocationCommandBody.Hold
        {
            Mode = HoldMode.Waitlist,
            Lines =
            [
                new HoldLine { ReservationId = "a", Quantity = 1 }, new HoldLine { ReservationId = "b", Quantity = 1 },
            ],
        });
        var over = Hold(ledger, "c", 1, waitUntilMs: ledger.NowMs);

        Assert.Equal(["R Malformed", "R PolicyForbids"], new[] { lines, over }.Select(OutcomeText.Of));
    }

    [Fact]
    public void Cheap_pools_have_no_waitlist()
    {
        var policy = ThreeClasses.Waiting() with
        {
            ImportanceTable = [new ImportanceRow("cheap", PoolPattern.All, PoolImportance.Cheap, 30_000)],
        };
        var ledger = TestLedger.WithStock(1, policy: policy);

        Assert.Equal("R PolicyForbids", OutcomeText.Of(Hold(ledger, "a", 1)));
        Assert.Equal(
            "R TtlExceedsMaximum", OutcomeText.Of(Hold(ledger, "b", 1, mode: HoldMode.Partial, ttlMs: 30_001)));
    }

    [Fact]
    public void No_more_are_promoted_for_one_record_than_the_policy_says_and_the_rest_go_on_with_the_next()
    {
        var policy = ThreeClasses.Waiting() with
        {
            Limits = PolicyVersions.Version0.Limits with { TimersPerRecord = 3 },
        };
        var ledger = Full(policy);
        for (var index = 0; index < 8; index++)
        {
            Hold(ledger, $"w{index}", 1);
        }

        var first = Release(ledger, "holder");
        var meanwhile = ledger.All(new AllocationCommandBody.Hold { ReservationId = "new", Quantity = 1 });
        var rest = ledger.Tick();

        Assert.Equal(["✔ Released", "Promoted w0", "Promoted w1", "Promoted w2"], Texts(first));
        Assert.Equal(
            ["N PromotionGoesOn", "Promoted w3", "Promoted w4", "Promoted w5", "R WaitersAhead"], Texts(meanwhile));
        Assert.Equal(["N PromotionGoesOn", "Promoted w6", "Promoted w7"], Texts(rest));
        Assert.Empty(ledger.Tick());
    }

    [Fact]
    public void Split_waiters_keep_the_place_and_the_deadline()
    {
        var ledger = Full(ThreeClasses.Waiting());
        Hold(ledger, "a", 6);
        Hold(ledger, "b", 1);
        ledger.Run(new AllocationCommandBody.Split
        {
            ReservationId = "a",
            Parts = [new SplitPart { ReservationId = "a2", Quantity = 2 }],
        });

        var outcomes = Release(ledger, "holder");

        Assert.Equal(["✔ Released", "Promoted a", "Promoted a2", "Promoted b"], Texts(outcomes));
        Assert.Equal(0, ledger.PoolState.Waiters);
        Assert.Equal(3, ledger.State.GetTimers().Count());
    }
}
