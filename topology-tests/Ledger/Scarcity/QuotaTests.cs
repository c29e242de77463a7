using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Topology.Tests.Ledger.TestPolicies;

namespace Topology.Tests.Ledger.Scarcity;

/// <summary>What one customer, channel, tier, dealer or class may have.</summary>
public sealed class QuotaTests
{
    private static AllocationOutcome Hold(
        TestLedger ledger, string id, long quantity, string? customer = null, string? dealer = null,
        HoldMode mode = HoldMode.AllOrNothing) => ledger.Run(new AllocationCommandBody.Hold
        {
            ReservationId = id,
            Quantity = quantity,
            CustomerRef = customer,
            Mode = mode,
            Attributes = dealer is null ? [] : new Dictionary<string, string> { ["dealer"] = dealer },
        });

    private static Reason Exceeded(AllocationOutcome outcome) => Assert.Single(
        Assert.IsType<AllocationOutcomeEvent.Rejected>(outcome.Event).Reasons,
        r => r.Code == ReasonCode.QuotaExceeded);

    private static long Number(Reason reason, NumberName name) => reason.Numbers.Single(n => n.Name == name).Value;

    private static TestLedger Dealers(long stock, params QuotaRow[] rows) =>
        TestLedger.WithStock(stock, policy: ThreeClasses.WithQuotas(rows));

    [Fact]
    public void A_row_without_a_value_gives_each_its_own_limit()
    {
        var ledger = Dealers(100, Quota(QuotaScope.Customer, null, 5));

        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "a1", 4, "anna")));
        var tooMuch = Hold(ledger, "a2", 2, "anna");
        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "b1", 5, "bert")));

        var reason = Exceeded(tooMuch);
        Assert.Equal(("customer/anna", "quota/Customer/each"), (reason.Scope, reason.Detail));
        Assert.Equal(
            [(NumberName.Used, 4), (NumberName.Limit, 5), (NumberName.Requested, 2)],
            reason.Numbers.Select(n => (n.Name, n.Value)));
    }

    [Fact]
    public void A_request_without_the_scope_counts_against_nobody_where_the_row_does_not_require_it()
    {
        var ledger = Dealers(100, Quota(QuotaScope.Dealer, null, 5) with { IsRequired = false });

        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "a", 50)));
        Assert.Equal("R QuotaExceeded", OutcomeText.Of(Hold(ledger, "b", 6, dealer: "north")));
    }

    [Fact]
    public void Unused_units_of_one_are_borrowed_by_another_up_to_both_limits()
    {
        var ledger = Dealers(
            100, Quota(QuotaScope.Dealer, "north", 10, borrow: 5), Quota(QuotaScope.Dealer, "south", 10, lend: 4));

        var beyondLendable = Hold(ledger, "n1", 15, dealer: "north");
        var borrowed = Hold(ledger, "n2", 14, dealer: "north");

        var reason = Exceeded(beyondLendable);
        Assert.Equal("dealer/north", reason.Scope);
        Assert.Equal((0, 14), (Number(reason, NumberName.Used), Number(reason, NumberName.Limit)));
        Assert.Equal((10, 5, 4), (Number(reason, NumberName.Nominal), Number(reason, NumberName.BorrowingLimit),
            Number(reason, NumberName.Lendable)));
        Assert.Equal("✔ Held", OutcomeText.Of(borrowed));
    }

    [Fact]
    public void A_lender_cannot_use_what_is_lent_until_it_comes_back()
    {
        var ledger = Dealers(
            100, Quota(QuotaScope.Dealer, "north", 10, borrow: 5), Quota(QuotaScope.Dealer, "south", 10, lend: 4));
        Hold(ledger, "n", 13, dealer: "north");

        var lent = Hold(ledger, "s1", 8, dealer: "south");
        var rest = Hold(ledger, "s2", 7, dealer: "south");
        ledger.Release("n");
        var again = Hold(ledger, "s3", 3, dealer: "south");

        Assert.Equal((0, 7), (Number(Exceeded(lent), NumberName.Used), Number(Exceeded(lent), NumberName.Limit)));
        Assert.Equal(["✔ Held", "✔ Held"], [OutcomeText.Of(rest), OutcomeText.Of(again)]);
    }

    [Fact]
    public void Partial_grants_what_the_quota_allows()
    {
        var ledger = Dealers(100, Quota(QuotaScope.Customer, null, 5));

        var held = Hold(ledger, "a", 9, "anna", mode: HoldMode.Partial);

        Assert.Equal(5, Assert.IsType<AllocationOutcomeEvent.Held>(held.Event).Lines[0].Granted);
    }

    [Fact]
    public void Quota_and_availability_are_both_given_as_reasons()
    {
        var ledger = Dealers(3, Quota(QuotaScope.Customer, null, 5), Quota(QuotaScope.Class, Web, 4));

        var rejected = Hold(ledger, "a", 6, "anna");

        Assert.Equal("R QuotaExceeded+QuotaExceeded+InsufficientAvailability", OutcomeText.Of(rejected));
    }

    [Fact]
    public void Consumed_units_go_on_counting_where_the_quota_counts_a_lifetime()
    {
        foreach (var (counts, expected) in new[]
        {
            (UsageCount.Lifetime, "R QuotaExceeded"), (UsageCount.Open, "✔ Held"),
        })
        {
            var ledger = Dealers(100, Quota(QuotaScope.Customer, null, 5, counts: counts));
            Hold(ledger, "a", 5, "anna");
            ledger.Confirm("a");
            ledger.Consume("a", 5);

            Assert.Equal(expected, OutcomeText.Of(Hold(ledger, "b", 1, "anna")));
        }
    }

    [Fact]
    public void Limits_near_the_end_of_64_bits_neither_grant_nor_fail()
    {
        var ledger = Dealers(
            100, Quota(QuotaScope.Dealer, "north", long.MaxValue, borrow: long.MaxValue, lend: long.MaxValue),
            Quota(QuotaScope.Dealer, "south", long.MaxValue, borrow: long.MaxValue, lend: long.MaxValue));

        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "n", 60, dealer: "north")));
        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "s", 40, dealer: "south")));
    }

    [Fact]
    public void Reservation_is_not_reassigned_into_a_full_quota()
    {
        var ledger = Dealers(100, Quota(QuotaScope.Customer, null, 5));
        Hold(ledger, "a", 4, "anna");
        Hold(ledger, "b", 2, "bert");
        AllocationOutcome Reassign(string id, string customer) =>
            ledger.Run(new AllocationCommandBody.Reassign { ReservationId = id, ToCustomerRef = customer });

        var full = Reassign("b", "anna");
        var free = Reassign("b", "carl");

        Assert.Equal(("R QuotaExceeded", "customer/anna"), (OutcomeText.Of(full), Exceeded(full).Scope));
        Assert.Equal("✔ Reassigned", OutcomeText.Of(free));
        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "b2", 5, "bert")));
    }

    [Fact]
    public void Amended_quantity_needs_room_in_the_quota()
    {
        var ledger = Dealers(100, Quota(QuotaScope.Customer, null, 5));
        Hold(ledger, "a", 4, "anna");
        AllocationOutcome Amend(long quantity) =>
            ledger.Run(new AllocationCommandBody.Amend { ReservationId = "a", NewQuantity = quantity });

        Assert.Equal("R QuotaExceeded", OutcomeText.Of(Amend(6)));
        Assert.Equal("✔ Amended", OutcomeText.Of(Amend(5)));
    }
}
