using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger.Supply;

/// <summary>The supply rules, one by one.</summary>
public sealed class SupplyTests
{
    private static TestLedger Empty()
    {
        var ledger = new TestLedger();
        ledger.Configure();
        return ledger;
    }

    [Fact]
    public void Delta_seen_before_is_ignored_as_duplicate()
    {
        var ledger = Empty();
        ledger.Delta(1, 10);

        var again = ledger.Delta(1, 10);

        Assert.Equal(SupplyIgnoredWhy.Duplicate, Assert.IsType<AllocationOutcomeEvent.SupplyIgnored>(again.Event).Why);
        Assert.Equal(10, ledger.Balances.Free);
    }

    [Fact]
    public void Missing_delta_becomes_a_gap_after_the_grace_and_a_late_one_is_still_applied()
    {
        var ledger = Empty();
        ledger.Delta(1, 10);
        ledger.Delta(4, 40);

        var before = ledger.Wait(TimeSpan.FromSeconds(29));
        var gap = ledger.Wait(TimeSpan.FromSeconds(1));
        var late = ledger.Delta(3, 30);

        Assert.Empty(before);
        var reported = Assert.IsType<AllocationOutcomeEvent.SupplyGap>(Assert.Single(gap).Event);
        Assert.Equal((2, 3), (reported.From, reported.To));
        Assert.IsType<AllocationOutcomeEvent.SupplyApplied>(late.Event);
        Assert.Equal(80, ledger.Balances.Free);
    }

    [Fact]
    public void Gap_that_was_filled_in_time_is_not_reported()
    {
        var ledger = Empty();
        ledger.Delta(1, 10);
        ledger.Delta(3, 30);
        ledger.Delta(2, 20);

        Assert.Empty(ledger.Wait(TimeSpan.FromHours(1)));
        Assert.False(ledger.State.TryPeekTimer(out _));
    }

    [Fact]
    public void Sequences_before_the_first_one_seen_never_become_a_gap_but_count_when_they_come()
    {
        var ledger = Empty();
        ledger.Delta(5, 50);

        var later = ledger.Wait(TimeSpan.FromHours(1));
        ledger.Delta(4, 4);
        ledger.Delta(4, 4);

        Assert.Empty(later);
        Assert.Equal(54, ledger.Balances.Free);
    }

    [Fact]
    public void Snapshot_counts_facts_up_to_its_sequence_and_keeps_later_ones_on_top()
    {
        var ledger = Empty();
        ledger.Delta(1, 100);
        ledger.Hold("r", 5);
        ledger.Confirm("r");
        ledger.Consume("r", 5, "c1", TestLedger.Erp, 2);
        ledger.Delta(3, 7);

        var applied = ledger.Snapshot(version: 1, quantity: 90, through: 2);

        var happened = Assert.IsType<AllocationOutcomeEvent.SupplyApplied>(applied.Event);
        Assert.Equal((5, -5), (happened.Acknowledged, happened.Rebased));
        Assert.Equal(0, ledger.Balances.Consumed);
        Assert.Equal(97, ledger.Balances.Free);
    }

    [Fact]
    public void Delta_inside_the_last_snapshot_is_reflected_already()
    {
        var ledger = Empty();
        ledger.Snapshot(version: 1, quantity: 50, through: 3);

        var late = ledger.Delta(2, 10);
        var again = ledger.Delta(2, 10);

        Assert.Equal(SupplyIgnoredWhy.Reflected, Assert.IsType<AllocationOutcomeEvent.SupplyIgnored>(late.Event).Why);
        Assert.Equal(SupplyIgnoredWhy.Duplicate, Assert.IsType<AllocationOutcomeEvent.SupplyIgnored>(again.Event).Why);
        Assert.Equal(50, ledger.Balances.Free);
    }

    [Fact]
    public void Consumption_inside_the_last_snapshot_is_posted_acknowledged_and_rebased_in_one_outcome()
    {
        var ledger = Empty();
        ledger.Delta(1, 100);
        ledger.Hold("r", 5);
        ledger.Confirm("r");
        ledger.Snapshot(version: 1, quantity: 95, through: 2);

        var late = ledger.Consume("r", 5, "c1", TestLedger.Erp, 2);

        Assert.True(Assert.IsType<AllocationOutcomeEvent.Consumed>(late.Event).Reflected);
        Assert.Equal(
            [EntryKind.Consumed, EntryKind.ConsumeAcknowledged, EntryKind.SupplyRebased],
            late.Entries.Select(e => e.Kind));
        Assert.Equal((95, 0, 0), (ledger.Balances.Free, ledger.Balances.Confirmed, ledger.Balances.Consumed));
    }

    [Fact]
    public void Return_inside_the_last_snapshot_is_the_reverse()
    {
        var ledger = Empty();
        ledger.Delta(1, 100);
        ledger.Hold("r", 5);
        ledger.Confirm("r");
        ledger.Consume("r", 5, "c1", TestLedger.Erp, 2);
        ledger.Snapshot(version: 1, quantity: 100, through: 3);

        var late = ledger.Return("r", 5, "b1", TestLedger.Erp, 3);

        Assert.True(Assert.IsType<AllocationOutcomeEvent.Returned>(late.Event).Reflected);
        Assert.Equal((100, 0), (ledger.Balances.Free, ledger.Balances.Consumed));
    }

    [Theory]
    [InlineData(1, 50, 3, SupplyIgnoredWhy.Stale)]
    [InlineData(2, 50, 3, SupplyIgnoredWhy.Duplicate)]
    [InlineData(2, 51, 3, SupplyIgnoredWhy.Conflict)]
    [InlineData(3, 50, 2, SupplyIgnoredWhy.Stale)]
    public void Snapshot_that_is_old_doubled_or_contradicts_is_ignored(
        long version, long quantity, long through, SupplyIgnoredWhy why)
    {
        var ledger = Empty();
        ledger.Snapshot(version: 2, quantity: 50, through: 3);

        var ignored = ledger.Snapshot(version, quantity, through);

        Assert.Equal(why, Assert.IsType<AllocationOutcomeEvent.SupplyIgnored>(ignored.Event).Why);
        Assert.Equal(50, ledger.Balances.Free);
    }

    [Fact]
    public void Snapshot_of_another_source_is_ignored()
    {
        var ledger = Empty();

        var ignored = ledger.Snapshot(1, 50, 0, source: "wms");

        Assert.Equal(
            SupplyIgnoredWhy.NotSnapshotSource, Assert.IsType<AllocationOutcomeEvent.SupplyIgnored>(ignored.Event).Why);
    }

    [Fact]
    public void Deltas_of_other_sources_stay_on_top_of_a_snapshot_until_a_stock_take()
    {
        var ledger = Empty();
        ledger.Delta(1, 10);
        ledger.Delta(1, 3, source: "returns-desk");

        ledger.Snapshot(version: 1, quantity: 12, through: 1);
        var afterSnapshot = ledger.Balances.Free;
        ledger.Snapshot(version: 2, quantity: 12, through: null);

        Assert.Equal(15, afterSnapshot);
        Assert.Equal(12, ledger.Balances.Free);
    }

    [Fact]
    public void Snapshot_below_promises_is_applied_published_as_deficit_and_blocks_grants_until_it_is_gone()
    {
        var ledger = Empty();
        ledger.Delta(1, 10);
        ledger.Hold("r", 8);

        var shrink = ledger.All(
            new AllocationCommandBody.SupplySnapshot { Source = "erp", Version = 1, Quantity = 5, Through = 1 });
        var refused = ledger.Hold("s", 1);
        var grow = ledger.All(
            new AllocationCommandBody.SupplySnapshot { Source = "erp", Version = 2, Quantity = 9, Through = 1 });
        var granted = ledger.Hold("t", 1);

        Assert.Equal(3, Assert.IsType<AllocationOutcomeEvent.OverCommitted>(shrink[1].Event).Deficit);
        var reason = Assert.Single(Assert.IsType<AllocationOutcomeEvent.Rejected>(refused.Event).Reasons);
        Assert.Equal(ReasonCode.InsufficientAvailability, reason.Code);
        Assert.Equal(3, reason.Numbers.Single(n => n.Name == NumberName.Deficit).Value);
        Assert.Equal(0, Assert.IsType<AllocationOutcomeEvent.OverCommitted>(grow[1].Event).Deficit);
        Assert.IsType<AllocationOutcomeEvent.Held>(granted.Event);
    }

    [Fact]
    public void Blocked_units_of_a_snapshot_are_rebased_first()
    {
        var ledger = Empty();
        ledger.Delta(1, 10);

        ledger.Snapshot(version: 1, quantity: 12, through: 1, blocked: 4);

        Assert.Equal((8, 4), (ledger.Balances.Free, ledger.Balances.Blocked));
    }

    [Fact]
    public void Block_always_applies_and_unblock_above_what_is_blocked_is_rejected()
    {
        var ledger = Empty();
        ledger.Delta(1, 3);

        ledger.Run(new AllocationCommandBody.Block { Quantity = 5, Reason = "damaged" });
        var tooMuch = ledger.Run(new AllocationCommandBody.Unblock { Quantity = 6, Reason = "mended" });
        ledger.Run(new AllocationCommandBody.Unblock { Quantity = 4, Reason = "mended" });

        Assert.Equal("R ExceedsBlocked", OutcomeText.Of(tooMuch));
        Assert.Equal((2, 1, 0), (ledger.Balances.Free, ledger.Balances.Blocked, ledger.PoolState.Deficit));
    }

    [Fact]
    public void Snapshot_of_a_capacity_is_its_total_and_consumed_units_stay_inside()
    {
        var ledger = TestLedger.WithStock(0, PoolKind.Capacity);
        ledger.Snapshot(version: 1, quantity: 10, through: 0);
        ledger.Hold("r", 4);
        ledger.Confirm("r");
        ledger.Consume("r", 4, "c1", TestLedger.Erp, 1);

        ledger.Snapshot(version: 2, quantity: 12, through: 1);
        var afterSnapshot = ledger.Balances;
        ledger.Return("r", 4, "b1", TestLedger.Erp, 2);

        Assert.Equal((8, 4), (afterSnapshot.Free, afterSnapshot.Consumed));
        Assert.Equal((12, 0), (ledger.Balances.Free, ledger.Balances.Consumed));
    }

    [Fact]
    public void Capacity_gets_back_only_what_was_in_use()
    {
        var ledger = TestLedger.WithStock(10, PoolKind.Capacity);

        var orphan = ledger.Return("never-consumed", 3);

        Assert.Equal(0, Assert.IsType<AllocationOutcomeEvent.OrphanReturned>(orphan.Event).Posted);
        Assert.Equal(10, ledger.Balances.Free);
    }

    [Fact]
    public void Returned_units_go_where_their_disposition_says()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 4);
        ledger.Confirm("r");
        ledger.Consume("r", 4);

        ledger.Return("r", 3, disposition: ReturnDisposition.Blocked);

        Assert.Equal((6, 3, 1), (ledger.Balances.Free, ledger.Balances.Blocked, ledger.Balances.Consumed));
    }

    [Fact]
    public void Parked_consumption_that_a_snapshot_covers_meanwhile_is_taken_off_once()
    {
        var ledger = Empty();
        ledger.Delta(1, 10);
        ledger.Hold("r", 4);
        ledger.Consume("r", 4, "c1", TestLedger.Erp, 2);
        ledger.Snapshot(version: 1, quantity: 6, through: 2);

        ledger.Confirm("r");

        Assert.Equal(6, ledger.Balances.Free);
        Assert.Equal((0, 0, 0), (ledger.Balances.Held, ledger.Balances.Confirmed, ledger.Balances.Consumed));
        Assert.Equal(4, ledger.Reservation("r")!.Consumed);
    }

    [Fact]
    public void Repeat_that_brings_its_sequence_later_is_placed_among_the_facts_of_its_source()
    {
        var ledger = Empty();
        ledger.Delta(1, 10);
        ledger.Hold("r", 4);
        ledger.Confirm("r");
        ledger.Consume("r", 4, "c1");

        var repeat = ledger.Consume("r", 4, "c1", TestLedger.Erp, 2);
        ledger.Snapshot(version: 1, quantity: 6, through: 2);

        Assert.Equal("N ConsumeSeen", OutcomeText.Of(repeat));
        Assert.Equal((6, 0), (ledger.Balances.Free, ledger.Balances.Consumed));
    }

    [Fact]
    public void Snapshot_beyond_tolerance_waits_for_a_second_one_that_agrees()
    {
        var ledger = new TestLedger(PolicyVersions.Version0 with { Drift = new DriftTolerance(5, 1) });
        ledger.Configure();
        ledger.Snapshot(version: 1, quantity: 100, through: 0);

        var parked = ledger.Snapshot(version: 2, quantity: 60, through: 0);
        var freeMeanwhile = ledger.Balances.Free;
        var second = ledger.Snapshot(version: 3, quantity: 58, through: 0);

        Assert.Equal(-40, Assert.IsType<AllocationOutcomeEvent.SupplyParked>(parked.Event).Rebase);
        Assert.Equal(100, freeMeanwhile);
        Assert.IsType<AllocationOutcomeEvent.SupplyApplied>(second.Event);
        Assert.Equal(58, ledger.Balances.Free);
    }

    [Fact]
    public void Source_that_leaves_too_many_gaps_is_told_so_and_nothing_moves()
    {
        var limits = PolicyVersions.Version0.Limits with { MissingRanges = 2 };
        var ledger = new TestLedger(PolicyVersions.Version0 with { Limits = limits });
        ledger.Configure();
        ledger.Delta(1, 1);
        ledger.Delta(3, 1);
        ledger.Delta(5, 1);

        var tooMany = ledger.Delta(7, 1);
        ledger.Snapshot(version: 1, quantity: 3, through: 5);
        var afterwards = ledger.Delta(7, 1);

        Assert.Equal("R Malformed", OutcomeText.Of(tooMany));
        Assert.Equal("✔ SupplyApplied", OutcomeText.Of(afterwards));
        Assert.Equal(4, ledger.Balances.Free);
    }
}
