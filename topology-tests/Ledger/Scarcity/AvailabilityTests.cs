using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Topology.Tests.Ledger.TestPolicies;

namespace Topology.Tests.Ledger.Scarcity;

/// <summary>What a class can get: free units, overbooking, and what is kept for higher classes.</summary>
public sealed class AvailabilityTests
{
    private static AllocationOutcome Hold(TestLedger ledger, string id, long quantity, string priorityClass) =>
        ledger.Run(new AllocationCommandBody.Hold
        {
            ReservationId = id,
            Quantity = quantity,
            Class = priorityClass,
        });

    private static IReadOnlyList<Reason> Reasons(AllocationOutcome outcome) =>
        Assert.IsType<AllocationOutcomeEvent.Rejected>(outcome.Event).Reasons;

    private static long[] Published(TestLedger ledger) =>
    [
        .. Availability.Publish(
            ledger.Policy, ledger.PoolState, ledger.NowMs, s => ledger.State.GetUsage(TestLedger.Pool, s))
            .Available.Select(a => a.Available),
    ];

    [Fact]
    public void Units_kept_for_a_higher_class_are_not_there_for_a_lower_one()
    {
        var ledger = TestLedger.WithStock(10, policy: Protecting((Vip, 4), (Plus, 2)));

        Assert.Equal([10L, 6L, 4L], Published(ledger));

        Hold(ledger, "v", 3, Vip);

        Assert.Equal([7L, 6L, 4L], Published(ledger));

        var tooMuch = Hold(ledger, "w", 5, Web);

        Assert.Equal("R ProtectedForHigherClass+InsufficientAvailability", OutcomeText.Of(tooMuch));
        Assert.Equal(
            [(NumberName.Requested, 5), (NumberName.Available, 4), (NumberName.Protected, 3)],
            Reasons(tooMuch)[0].Numbers.Select(n => (n.Name, n.Value)));
        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "w2", 4, Web)));
        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "v2", 3, Vip)));
        Assert.Equal([0L, 0L, -2L], Published(ledger));
    }

    [Fact]
    public void Units_come_back_to_protection_when_the_class_gives_them_back()
    {
        var ledger = TestLedger.WithStock(10, policy: Protecting((Vip, 4)));
        Hold(ledger, "v", 4, Vip);
        ledger.Release("v");

        Assert.Equal([10L, 6L, 6L], Published(ledger));
    }

    [Fact]
    public void Consumed_units_count_against_a_lifetime_protection_and_not_against_an_open_one()
    {
        ProtectionRow Row(UsageCount counts) => new("protect/vip", PoolPattern.All, Vip, 4, counts);
        var lifetime = TestLedger.WithStock(10, PoolKind.Capacity, ThreeClasses with
        {
            ProtectionTable = [Row(UsageCount.Lifetime)],
        });
        var open = TestLedger.WithStock(10, PoolKind.Capacity, ThreeClasses with
        {
            ProtectionTable = [Row(UsageCount.Open)],
        });
        foreach (var ledger in new[] { lifetime, open })
        {
            Hold(ledger, "v", 4, Vip);
            ledger.Confirm("v");
            ledger.Consume("v", 4);
        }

        Assert.Equal([6L, 6L, 6L], Published(lifetime));
        Assert.Equal([6L, 2L, 2L], Published(open));
    }

    [Fact]
    public void Lines_of_several_classes_are_checked_one_after_another()
    {
        var ledger = TestLedger.WithStock(10, policy: Protecting((Vip, 4)));
        AllocationOutcome Lines(string id, long web, long vip) => ledger.Run(new AllocationCommandBody.Hold
        {
            Lines =
            [
                new HoldLine { ReservationId = $"{id}/web", Quantity = web, Class = Web },
                new HoldLine { ReservationId = $"{id}/vip", Quantity = vip, Class = Vip },
            ],
        });

        var tooManyForWeb = Lines("a", 7, 1);
        var both = Lines("b", 6, 4);

        Assert.Equal("R ProtectedForHigherClass+InsufficientAvailability", OutcomeText.Of(tooManyForWeb));
        Assert.Equal("a/web", Reasons(tooManyForWeb)[0].ReservationId);
        Assert.Equal("failed", OutcomeText.Of(ledger.Reservation("a/vip"), ledger.NowMs));
        Assert.Equal("✔ Held", OutcomeText.Of(both));
        Assert.Equal((0, 10), (ledger.Balances.Free, ledger.Balances.Held));
    }

    [Fact]
    public void Partial_lines_of_several_classes_get_their_minimum_first_and_then_what_is_left()
    {
        var ledger = TestLedger.WithStock(10, policy: Protecting((Vip, 4)));

        var held = ledger.Run(new AllocationCommandBody.Hold
        {
            Mode = HoldMode.Partial,
            Lines =
            [
                new HoldLine { ReservationId = "web", Quantity = 9, MinQuantity = 2, Class = Web },
                new HoldLine { ReservationId = "vip", Quantity = 9, MinQuantity = 5, Class = Vip },
            ],
        });

        Assert.Equal([5L, 5L], Assert.IsType<AllocationOutcomeEvent.Held>(held.Event).Lines.Select(l => l.Granted));
        Assert.Equal((0, 10), (ledger.Balances.Free, ledger.Balances.Held));
        Assert.Equal(2, ledger.State.GetTimers().Count());
    }

    [Fact]
    public void A_class_that_was_removed_counts_as_the_one_it_maps_to()
    {
        var ledger = TestLedger.WithStock(10, policy: Protecting((Vip, 4)));
        Hold(ledger, "v", 3, Vip);
        var mapped = Protecting(("gold", 4)) with
        {
            Classes = ["gold", Web],
            ClassMappings = [new ClassMapping(Vip, "gold")],
        };

        var available = Availability.For(
            mapped, PoolFigures.Of(ledger.PoolState), Web, ledger.NowMs,
            s => ledger.State.GetUsage(TestLedger.Pool, s));

        Assert.Equal(1, available.Protected);
    }

    [Fact]
    public void Every_row_that_availability_follows_from_is_in_the_trace_with_its_numbers()
    {
        var ledger = TestLedger.WithStock(10, policy: Protecting((Vip, 4)).WithFixed(3, Vip, Web));

        var held = Hold(ledger, "w", 2, Web);

        var steps = held.Decision.SkipWhile(s => s.Rule != DecisionRule.Overbooking).Select(s =>
            $"{s.Rule} {s.Row} {string.Join(' ', s.Numbers.Select(n => $"{n.Name}={n.Value}"))}");
        Assert.Equal(
            [
                "Overbooking overbook/fixed Limit=3 Overbooking=3", "Protection protect/vip Limit=4 Used=0 Protected=4",
                "Availability  Requested=2 Minimum=2 Available=9 Free=10 Overbooking=3 Protected=4",
            ],
            steps);
    }

    [Fact]
    public void Sums_beyond_64_bits_neither_grant_nor_fail()
    {
        var policy = Protecting((Vip, long.MaxValue), (Plus, long.MaxValue)).WithFixed(long.MaxValue);
        var ledger = TestLedger.WithStock(1_000_000, policy: policy);

        Assert.Equal("R ProtectedForHigherClass+InsufficientAvailability", OutcomeText.Of(Hold(ledger, "w", 1, Web)));
        Assert.Equal("✔ Held", OutcomeText.Of(Hold(ledger, "v", 1_000_000_000_000_000, Vip)));
        Assert.Equal(-999_999_999_000_000, ledger.Balances.Free);
        Assert.Equal(0, ledger.PoolState.Deficit);
    }
}
