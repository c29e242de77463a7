using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger.Partition;

/// <summary>Degraded modes.</summary>
public sealed class ModeTests
{
    private static readonly AllocationPolicy Policy = PolicyVersions.Version0 with
    {
        ModeTable =
        [
            new ModeRow("mode/slow", "slow-orders", PoolPattern.All, ModeEffect.ExtendHolds, 600_000),
            new ModeRow("mode/other", "slow-payments", PoolPattern.All, ModeEffect.ExtendHolds, 900_000),
            new ModeRow("mode/stop", "stop", PoolPattern.All, ModeEffect.RejectHolds, 0),
        ],
    };

    [Fact]
    public void Hold_that_falls_due_is_extended_once_to_the_cap_and_then_expires()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);
        ledger.Hold("r", 5, ttlMs: 60_000);
        Switch(ledger, "slow-orders", capMs: 300_000);
        Switch(ledger, "slow-payments");

        var extended = (AllocationOutcomeEvent.Extended)ledger.Wait(TimeSpan.FromMinutes(1)).Single().Event;

        Assert.Equal(("slow-orders", ledger.NowMs + 300_000), (extended.ByMode, extended.ExpiresAtMs));
        Assert.Equal(0, ledger.Reservation("r")!.Extensions);
        Assert.Equal("✔ Expired", OutcomeText.Of(ledger.Wait(TimeSpan.FromMinutes(5)).Single()));
    }

    [Fact]
    public void Mode_extends_no_further_than_the_row_of_the_policy()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);
        ledger.Hold("r", 5, ttlMs: 60_000);
        Switch(ledger, "slow-orders", capMs: 86_400_000);

        var extended = (AllocationOutcomeEvent.Extended)ledger.Wait(TimeSpan.FromMinutes(1)).Single().Event;

        Assert.Equal(ledger.NowMs + 600_000, extended.ExpiresAtMs);
    }

    [Fact]
    public void Modes_never_touch_critical_pools()
    {
        var critical = Policy with
        {
            ImportanceTable = [new ImportanceRow("critical", PoolPattern.All, PoolImportance.Critical)],
        };
        var ledger = TestLedger.WithStock(10, policy: critical);
        ledger.Hold("r", 5, ttlMs: 60_000);
        Switch(ledger, "slow-orders");
        Switch(ledger, "stop");

        Assert.Equal("✔ Held", OutcomeText.Of(ledger.Hold("s", 1)));
        Assert.Equal("✔ Expired", OutcomeText.Of(ledger.Wait(TimeSpan.FromMinutes(1)).Single()));
    }

    [Fact]
    public void Mode_that_rejects_holds_lets_everything_else_through()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);
        ledger.Hold("r", 5);
        Switch(ledger, "stop");

        Assert.Equal("R DegradedMode", OutcomeText.Of(ledger.Hold("s", 1)));
        Assert.Equal("R DegradedMode", OutcomeText.Of(
            ledger.Run(new AllocationCommandBody.Amend { ReservationId = "r", NewQuantity = 6 })));
        Assert.Equal("✔ Confirmed", OutcomeText.Of(ledger.Confirm("r")));
        Switch(ledger, "stop", on: false);
        Assert.Equal("✔ Held", OutcomeText.Of(ledger.Hold("t", 1)));
    }

    [Fact]
    public void Switching_what_is_switched_changes_nothing()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);

        Assert.Equal("N ModeKnown", OutcomeText.Of(Switch(ledger, "stop", on: false)));
        Assert.Equal("✔ ModeChanged", OutcomeText.Of(Switch(ledger, "stop")));
        Assert.Equal("N ModeKnown", OutcomeText.Of(Switch(ledger, "stop")));
        Assert.Equal("✔ ModeChanged", OutcomeText.Of(Switch(ledger, "stop", on: false)));
        Assert.Equal("R PolicyForbids", OutcomeText.Of(Switch(ledger, "unheard-of")));
        Assert.Empty(ledger.State.Settings.Modes);
    }

    private static AllocationOutcome Switch(TestLedger ledger, string mode, bool on = true, long? capMs = null) =>
        ledger.Run(ledger.Command(
            new AllocationCommandBody.ModeSwitch { Mode = mode, On = on, CapMs = capMs, Reason = "test" },
            pool: ReservedKeys.Mode));
}
