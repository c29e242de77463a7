using Alloc.Processors.Allocation.Ledger;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger.Partition;

/// <summary>Who decides about which pools: slices, modes and epochs.</summary>
public sealed class AuthorityTests
{
    [Theory]
    [InlineData(AuthorityMode.Legacy, "R NotAuthoritative", "R NotAuthoritative", "R NotAuthoritative")]
    [InlineData(AuthorityMode.Shadow, "R NotAuthoritative", "R NotAuthoritative", "R NotAuthoritative")]
    [InlineData(AuthorityMode.Frozen, "R PoolFrozen", "✔ Confirmed", "✔ Released")]
    [InlineData(AuthorityMode.Authoritative, "✔ Held", "✔ Confirmed", "✔ Released")]
    public void Mode_of_the_slice_says_which_commands_are_decided(
        AuthorityMode mode, string grant, string confirm, string release)
    {
        var ledger = TestLedger.WithStock(20);
        ledger.Hold("a", 2);
        ledger.Hold("b", 2);
        ledger.Hold("c", 2);
        Transfer(ledger, "bolts", mode, 1);

        Assert.Equal(grant, OutcomeText.Of(ledger.Hold("r", 1)));
        Assert.Equal(grant.Replace("Held", "Amended", StringComparison.Ordinal), OutcomeText.Of(Amend(ledger, "c", 3)));
        Assert.Equal(
            grant.Replace("Held", "Extended", StringComparison.Ordinal),
            OutcomeText.Of(ledger.Run(new AllocationCommandBody.Extend { ReservationId = "c", TtlMs = 1_200_000 })));
        Assert.Equal(confirm, OutcomeText.Of(ledger.Confirm("a")));
        Assert.Equal(release, OutcomeText.Of(ledger.Release("b")));
        Assert.Equal(
            release.Replace("Released", "Amended", StringComparison.Ordinal), OutcomeText.Of(Amend(ledger, "c", 1)));
        Assert.Equal("P", OutcomeText.Of(ledger.Consume("z", 1)));
        Assert.Equal("✔ SupplyApplied", OutcomeText.Of(ledger.Delta(1, 3)));
        Assert.Equal("✔ Blocked", OutcomeText.Of(
            ledger.Run(new AllocationCommandBody.Block { Quantity = 1, Reason = "broken" })));
    }

    [Fact]
    public void Longest_slice_wins_and_outcomes_carry_its_epoch()
    {
        var ledger = TestLedger.WithStock(20);
        Transfer(ledger, "*", AuthorityMode.Legacy, 1);
        Transfer(ledger, "bo*", AuthorityMode.Frozen, 2);
        Transfer(ledger, "bolts*", AuthorityMode.Legacy, 3);
        var changed = Transfer(ledger, "bolts", AuthorityMode.Authoritative, 4);

        Assert.Equal(("✔ Held", 4L), Answer(ledger.Hold("r", 1)));
        Assert.Equal(0, changed.Epoch);
        Assert.Equal("$partition/3", changed.PoolId);

        Transfer(ledger, "bolts", AuthorityMode.Frozen, 4);
        Assert.Equal(("R PoolFrozen", 4L), Answer(ledger.Hold("s", 1)));
    }

    [Fact]
    public void Writer_with_a_lower_epoch_is_stale_but_physical_facts_are_not()
    {
        var ledger = TestLedger.WithStock(20);
        Transfer(ledger, "*", AuthorityMode.Authoritative, 5);
        var hold = ledger.Command(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 });

        Assert.Equal("R StaleEpoch", OutcomeText.Of(ledger.Run(hold with { Epoch = 4 })));
        Assert.Equal("✔ Held", OutcomeText.Of(ledger.Run(hold with { CommandId = "again", Epoch = 5 })));
        var fact = ledger.Command(
            new AllocationCommandBody.SupplyDelta { Source = "erp", SourceSequence = 1, Quantity = 1 });
        Assert.Equal("✔ SupplyApplied", OutcomeText.Of(ledger.Run(fact with { Epoch = 1 })));
    }

    [Fact]
    public void Epochs_grow_with_whoever_takes_over()
    {
        var ledger = new TestLedger();

        Assert.Equal("R Malformed", OutcomeText.Of(Transfer(ledger, "a*", AuthorityMode.Legacy, 0, "sap")));
        Assert.Equal("✔ AuthorityChanged", OutcomeText.Of(Transfer(ledger, "a*", AuthorityMode.Legacy, 1, "sap")));
        Assert.Equal("N AuthorityKnown", OutcomeText.Of(Transfer(ledger, "a*", AuthorityMode.Legacy, 1, "sap")));
        Assert.Equal("✔ AuthorityChanged", OutcomeText.Of(Transfer(ledger, "a*", AuthorityMode.Shadow, 1, "sap")));
        Assert.Equal("R AuthorityConflict", OutcomeText.Of(Transfer(ledger, "a*", AuthorityMode.Frozen, 1, "erp")));
        Assert.Equal("✔ AuthorityChanged", OutcomeText.Of(Transfer(ledger, "a*", AuthorityMode.Frozen, 1, "sap")));
        Assert.Equal(
            "R AuthorityConflict", OutcomeText.Of(Transfer(ledger, "a*", AuthorityMode.Authoritative, 1, "alloc")));
        Assert.Equal(
            "✔ AuthorityChanged", OutcomeText.Of(Transfer(ledger, "a*", AuthorityMode.Authoritative, 2, "alloc")));
        Assert.Equal("R StaleEpoch", OutcomeText.Of(Transfer(ledger, "a*", AuthorityMode.Legacy, 1, "sap")));
        Assert.Equal("R StaleEpoch", OutcomeText.Of(Transfer(ledger, "ab*", AuthorityMode.Legacy, 1, "sap")));
        Assert.Equal(
            [("a*", AuthorityMode.Authoritative, 2L)],
            ledger.State.Settings.Slices.Select(s => (s.Slice, s.Mode, s.Epoch)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("$partition/3")]
    [InlineData("a*b")]
    public void Slice_is_a_pool_or_a_prefix(string slice) =>
        Assert.Equal("R Malformed", OutcomeText.Of(Transfer(new TestLedger(), slice, AuthorityMode.Frozen, 1)));

    [Fact]
    public void Nothing_expires_where_another_system_decides_until_it_comes_back()
    {
        var ledger = TestLedger.WithStock(20);
        ledger.Hold("r", 5, ttlMs: 60_000);
        Transfer(ledger, "*", AuthorityMode.Frozen, 1);
        Transfer(ledger, "*", AuthorityMode.Legacy, 2);

        var putOff = ledger.Wait(TimeSpan.FromMinutes(1)).Single();
        Assert.Equal("Legacy", ((AllocationOutcomeEvent.Extended)putOff.Event).ByMode);
        Assert.Equal(5, ledger.Balances.Held);

        Transfer(ledger, "*", AuthorityMode.Frozen, 2);
        Assert.Equal("✔ Expired", OutcomeText.Of(ledger.Wait(TimeSpan.FromDays(1)).Single()));
    }

    private static (string Text, long Epoch) Answer(AllocationOutcome outcome) =>
        (OutcomeText.Of(outcome), outcome.Epoch);

    private static AllocationOutcome Amend(TestLedger ledger, string id, long quantity) =>
        ledger.Run(new AllocationCommandBody.Amend { ReservationId = id, NewQuantity = quantity });

    private static AllocationOutcome Transfer(
        TestLedger ledger, string slice, AuthorityMode mode, long epoch, string owner = "erp") =>
        ledger.Run(ledger.Command(
            new AllocationCommandBody.AuthorityTransfer { Slice = slice, Mode = mode, Owner = owner, NewEpoch = epoch },
            pool: ReservedKeys.Authority));
}
