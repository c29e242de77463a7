using Alloc.Schemas.Allocation;
using Alloc.Schemas.Warehouse;

namespace Topology.Tests.SupplyBridge;

/// <summary>
/// The spare parts' warehouse through bridge and ledger: what happened is true in whatever order it is told, and how
/// often.
/// </summary>
public sealed class ReorderedFactsTests
{
    private const string Gearbox = SupplyBridgeDriver.Gearbox;
    private static readonly TimeSpan AfterGrace = TimeSpan.FromMinutes(1);

    // On the shelf: 10, then 15, 13, 12; the count; then 13, 12.
    private static readonly object[] Facts =
    [
        SupplyBridgeDriver.Moved(1, MovementKind.Received, 5),
        SupplyBridgeDriver.Moved(2, MovementKind.Shipped, 2, "order-1/1"),
        SupplyBridgeDriver.Moved(3, MovementKind.Shipped, 1),
        SupplyBridgeDriver.Counted(1, 12, through: 3),
        SupplyBridgeDriver.Moved(4, MovementKind.Returned, 1, "order-1/1"),
        SupplyBridgeDriver.Moved(5, MovementKind.Scrapped, 1),
    ];

    [Fact]
    public void Every_order_of_the_facts_ends_at_the_true_stock()
    {
        foreach (var order in Permutations(Facts))
        {
            using var bridge = Opened();

            foreach (var fact in order)
            {
                bridge.Tell(fact);
            }

            AssertTrue(bridge, order);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Doubled_facts_in_any_order_move_nothing_twice(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 60; round++)
        {
            var order = Facts.Concat(Facts).Concat(Facts).ToArray();
            random.Shuffle(order);
            using var bridge = Opened();

            foreach (var fact in order)
            {
                bridge.Tell(fact);
            }

            AssertTrue(bridge, order);
        }
    }

    [Fact]
    public void Facts_that_come_days_late_are_decided_and_their_repeats_move_nothing()
    {
        using var bridge = Opened();
        foreach (var fact in Facts)
        {
            bridge.Pipe(fact);
        }
        // The ledger reads them three days after the bridge wrote them, longer than it remembers ids of commands.
        bridge.Allocation.Driver.AdvanceWallClock(TimeSpan.FromDays(3));
        bridge.Decide();
        AssertTrue(bridge, Facts);

        bridge.Allocation.Driver.AdvanceWallClock(TimeSpan.FromDays(3));
        var repeats = Facts.SelectMany(bridge.Tell).ToList();

        AssertTrue(bridge, Facts);
        Assert.DoesNotContain(repeats, o => o.Event is AllocationOutcomeEvent.Rejected);
        Assert.All(repeats, o => Assert.Empty(o.Entries));
    }

    [Fact]
    public void A_number_that_says_something_else_the_second_time_is_refused_as_a_conflict()
    {
        using var bridge = Opened();
        bridge.Tell(Facts[0]);

        var conflict = Assert.Single(bridge.Tell(SupplyBridgeDriver.Moved(1, MovementKind.Received, 6)));
        bridge.Allocation.Driver.AdvanceWallClock(TimeSpan.FromDays(3));
        var later = Assert.Single(bridge.Tell(SupplyBridgeDriver.Moved(1, MovementKind.Received, 6)));

        var rejected = Assert.IsType<AllocationOutcomeEvent.Rejected>(conflict.Event);
        Assert.Equal(ReasonCode.IdempotencyConflict, Assert.Single(rejected.Reasons).Code);
        var ignored = Assert.IsType<AllocationOutcomeEvent.SupplyIgnored>(later.Event);
        Assert.Equal(SupplyIgnoredWhy.Duplicate, ignored.Why);
    }

    [Fact]
    public void A_count_that_says_something_else_the_second_time_is_a_conflict_however_late()
    {
        using var bridge = Opened();
        bridge.Tell(SupplyBridgeDriver.Counted(1, 10, through: 0));

        var conflict = Assert.Single(bridge.Tell(SupplyBridgeDriver.Counted(1, 11, through: 0)));
        bridge.Allocation.Driver.AdvanceWallClock(TimeSpan.FromDays(3));
        var later = Assert.Single(bridge.Tell(SupplyBridgeDriver.Counted(1, 11, through: 0)));

        Assert.IsType<AllocationOutcomeEvent.Rejected>(conflict.Event);
        Assert.Equal(
            SupplyIgnoredWhy.Conflict, Assert.IsType<AllocationOutcomeEvent.SupplyIgnored>(later.Event).Why);
    }

    [Fact]
    public void Goods_shipped_for_nobody_are_an_orphan_after_grace()
    {
        using var bridge = Opened();

        var parked = Assert.Single(bridge.Tell(Facts[2]));
        bridge.Allocation.Driver.AdvanceWallClock(AfterGrace);
        var told = bridge.Allocation.Outcomes();

        Assert.IsType<AllocationOutcomeEvent.Parked>(parked.Event);
        var orphan = Assert.IsType<AllocationOutcomeEvent.OrphanConsumed>(
            Assert.Single(told, o => o.CommandId == "sb/wms/parts/gearbox/3").Event);
        Assert.Equal(("movement/m-3", "m-3", 1), (orphan.ReservationId, orphan.ConsumeId, orphan.Quantity));
    }

    [Fact]
    public void Facts_that_never_come_are_a_gap_that_the_next_count_closes()
    {
        using var bridge = Opened();
        bridge.Tell(Facts[0]);
        bridge.Tell(Facts[5]);
        bridge.Allocation.Driver.AdvanceWallClock(AfterGrace);
        var told = bridge.Allocation.Outcomes();

        bridge.Tell(SupplyBridgeDriver.Counted(2, 12, through: 5));

        var gap = Assert.IsType<AllocationOutcomeEvent.SupplyGap>(Assert.Single(told).Event);
        Assert.Equal((2, 4), (gap.From, gap.To));
        Assert.Equal(12, OnHand(bridge.Allocation.Balances(Gearbox)));
    }

    private static SupplyBridgeDriver Opened()
    {
        var bridge = new SupplyBridgeDriver();
        bridge.Configure();
        bridge.Tell(SupplyBridgeDriver.Counted(0, 10, through: 0));
        bridge.Promise("order-1/1", 2);
        bridge.Promise("order-2/1", 3);
        return bridge;
    }

    // 12 on the shelf, 3 of them promised. One came back since the count, which the warehouse has not counted yet.
    private static void AssertTrue(SupplyBridgeDriver bridge, IEnumerable<object> order)
    {
        bridge.Allocation.Driver.AdvanceWallClock(AfterGrace);
        bridge.Allocation.Outcomes();
        var expected = new Balances
        {
            Free = 9,
            Held = 0,
            Confirmed = 3,
            Consumed = -1,
            Blocked = 0,
            External = -11,
        };
        var actual = bridge.Allocation.Balances(Gearbox);
        Assert.True(expected == actual, $"{string.Join('\n', order)}\nends at {actual}");
    }

    private static long OnHand(Balances balances) =>
        balances.Free + balances.Held + balances.Confirmed + balances.Blocked;

    private static IEnumerable<object[]> Permutations(object[] of)
    {
        if (of.Length <= 1)
        {
            yield return of;
            yield break;
        }
        for (var index = 0; index < of.Length; index++)
        {
            foreach (var rest in Permutations([.. of[..index], .. of[(index + 1)..]]))
            {
                yield return [of[index], .. rest];
            }
        }
    }
}
