using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Topology.Tests.Ledger.TestPolicies;

namespace Topology.Tests.Ledger.Scarcity;

/// <summary>More promises than there are units.</summary>
public sealed class OverbookingTests
{
    private static AllocationOutcome Hold(TestLedger ledger, string id, long quantity, string priorityClass = Web) =>
        ledger.Run(new AllocationCommandBody.Hold
        {
            ReservationId = id,
            Quantity = quantity,
            Class = priorityClass,
        });

    [Fact]
    public void Fixed_overbooking_grants_so_many_units_more_and_no_more()
    {
        var ledger = TestLedger.WithStock(5, policy: ThreeClasses.WithFixed(2));

        Assert.Equal("R InsufficientAvailability", OutcomeText.Of(Hold(ledger, "a", 8)));
        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "b", 7)));
        Assert.Equal("R InsufficientAvailability", OutcomeText.Of(Hold(ledger, "c", 1)));
        Assert.Equal((-2, 7, 0), (ledger.Balances.Free, ledger.Balances.Held, ledger.PoolState.Deficit));
    }

    [Fact]
    public void Percentage_is_of_all_units_that_are_promised_or_free_and_rounded_down()
    {
        var ledger = TestLedger.WithStock(19, policy: ThreeClasses.WithPercent(10));

        Assert.Equal("R InsufficientAvailability", OutcomeText.Of(Hold(ledger, "a", 21)));
        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "b", 12)));
        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "c", 8)));
        Assert.Equal("R InsufficientAvailability", OutcomeText.Of(Hold(ledger, "d", 1)));
    }

    [Fact]
    public void Only_the_classes_of_the_row_may_use_it()
    {
        var ledger = TestLedger.WithStock(5, policy: ThreeClasses.WithFixed(2, Vip));

        Assert.Equal("R InsufficientAvailability", OutcomeText.Of(Hold(ledger, "w", 6)));
        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "v", 6, Vip)));
    }

    [Fact]
    public void What_is_kept_for_a_class_that_may_not_be_overbooked_is_not_overbooked_by_a_lower_one()
    {
        var ledger = TestLedger.WithStock(5, policy: Protecting((Vip, 2)).WithFixed(3, Web));

        Assert.Equal(
            "R ProtectedForHigherClass+InsufficientAvailability", OutcomeText.Of(Hold(ledger, "w", 4)));
        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "v", 2, Vip)));
        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "w2", 6)));
        Assert.Equal(-3, ledger.Balances.Free);
    }

    [Fact]
    public void Critical_pools_are_never_overbooked()
    {
        var policy = ThreeClasses.WithFixed(2) with
        {
            ImportanceTable = [new ImportanceRow("critical", PoolPattern.All, PoolImportance.Critical)],
        };
        var ledger = TestLedger.WithStock(5, policy: policy);

        Assert.Equal("R InsufficientAvailability", OutcomeText.Of(Hold(ledger, "a", 6)));
    }

    [Fact]
    public void Deficit_begins_where_overbooking_ends_and_stops_every_grant()
    {
        var ledger = TestLedger.WithStock(10, policy: ThreeClasses.WithFixed(3));
        Hold(ledger, "a", 12);

        var outcomes = ledger.All(new AllocationCommandBody.Block { Quantity = 4, Reason = "damaged" });
        var rejected = Hold(ledger, "b", 1, Vip);
        var over = ledger.All(new AllocationCommandBody.Unblock { Quantity = 3, Reason = "repaired" });

        Assert.Equal(["✔ Blocked", "✔ OverCommitted"], outcomes.Select(OutcomeText.Of));
        Assert.Equal(3, Assert.IsType<AllocationOutcomeEvent.OverCommitted>(outcomes[1].Event).Deficit);
        Assert.Equal("R InsufficientAvailability", OutcomeText.Of(rejected));
        Assert.Equal(["✔ Unblocked", "✔ OverCommitted"], over.Select(OutcomeText.Of));
        Assert.Equal(0, ledger.PoolState.Deficit);
    }
}
