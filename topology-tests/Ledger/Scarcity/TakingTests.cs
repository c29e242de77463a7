using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Topology.Tests.Ledger.TestPolicies;

namespace Topology.Tests.Ledger.Scarcity;

/// <summary>Every grant may take units from others as a hold does, and so may a new customer who lends.</summary>
public sealed class TakingTests
{
    private static readonly AllocationPolicy Preempting = ThreeClasses.Waiting() with
    {
        ConductTable = [PolicyVersions.Version0.ConductTable[0] with { LateConfirm = true }],
        PreemptionTable =
        [
            new PreemptionRow("preempt/vip", PoolPattern.All, Vip, [Web, Plus], false, 0, 5_000, 2, false),
            new PreemptionRow("preempt/plus", PoolPattern.All, Plus, [Web], false, 0, 0, 2, false),
        ],
    };

    private static AllocationPolicy Lending(QuotaScope scope) => ThreeClasses.WithQuotas(
        Quota(scope, "south", 10, lend: 10) with { Reclaim = QuotaReclaim.Held }, Quota(scope, "north", 5, borrow: 10));

    private static AllocationCommandBody.Hold Body(
        string id, long quantity, string priorityClass = Web, string? customer = null, string? dealer = null) => new()
        {
            ReservationId = id,
            Quantity = quantity,
            Class = priorityClass,
            CustomerRef = customer,
            TtlMs = 3_600_000,
            Attributes = dealer is null ? [] : new Dictionary<string, string> { ["dealer"] = dealer },
        };

    private static AllocationCommandBody.Amend Amend(string id, long quantity) =>
        new() { ReservationId = id, NewQuantity = quantity };

    private static AllocationCommandBody.Hold Lines(
        HoldMode mode, params (string Id, long Quantity, string Class)[] lines) => new()
        {
            Lines = [.. lines.Select(
                l => new HoldLine { ReservationId = l.Id, Quantity = l.Quantity, Class = l.Class })],
            Mode = mode,
            TtlMs = 3_600_000,
        };

    private static TestLedger Stocked(
        long quantity, AllocationPolicy policy, params AllocationCommandBody.Hold[] holds)
    {
        var ledger = TestLedger.WithStock(quantity, policy: policy);
        foreach (var hold in holds)
        {
            ledger.NowMs += 1_000;
            Assert.Equal("✔ Held", OutcomeText.Of(ledger.Run(hold)));
        }
        return ledger;
    }

    private static string[] Texts(IEnumerable<AllocationOutcome> outcomes) => [.. outcomes.Select(o => o.Event
        is AllocationOutcomeEvent.Preempted preempted
        ? $"Preempted {preempted.ReservationId} {preempted.Quantity} by {preempted.By}"
        : OutcomeText.Of(o))];

    [Fact]
    public void An_increase_preempts_as_a_hold_does()
    {
        var ledger = Stocked(6, Preempting, Body("w1", 2), Body("w2", 2), Body("v", 2, Vip));

        var more = ledger.All(Amend("v", 4));
        var cooling = ledger.All(Amend("v", 6));

        Assert.Equal(["Preempted w2 2 by v", "✔ Amended"], Texts(more));
        Assert.Contains(more[^1].Decision, s => s is { Rule: DecisionRule.Preemption, Row: "preempt/vip" });
        Assert.Equal(["R InsufficientAvailability+PreemptionNotPermitted"], Texts(cooling));
        Assert.Equal("held 4", OutcomeText.Of(ledger.Reservation("v"), ledger.NowMs));
    }

    [Fact]
    public void An_increase_takes_back_what_was_lent()
    {
        var ledger = Stocked(
            15, Lending(QuotaScope.Dealer), Body("s", 4, dealer: "south"), Body("n1", 5, dealer: "north"),
            Body("n2", 6, dealer: "north"));

        Assert.Equal(["Preempted n2 6 by s", "✔ Amended"], Texts(ledger.All(Amend("s", 8))));
        Assert.Equal(["R QuotaExceeded+InsufficientAvailability"], Texts(ledger.All(Amend("s", 11))));
    }

    [Fact]
    public void A_late_confirmation_takes_what_it_lacks()
    {
        var ledger = Stocked(4, Preempting);
        ledger.Run(Body("v", 3, Vip) with { TtlMs = 1_000 });
        ledger.Wait(TimeSpan.FromSeconds(1));
        ledger.Run(Body("w1", 2));
        ledger.NowMs += 1_000;
        ledger.Run(Body("w2", 2));

        var outcomes = ledger.All(new AllocationCommandBody.Confirm { ReservationId = "v" });

        Assert.Equal(["Preempted w2 2 by v", "Preempted w1 2 by v", "✔ Confirmed"], Texts(outcomes));
        Assert.Equal((1, 3), (ledger.Balances.Free, ledger.Balances.Confirmed));
    }

    [Fact]
    public void A_late_confirmation_that_cannot_take_enough_takes_nothing()
    {
        var ledger = Stocked(4, Preempting);
        ledger.Run(Body("p", 3, Plus) with { TtlMs = 1_000 });
        ledger.Wait(TimeSpan.FromSeconds(1));
        ledger.Run(Body("v", 2, Vip));
        ledger.Run(Body("w", 2));

        var outcomes = ledger.All(new AllocationCommandBody.Confirm { ReservationId = "p" });

        Assert.Equal(["R InsufficientAvailability+PreemptionNotPermitted"], Texts(outcomes));
        Assert.Equal(4, ledger.Balances.Held);
    }

    [Fact]
    public void A_new_customer_takes_back_what_it_lent()
    {
        var ledger = Stocked(
            20, Lending(QuotaScope.Customer), Body("s", 1, customer: "south"), Body("n", 5, customer: "north"),
            Body("m1", 4, customer: "north"), Body("r", 9, customer: "other"));

        var outcomes = ledger.All(
            new AllocationCommandBody.Reassign { ReservationId = "r", ToCustomerRef = "south" });

        Assert.Equal(["Preempted m1 4 by r", "✔ Reassigned"], Texts(outcomes));
        Assert.Equal(10, ledger.State.GetUsage(TestLedger.Pool, "customer/south").Open);
        var told = Assert.Single(outcomes[^1].Decision, s => s.Rule == DecisionRule.Preemption);
        Assert.Contains((NumberName.Borrowed, 4), told.Numbers.Select(n => (n.Name, n.Value)));
    }

    [Fact]
    public void A_borrower_that_gives_a_reservation_away_loses_no_more_than_it_still_borrows()
    {
        var ledger = Stocked(
            20, Lending(QuotaScope.Customer), Body("s", 1, customer: "south"), Body("n1", 5, customer: "north"),
            Body("n2", 2, customer: "north"), Body("r", 7, customer: "north"));

        var given = ledger.All(new AllocationCommandBody.Reassign { ReservationId = "r", ToCustomerRef = "south" });

        Assert.Equal(["✔ Reassigned"], Texts(given));
        Assert.Equal("held 2", OutcomeText.Of(ledger.Reservation("n2"), ledger.NowMs));
    }

    [Fact]
    public void A_new_customer_takes_nothing_beyond_its_nominal()
    {
        var ledger = Stocked(
            20, Lending(QuotaScope.Customer), Body("s", 2, customer: "south"), Body("n", 9, customer: "north"),
            Body("r", 9, customer: "other"));

        Assert.Equal(["R QuotaExceeded"], Texts(ledger.All(
            new AllocationCommandBody.Reassign { ReservationId = "r", ToCustomerRef = "south" })));
    }

    [Fact]
    public void Lines_of_several_classes_take_what_each_lacks_or_nothing()
    {
        var ledger = Stocked(8, Preempting, Body("p1", 2, Plus), Body("w1", 2), Body("w2", 2), Body("w3", 2));

        var tooMuch = ledger.All(Lines(HoldMode.AllOrNothing, ("a", 4, Plus), ("b", 5, Vip)));
        var outcomes = ledger.All(Lines(HoldMode.AllOrNothing, ("c", 3, Plus), ("d", 3, Vip)));

        Assert.Equal(["R InsufficientAvailability+InsufficientAvailability+PreemptionNotPermitted"], Texts(tooMuch));
        Assert.Equal(
            ["Preempted w3 2 by c", "Preempted w2 2 by c", "Preempted w1 2 by d", "✔ Held"], Texts(outcomes));
        Assert.Equal((0, 8), (ledger.Balances.Free, ledger.Balances.Held));
        Assert.Equal(
            ["preempt/plus", "preempt/vip"],
            outcomes[^1].Decision.Where(s => s.Rule == DecisionRule.Preemption).Select(s => s.Row));
    }

    [Fact]
    public void Lines_of_one_class_share_the_cap_of_their_row()
    {
        var ledger = Stocked(6, Preempting, Body("w1", 2), Body("w2", 2), Body("w3", 2));

        var outcomes = ledger.All(Lines(HoldMode.AllOrNothing, ("a", 2, Vip), ("b", 1, Plus), ("c", 2, Vip)));

        Assert.Equal(["Preempted w3 2 by a", "Preempted w2 2 by b", "Preempted w1 2 by c", "✔ Held"], Texts(outcomes));
        ledger.NowMs += 5_000;
        ledger.Run(new AllocationCommandBody.Release { ReservationId = "b", Reason = "test" });
        ledger.Run(new AllocationCommandBody.Release { ReservationId = "a", Reason = "test" });
        ledger.Run(Body("w4", 1));
        ledger.Run(Body("w5", 1));
        ledger.Run(Body("w6", 1));
        ledger.Run(Body("w7", 1));
        Assert.Equal(
            ["R InsufficientAvailability+InsufficientAvailability+InsufficientAvailability+PreemptionNotPermitted"],
            Texts(ledger.All(Lines(HoldMode.AllOrNothing, ("x", 2, Vip), ("y", 1, Plus), ("z", 1, Vip)))));
    }

    [Fact]
    public void What_the_loss_of_one_class_keeps_for_it_is_left_to_no_line_below()
    {
        var keptForPlus = (Preempting with
        {
            ProtectionTable = [new ProtectionRow("protect/plus", PoolPattern.All, Plus, 3, UsageCount.Open)],
        }).WithFixed(2, Web);
        var ledger = Stocked(3, keptForPlus, Body("p", 3, Plus));

        // Without p, units would be kept for its class, and web could not be overbooked any more.
        var outcomes = ledger.All(Lines(HoldMode.AllOrNothing, ("a", 2, Web), ("b", 1, Vip)));

        Assert.Equal(["R InsufficientAvailability"], Texts(outcomes));
        Assert.Equal("held 3", OutcomeText.Of(ledger.Reservation("p"), ledger.NowMs));
    }

    [Fact]
    public void Lines_of_several_classes_that_fit_take_nothing()
    {
        var ledger = Stocked(4, Preempting, Body("w", 1));

        Assert.Equal(["✔ Held"], Texts(ledger.All(Lines(HoldMode.AllOrNothing, ("a", 2, Plus), ("b", 1, Vip)))));
        Assert.Equal((0, 4), (ledger.Balances.Free, ledger.Balances.Held));
    }

    [Fact]
    public void What_an_increase_would_take_is_shown_without_taking_it()
    {
        var ledger = Stocked(4, Preempting, Body("w", 2), Body("v", 2, Vip));
        var command = ledger.Command(Amend("v", 4));

        var considered = new AllocationLedger(ledger.State, ledger.Policy, TestLedger.Partition).Consider(
            new LedgerRecord(
                "allocation.commands", TestLedger.Partition, 1_000, ledger.NowMs, TestLedger.Pool,
                TestLedger.Partition, command));

        Assert.Equal("✔ Amended", OutcomeText.Of(considered));
        Assert.Empty(considered.Entries);
        Assert.Contains(considered.Decision, s => s is { Rule: DecisionRule.Preemption, Row: "preempt/vip" });
        Assert.Equal("held 2", OutcomeText.Of(ledger.Reservation("w"), ledger.NowMs));
    }
}
