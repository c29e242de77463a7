using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger.Holds;

/// <summary>Opening balances from the system that had authority.</summary>
public sealed class ImportTests
{
    [Fact]
    public void Opening_balance_is_held_and_confirmed_out_of_what_is_free()
    {
        var ledger = Frozen(10);
        var expiresAt = ledger.NowMs + 60_000;

        var outcome = ledger.Run(Import(ledger, held: 2, confirmed: 3) with { OrderRef = "o", CustomerRef = "ann" });

        Assert.Equal("✔ Imported", OutcomeText.Of(outcome));
        Assert.Equal([EntryKind.Held, EntryKind.HoldConfirmed], outcome.Entries.Select(e => e.Kind));
        Assert.Equal((5L, 2L, 3L), (ledger.Balances.Free, ledger.Balances.Held, ledger.Balances.Confirmed));
        Assert.Equal((expiresAt, "standard", "ann"), (
            ledger.Reservation("r")!.ExpiresAtMs, ledger.Reservation("r")!.Class,
            ledger.Reservation("r")!.CustomerRef));
        Assert.Equal(5, ledger.State.GetUsage(TestLedger.Pool, Scopes.OfCustomer("ann")).Open);
        Assert.Equal("✔ Expired", OutcomeText.Of(ledger.Wait(TimeSpan.FromMinutes(1)).Single()));
        Assert.Equal("confirmed 3 expired 2", OutcomeText.Of(ledger.Reservation("r"), ledger.NowMs));
    }

    [Fact]
    public void Opening_balance_beyond_supply_is_taken_and_the_deficit_published()
    {
        var ledger = Frozen(3);

        var outcomes = ledger.All(Import(ledger, held: 0, confirmed: 5));

        Assert.Equal(["✔ Imported", "✔ OverCommitted"], outcomes.Select(OutcomeText.Of));
        Assert.Equal(2, ledger.PoolState.Deficit);
    }

    [Fact]
    public void Import_is_for_frozen_slices_known_pools_and_new_reservations()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("taken", 1);

        Assert.Equal("R AuthorityConflict", OutcomeText.Of(ledger.Run(Import(ledger, 1, 0))));
        Freeze(ledger);
        Assert.Equal("R ReservationExists", OutcomeText.Of(
            ledger.Run(Import(ledger, 1, 0) with { ReservationId = "taken" })));
        Assert.Equal("R UnknownPool", OutcomeText.Of(ledger.Run(ledger.Command(Import(ledger, 1, 0), pool: "nuts"))));
        Assert.Equal("R AlreadyExpired", OutcomeText.Of(
            ledger.Run(Import(ledger, 1, 0) with { ExpiresAtMs = ledger.NowMs })));
        Assert.Equal("R PolicyForbids", OutcomeText.Of(ledger.Run(Import(ledger, 1, 0) with { Class = "gold" })));
        Assert.Equal("✔ Imported", OutcomeText.Of(ledger.Run(Import(ledger, 1, 0))));
    }

    [Fact]
    public void Import_of_nothing_of_less_or_without_an_end_is_malformed()
    {
        var ledger = Frozen(10);

        Assert.Equal("R Malformed", OutcomeText.Of(ledger.Run(Import(ledger, 0, 0))));
        Assert.Equal("R Malformed", OutcomeText.Of(ledger.Run(Import(ledger, -1, 2))));
        Assert.Equal("R Malformed", OutcomeText.Of(ledger.Run(Import(ledger, 1, 0) with { ExpiresAtMs = null })));
        Assert.Equal("R Malformed", OutcomeText.Of(ledger.Run(Import(ledger, 0, long.MaxValue))));
    }

    private static TestLedger Frozen(long stock)
    {
        var ledger = TestLedger.WithStock(stock);
        Freeze(ledger);
        return ledger;
    }

    private static void Freeze(TestLedger ledger) => ledger.Run(ledger.Command(
        new AllocationCommandBody.AuthorityTransfer
        {
            Slice = "*",
            Mode = AuthorityMode.Frozen,
            Owner = "sap",
            NewEpoch = 1,
        },
        pool: ReservedKeys.Authority));

    private static AllocationCommandBody.Import Import(TestLedger ledger, long held, long confirmed) => new()
    {
        ReservationId = "r",
        Held = held,
        Confirmed = confirmed,
        ExpiresAtMs = ledger.NowMs + 60_000,
    };
}
