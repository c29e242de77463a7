using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Topology.Tests.Ledger.TestPolicies;

namespace Topology.Tests.Ledger.Scarcity;

/// <summary>One who lends takes back what others borrow: south lends to north, and both have 10 of their own.</summary>
public sealed class ReclaimTests
{
    private static QuotaRow South(QuotaReclaim reclaim, long borrow = 0) =>
        Quota(QuotaScope.Dealer, "south", 10, borrow, lend: 10) with { Reclaim = reclaim };

    private static TestLedger Lent(
        long stock, QuotaReclaim reclaim, params (string Dealer, string Id, long Quantity)[] holds)
    {
        var ledger = TestLedger.WithStock(stock, policy: ThreeClasses.Waiting().WithQuotas(
            South(reclaim), Quota(QuotaScope.Dealer, "north", 10, borrow: 10),
            Quota(QuotaScope.Dealer, "east", 0, borrow: 5)));
        foreach (var (dealer, id, quantity) in holds)
        {
            ledger.NowMs += 1_000;
            Assert.Equal("✔ Held", OutcomeText.Of(ledger.Run(Body(id, quantity, dealer))));
        }
        return ledger;
    }

    private static TestLedger LentToNorth(QuotaReclaim reclaim, params (string Id, long Quantity)[] holds) =>
        Lent(20, reclaim, [.. holds.Select(h => ("north", h.Id, h.Quantity))]);

    private static AllocationCommandBody.Hold Body(
        string id, long quantity, string dealer, HoldMode mode = HoldMode.AllOrNothing, long? minimum = null) => new()
        {
            ReservationId = id,
            Quantity = quantity,
            MinQuantity = minimum,
            Mode = mode,
            TtlMs = 3_600_000,
            Attributes = new Dictionary<string, string> { ["dealer"] = dealer },
        };

    private static string[] Texts(IEnumerable<AllocationOutcome> outcomes) => [.. outcomes.Select(o => o.Event
        is AllocationOutcomeEvent.Preempted preempted
        ? $"Preempted {preempted.ReservationId} {preempted.Quantity}"
        : OutcomeText.Of(o))];

    private static IEnumerable<(NumberName, long)> Numbers(AllocationOutcome outcome)
    {
        var step = Assert.Single(outcome.Decision, s => s.Rule == DecisionRule.Preemption);
        Assert.Equal("quota/Dealer/south", step.Row);
        return step.Numbers.Select(n => (n.Name, n.Value));
    }

    [Fact]
    public void Who_lends_takes_back_the_newest_that_is_borrowed()
    {
        var ledger = LentToNorth(QuotaReclaim.Held, ("n1", 8), ("n2", 2), ("n3", 4), ("n4", 3));

        var outcomes = ledger.All(Body("s", 5, "south"));

        Assert.Equal(["Preempted n4 3", "✔ Held"], Texts(outcomes));
        Assert.Equal((1, 19), (ledger.Balances.Free, ledger.Balances.Held));
        var preempted = Assert.IsType<AllocationOutcomeEvent.Preempted>(outcomes[0].Event);
        Assert.Equal(("s", Web, false), (preempted.By, preempted.ByClass, preempted.WaitsAgain));
        Assert.Equal((false, outcomes[1].CommandId), (outcomes[0].Original, outcomes[0].CausedBy!.CommandId));
        (NumberName, long)[] figures =
        [
            (NumberName.Used, 0), (NumberName.Requested, 5), (NumberName.Nominal, 10), (NumberName.Borrowed, 7),
            (NumberName.Lendable, 10), (NumberName.FreedByPreemption, 3),
        ];
        Assert.Equal(
            [(NumberName.Held, 3), (NumberName.Confirmed, 0), (NumberName.AgeMs, 0), .. figures],
            Numbers(outcomes[0]));
        Assert.Equal([(NumberName.Victims, 1), .. figures], Numbers(outcomes[1]));
    }

    [Fact]
    public void Units_that_are_free_but_lent_are_taken_back_too()
    {
        var ledger = Lent(40, QuotaReclaim.Held, ("north", "n1", 10), ("north", "n2", 4));

        Assert.Equal(["Preempted n2 4", "✔ Held"], Texts(ledger.All(Body("s", 10, "south"))));
        Assert.Equal(20, ledger.Balances.Free);
    }

    [Fact]
    public void Whoever_is_not_needed_keeps_its_units()
    {
        var ledger = LentToNorth(QuotaReclaim.Held, ("n1", 10), ("n2", 5), ("n3", 2));

        Assert.Equal(["Preempted n2 5", "✔ Held"], Texts(ledger.All(Body("s", 8, "south"))));
    }

    [Fact]
    public void Holds_whose_loss_would_cut_into_the_nominal_are_spared_where_others_are_enough()
    {
        var ledger = LentToNorth(QuotaReclaim.Held, ("old", 3), ("large", 14));

        Assert.Equal(["Preempted old 3", "✔ Held"], Texts(ledger.All(Body("s", 6, "south"))));
        Assert.Equal(14, ledger.State.GetUsage(TestLedger.Pool, "dealer/north").Open);
    }

    [Fact]
    public void A_hold_of_more_than_what_is_borrowed_goes_as_a_whole_when_nothing_else_is_enough()
    {
        var ledger = LentToNorth(QuotaReclaim.Held, ("old", 3), ("large", 14));

        Assert.Equal(["Preempted large 14", "✔ Held"], Texts(ledger.All(Body("s", 10, "south"))));
        Assert.Equal("held 3", OutcomeText.Of(ledger.Reservation("old"), ledger.NowMs));
    }

    [Fact]
    public void A_scope_at_its_nominal_loses_nothing()
    {
        var ledger = Lent(15, QuotaReclaim.Held, ("east", "e", 5), ("north", "n", 10));

        var tooMuch = ledger.All(Body("s1", 6, "south"));
        var borrowed = ledger.All(Body("s2", 5, "south"));

        Assert.Equal(["R QuotaExceeded+InsufficientAvailability+PreemptionNotPermitted"], Texts(tooMuch));
        var reason = Assert.IsType<AllocationOutcomeEvent.Rejected>(tooMuch[0].Event).Reasons[^1];
        Assert.Equal("quota/Dealer/south", reason.Detail);
        Assert.Equal(
            [
                (NumberName.Used, 0), (NumberName.Requested, 6), (NumberName.Nominal, 10), (NumberName.Borrowed, 5),
                (NumberName.Lendable, 10), (NumberName.FreedByPreemption, 5), (NumberName.Victims, 1),
            ],
            reason.Numbers.Select(n => (n.Name, n.Value)));
        Assert.Empty(tooMuch[0].Entries);
        Assert.Equal(["Preempted e 5", "✔ Held"], Texts(borrowed));
        Assert.Equal("held 10", OutcomeText.Of(ledger.Reservation("n"), ledger.NowMs));
    }

    [Fact]
    public void Nothing_is_taken_back_for_more_than_the_nominal()
    {
        var ledger = TestLedger.WithStock(20, policy: ThreeClasses.WithQuotas(
            South(QuotaReclaim.Held, borrow: 5), Quota(QuotaScope.Dealer, "north", 10, borrow: 10)));
        ledger.Run(Body("n1", 10, "north"));
        ledger.Run(Body("n2", 7, "north"));

        Assert.Equal(
            ["R QuotaExceeded+InsufficientAvailability"], Texts(ledger.All(Body("s1", 11, "south"))));
        Assert.Equal(["Preempted n2 7", "✔ Held"], Texts(ledger.All(Body("s2", 10, "south"))));
    }

    [Fact]
    public void Where_nothing_is_borrowed_a_shortage_is_no_more_than_that()
    {
        var ledger = Lent(15, QuotaReclaim.Held, ("north", "n", 10));

        Assert.Equal(["R InsufficientAvailability"], Texts(ledger.All(Body("s", 6, "south"))));
    }

    [Fact]
    public void Without_reclaim_who_lends_waits()
    {
        var ledger = LentToNorth(QuotaReclaim.None, ("n1", 10), ("n2", 7));

        Assert.Equal(["R QuotaExceeded+InsufficientAvailability"], Texts(ledger.All(Body("s", 5, "south"))));
    }

    [Fact]
    public void Confirmed_units_are_taken_back_after_all_held_ones_where_the_row_says_so()
    {
        var held = LentToNorth(QuotaReclaim.Held, ("n1", 10), ("n2", 4), ("n3", 3));
        var confirmed = LentToNorth(QuotaReclaim.Confirmed, ("n1", 10), ("n2", 4), ("n3", 3));
        foreach (var ledger in new[] { held, confirmed })
        {
            ledger.Confirm("n1");
            ledger.Confirm("n3");
        }

        Assert.Equal(
            ["R QuotaExceeded+InsufficientAvailability+PreemptionNotPermitted"],
            Texts(held.All(Body("s", 8, "south"))));
        Assert.Equal(13, held.Balances.Confirmed);
        Assert.Equal(
            ["Preempted n2 4", "Preempted n3 3", "✔ Held"], Texts(confirmed.All(Body("s", 8, "south"))));
        Assert.Equal((2, 8, 10),
            (confirmed.Balances.Free, confirmed.Balances.Held, confirmed.Balances.Confirmed));
    }

    [Fact]
    public void Class_makes_no_difference()
    {
        var ledger = LentToNorth(QuotaReclaim.Held, ("n1", 10));
        ledger.Run(Body("n2", 7, "north") with { Class = Vip });

        Assert.Equal(["Preempted n2 7", "✔ Held"], Texts(ledger.All(Body("s", 5, "south"))));
    }

    [Fact]
    public void For_a_partial_request_its_minimum_is_taken_back()
    {
        var ledger = LentToNorth(QuotaReclaim.Held, ("n1", 10), ("n2", 4), ("n3", 3));

        var outcomes = ledger.All(Body("s", 10, "south", HoldMode.Partial, minimum: 5));

        Assert.Equal(["Preempted n3 3", "✔ Held"], Texts(outcomes));
        Assert.Equal(6, Assert.IsType<AllocationOutcomeEvent.Held>(outcomes[^1].Event).Lines[0].Granted);
    }

    [Fact]
    public void Who_would_wait_takes_back_first()
    {
        var ledger = LentToNorth(QuotaReclaim.Held, ("n1", 10), ("n2", 7));

        Assert.Equal(
            ["Preempted n2 7", "✔ Held"], Texts(ledger.All(Body("s", 5, "south", HoldMode.Waitlist))));
    }

    [Fact]
    public void What_would_be_taken_back_is_shown_without_taking_it()
    {
        var ledger = LentToNorth(QuotaReclaim.Held, ("n1", 10), ("n2", 7));
        var command = ledger.Command(Body("s", 5, "south"));
        var considered = new AllocationLedger(ledger.State, ledger.Policy, TestLedger.Partition).Consider(
            new LedgerRecord(
                "allocation.commands", TestLedger.Partition, 1_000, ledger.NowMs, TestLedger.Pool,
                TestLedger.Partition, command));

        Assert.Equal("✔ Held", OutcomeText.Of(considered));
        Assert.Contains((NumberName.FreedByPreemption, 7), Numbers(considered));
        Assert.Equal("held 7", OutcomeText.Of(ledger.Reservation("n2"), ledger.NowMs));
    }
}
