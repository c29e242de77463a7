using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Topology.Tests.Ledger.TestPolicies;

namespace Topology.Tests.Ledger.Partition;

/// <summary>The degraded mode in which new holds live shorter.</summary>
public sealed class ShorterHoldsTests
{
    private const long Minute = 60_000;

    private static readonly AllocationPolicy Policy = ThreeClasses.Waiting() with
    {
        ModeTable =
        [
            new ModeRow("mode/short", "short", PoolPattern.All, ModeEffect.ShortenTtl, 5 * Minute)
            {
                Classes = [Plus, Web],
            },
        ],
    };

    [Theory]
    [InlineData(Web, null, 5)]
    [InlineData(Web, 60L, 5)]
    [InlineData(Web, 2L, 2)]
    [InlineData(Vip, 60L, 60)]
    public void New_hold_of_the_classes_lives_no_longer_than_the_cap(string priorityClass, long? minutes, long lives)
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);
        Switch(ledger, capMs: null);

        var held = Hold(ledger, "r", priorityClass, minutes * Minute);

        Assert.Equal(ledger.NowMs + (lives * Minute), ledger.Reservation("r")!.ExpiresAtMs);
        Assert.Equal(ledger.NowMs + (lives * Minute), ((AllocationOutcomeEvent.Held)held.Event).ExpiresAtMs);
    }

    [Fact]
    public void Trace_shows_the_life_asked_for_and_the_cap()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);
        Switch(ledger, capMs: 3 * Minute);

        var held = Hold(ledger, "r", Web, 10 * Minute);

        var step = Assert.Single(held.Decision, s => s.Rule == DecisionRule.Mode);
        Assert.Equal((RuleResult.Applied, "mode/short"), (step.Result, step.Row));
        Assert.Equal(
            [(NumberName.TtlMs, 10 * Minute), (NumberName.Maximum, 3 * Minute)],
            step.Numbers.Select(n => (n.Name, n.Value)));
    }

    [Fact]
    public void Cap_of_a_switch_is_no_longer_than_that_of_its_row()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);
        Switch(ledger, capMs: 60 * Minute);

        Hold(ledger, "r", Web, 30 * Minute);

        Assert.Equal(ledger.NowMs + (5 * Minute), ledger.Reservation("r")!.ExpiresAtMs);
    }

    [Fact]
    public void Holds_that_there_are_keep_their_expiry_and_may_be_extended()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);
        Hold(ledger, "r", Web, 30 * Minute);
        var before = ledger.Reservation("r")!.ExpiresAtMs;
        Switch(ledger, capMs: null);

        Assert.Equal(before, ledger.Reservation("r")!.ExpiresAtMs);
        ledger.Run(new AllocationCommandBody.Extend { ReservationId = "r", TtlMs = 40 * Minute });
        Assert.Equal(ledger.NowMs + (40 * Minute), ledger.Reservation("r")!.ExpiresAtMs);
        Assert.Equal("✔ Amended", OutcomeText.Of(
            ledger.Run(new AllocationCommandBody.Amend { ReservationId = "r", NewQuantity = 2 })));
        Assert.Equal(ledger.NowMs + (40 * Minute), ledger.Reservation("r")!.ExpiresAtMs);
    }

    [Fact]
    public void Who_is_promoted_holds_for_no_longer_than_the_cap()
    {
        var ledger = TestLedger.WithStock(1, policy: Policy);
        Hold(ledger, "first", Vip, 30 * Minute);
        Hold(ledger, "next", Web, 30 * Minute, HoldMode.Waitlist);
        Switch(ledger, capMs: null);

        ledger.Release("first");

        Assert.Equal(ledger.NowMs + (5 * Minute), ledger.Reservation("next")!.ExpiresAtMs);
    }

    [Fact]
    public void Lines_of_several_classes_have_one_expiry_within_the_cap_of_each()
    {
        var ledger = TestLedger.WithStock(10, policy: Policy);
        Switch(ledger, capMs: null);

        ledger.Run(new AllocationCommandBody.Hold
        {
            TtlMs = 30 * Minute,
            Mode = HoldMode.AllOrNothing,
            Lines =
            [
                new HoldLine { ReservationId = "v", Quantity = 1, Class = Vip },
                new HoldLine { ReservationId = "w", Quantity = 1, Class = Web },
            ],
        });

        Assert.All(
            (string[])["v", "w"],
            id => Assert.Equal(ledger.NowMs + (5 * Minute), ledger.Reservation(id)!.ExpiresAtMs));
    }

    [Fact]
    public void Critical_pools_keep_their_lives()
    {
        var critical = Policy with
        {
            ImportanceTable = [new ImportanceRow("critical", PoolPattern.All, PoolImportance.Critical)],
        };
        var ledger = TestLedger.WithStock(10, policy: critical);
        Switch(ledger, capMs: null);

        Hold(ledger, "r", Web, 30 * Minute);

        Assert.Equal(ledger.NowMs + (30 * Minute), ledger.Reservation("r")!.ExpiresAtMs);
    }

    private static AllocationOutcome Hold(
        TestLedger ledger, string id, string priorityClass, long? ttlMs, HoldMode mode = HoldMode.AllOrNothing)
    {
        var outcome = ledger.Run(new AllocationCommandBody.Hold
        {
            ReservationId = id,
            Quantity = 1,
            Class = priorityClass,
            Mode = mode,
            TtlMs = ttlMs,
        });
        Assert.StartsWith("✔", OutcomeText.Of(outcome), StringComparison.Ordinal);
        return outcome;
    }

    private static void Switch(TestLedger ledger, long? capMs) => Assert.Equal(
        "✔ ModeChanged",
        OutcomeText.Of(ledger.Run(ledger.Command(
            new AllocationCommandBody.ModeSwitch { Mode = "short", On = true, CapMs = capMs, Reason = "test" },
            pool: ReservedKeys.Mode))));
}
