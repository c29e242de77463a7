using Alloc.Schemas.Allocation;

namespace Topology.Tests.Cases;

/// <summary>Seats of a flight: overbooked less and less, some kept, and a list of those who wait.</summary>
public sealed class SeatsTests
{
    private const string Flight = "flight/LX318";
    private const long Day = 86_400_000;

    [Fact]
    public void More_seats_are_sold_than_there_are_and_fewer_more_as_departure_nears()
    {
        Assert.Equal(110, SoldOut(daysBefore: 3));
        Assert.Equal(105, SoldOut(daysBefore: 1));
        Assert.Equal(100, SoldOut(daysBefore: 0.1));
    }

    [Fact]
    public void Seats_kept_for_gold_customers_are_not_sold_to_others_and_not_overbooked_by_them()
    {
        var flight = new CaseLedger("seats").Opened(Flight, 100, PoolKind.Capacity, 3 * Day);
        flight.Hold(Flight, "group", 86, "web");

        var refused = flight.Hold(Flight, "saver", 1, "web");
        var counter = flight.Hold(Flight, "counter", 6, "counter");
        var gold = flight.Hold(Flight, "gold", 8, "web", tier: "gold");

        Assert.Equal(14, CaseLedger.Number(
            CaseLedger.Refused(refused, ReasonCode.ProtectedForHigherClass), NumberName.Protected));
        Assert.IsType<AllocationOutcomeEvent.Held>(counter.Event);
        Assert.IsType<AllocationOutcomeEvent.Held>(gold.Event);
    }

    [Fact]
    public void Who_waits_gets_the_seat_that_comes_back_in_the_order_of_the_list()
    {
        var flight = new CaseLedger("seats").Opened(Flight, 20, PoolKind.Capacity, Day / 10);
        flight.Hold(Flight, "gold-1", 8, "web", tier: "gold");
        flight.Hold(Flight, "counter-1", 6, "counter");
        flight.Hold(Flight, "saver-1", 6, "web");
        var waiting = flight.Hold(Flight, "saver-2", 2, "web", mode: HoldMode.Waitlist);
        flight.Ledger.NowMs += 60_000;
        flight.Hold(Flight, "gold-2", 2, "web", tier: "gold", mode: HoldMode.Waitlist);

        flight.Tell(
            Flight, new AllocationCommandBody.Release { ReservationId = "saver-1", Quantity = 4, Reason = "x" });

        Assert.IsType<AllocationOutcomeEvent.Waitlisted>(waiting.Event);
        var promoted = flight.Ledger.Journal.Select(o => o.Event).OfType<AllocationOutcomeEvent.Promoted>();
        Assert.Equal(["gold-2", "saver-2"], promoted.Select(p => p.ReservationId));
    }

    [Fact]
    public void When_the_curve_falls_below_what_is_sold_the_deficit_is_published_and_nothing_more_is_sold()
    {
        var flight = new CaseLedger("seats").Opened(Flight, 100, PoolKind.Capacity, 3 * Day);
        Fill(flight);

        flight.Ledger.Wait(TimeSpan.FromDays(1.5));
        flight.Ledger.Wait(TimeSpan.FromDays(1.4));

        var published = flight.Ledger.Journal.Select(o => o.Event).OfType<AllocationOutcomeEvent.OverCommitted>();
        Assert.Equal([5, 10], published.Select(p => p.Deficit));
        Assert.IsType<AllocationOutcomeEvent.Rejected>(flight.Hold(Flight, "late", 1, "web", tier: "gold").Event);
    }

    private static long SoldOut(double daysBefore)
    {
        var flight = new CaseLedger("seats").Opened(Flight, 100, PoolKind.Capacity, (long)(daysBefore * Day));
        Fill(flight);
        var balances = flight.Balances(Flight);
        return balances.Held + balances.Confirmed;
    }

    // Gold and full fares take what is kept for them, so that nothing but overbooking limits the rest.
    private static void Fill(CaseLedger flight)
    {
        flight.Hold(Flight, "gold", 8, "web", tier: "gold");
        flight.Hold(Flight, "counter", 6, "counter");
        for (var n = 0; n < 120; n++)
        {
            flight.Hold(Flight, $"saver-{n}", 1, "web");
            flight.Tell(Flight, new AllocationCommandBody.Confirm { ReservationId = $"saver-{n}" }, "web");
        }
        flight.Tell(Flight, new AllocationCommandBody.Confirm { ReservationId = "gold" });
        flight.Tell(Flight, new AllocationCommandBody.Confirm { ReservationId = "counter" });
    }
}
