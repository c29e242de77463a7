using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger.Holds;

/// <summary>Amend, Split and Reassign beyond the cells of the transition table.</summary>
public sealed class ChangeTests
{
    [Fact]
    public void Parts_of_a_split_inherit_everything_and_expire_on_their_own()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 6, ttlMs: 60_000);

        var split = ledger.All(Split("r", ("a", 1), ("b", 2)));
        ledger.Release("a");
        ledger.Wait(TimeSpan.FromMinutes(1));

        Assert.Empty(split.Single().Entries);
        Assert.Empty(split.Single().Charges);
        Assert.Equal("expired 3", OutcomeText.Of(ledger.Reservation("r"), ledger.NowMs));
        Assert.Equal("released 1 cancelled", OutcomeText.Of(ledger.Reservation("a"), ledger.NowMs));
        Assert.Equal("expired 2", OutcomeText.Of(ledger.Reservation("b"), ledger.NowMs));
        Assert.Equal(10, ledger.Balances.Free);
    }

    [Fact]
    public void Parts_of_a_split_are_found_among_the_holders_of_their_class()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 6);

        ledger.All(Split("r", ("a", 1), ("b", 2)));

        Assert.Equal(
            ["a", "b", "r"],
            ledger.State.GetHolders(TestLedger.Pool, "standard").Select(h => h.ReservationId));
    }

    [Fact]
    public void Ids_of_parts_must_be_new_and_differ()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 6);
        ledger.Hold("other", 1);
        ledger.Release("tombstone");

        Assert.Equal("R ReservationExists", OutcomeText.Of(ledger.Run(Split("r", ("other", 1)))));
        Assert.Equal("R ReservationExists", OutcomeText.Of(ledger.Run(Split("r", ("tombstone", 1)))));
        Assert.Equal("R Malformed", OutcomeText.Of(ledger.Run(Split("r", ("a", 1), ("a", 1)))));
        Assert.Equal("R Malformed", OutcomeText.Of(ledger.Run(Split("r", ("r", 1)))));
        Assert.Equal("R Malformed", OutcomeText.Of(ledger.Run(Split("r"))));
        Assert.Equal("R Malformed", OutcomeText.Of(ledger.Run(Split("r", ("a", 0)))));
    }

    [Fact]
    public void Command_that_waits_for_a_part_is_decided_after_the_split()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 6);
        ledger.Confirm("a");

        var outcomes = ledger.All(Split("r", ("a", 2)));

        Assert.Equal(["✔ ReservationSplit", "✔ Confirmed"], outcomes.Select(OutcomeText.Of));
        Assert.Equal("confirmed 2", OutcomeText.Of(ledger.Reservation("a"), ledger.NowMs));
    }

    [Fact]
    public void Only_an_increase_has_a_deadline()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 5);
        var late = ledger.Command(new AllocationCommandBody.Amend { ReservationId = "r", NewQuantity = 6 }) with
        {
            DeadlineMs = ledger.NowMs - 1,
        };

        Assert.Equal("R DeadlineExceeded", OutcomeText.Of(ledger.Run(late)));
        Assert.Equal("✔ Amended", OutcomeText.Of(ledger.Run(late with
        {
            CommandId = "less",
            Body = new AllocationCommandBody.Amend { ReservationId = "r", NewQuantity = 4 },
        })));
    }

    [Fact]
    public void Increase_is_a_grant_in_a_closed_pool_too_and_within_the_largest_request()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 5);
        ledger.Configure(maximum: 7, closesAtMs: ledger.NowMs + 1_000);

        var tooMuch = ledger.Run(new AllocationCommandBody.Amend { ReservationId = "r", NewQuantity = 8 });
        ledger.NowMs += 1_000;
        var tooLate = ledger.Run(new AllocationCommandBody.Amend { ReservationId = "r", NewQuantity = 6 });

        Assert.Equal("R ExceedsMaximumCapacity", OutcomeText.Of(tooMuch));
        Assert.Equal("R PolicyForbids", OutcomeText.Of(tooLate));
    }

    [Fact]
    public void Usage_moves_to_the_new_owner()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Run(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 5, CustomerRef = "ann" });

        ledger.Run(new AllocationCommandBody.Reassign { ReservationId = "r", ToCustomerRef = "bob", ToOrderRef = "o" });

        Assert.Equal(0, ledger.State.GetUsage(TestLedger.Pool, Scopes.OfCustomer("ann")).Open);
        Assert.Equal(5, ledger.State.GetUsage(TestLedger.Pool, Scopes.OfCustomer("bob")).Open);
        Assert.Equal(("bob", "o"), (ledger.Reservation("r")!.CustomerRef, ledger.Reservation("r")!.OrderRef));
        Assert.Equal("N SameOwner", OutcomeText.Of(ledger.Run(
            new AllocationCommandBody.Reassign { ReservationId = "r", ToCustomerRef = "bob" })));
        Assert.Equal("R Malformed", OutcomeText.Of(ledger.Run(
            new AllocationCommandBody.Reassign { ReservationId = "r" })));
    }

    private static AllocationCommandBody.Split Split(string id, params (string Id, long Quantity)[] parts) => new()
    {
        ReservationId = id,
        Parts = parts.Select(p => new SplitPart { ReservationId = p.Id, Quantity = p.Quantity }).ToArray(),
    };
}
