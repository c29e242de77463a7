using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger.Supply;

/// <summary>What reconciliation found is mended, if the ledger is still as it was seen.</summary>
public sealed class RepairTests
{
    [Fact]
    public void Units_move_between_accounts_that_are_no_promises_with_an_approver()
    {
        var ledger = TestLedger.WithStock(10);
        var seen = ledger.Balances;

        Assert.Equal("✔ Repaired", OutcomeText.Of(ledger.Run(Adjust(ledger))));
        Assert.Equal((8L, 2L), (ledger.Balances.Free, ledger.Balances.Blocked));
        Assert.Equal(EntryKind.RepairAdjusted, ledger.Journal[^1].Entries.Single().Kind);
        Assert.Equal("R VersionMismatch", OutcomeText.Of(ledger.Run(Adjust(ledger) with { ExpectedBalances = seen })));
        Assert.Equal("R SelfApproval", OutcomeText.Of(ledger.Run(Adjust(ledger) with { Approver = "shop" })));
        Assert.Equal("R ExceedsAccount", OutcomeText.Of(ledger.Run(Adjust(ledger) with
        {
            From = RepairAccount.Blocked,
            To = RepairAccount.External,
            Quantity = 3,
        })));
    }

    [Fact]
    public void Adjustment_that_leaves_too_little_is_published_as_a_deficit()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 9);

        var outcomes = ledger.All(Adjust(ledger));

        Assert.Equal(["✔ Repaired", "✔ OverCommitted"], outcomes.Select(OutcomeText.Of));
    }

    [Fact]
    public void Zombie_hold_is_released_at_the_version_that_was_seen()
    {
        var ledger = TestLedger.WithStock(10);
        ledger.Hold("r", 5);
        var repair = ledger.Command(new AllocationCommandBody.Repair
        {
            MismatchId = "m",
            Action = "Release",
            Approver = "bob",
            ReservationId = "r",
        });

        Assert.Equal("R Malformed", OutcomeText.Of(ledger.Run(repair)));
        Assert.Equal("R VersionMismatch", OutcomeText.Of(
            ledger.Run(repair with { CommandId = "2", ExpectedVersion = 2 })));
        Assert.Equal("✔ Repaired", OutcomeText.Of(ledger.Run(repair with { CommandId = "3", ExpectedVersion = 1 })));
        Assert.Equal("released 5 cancelled", OutcomeText.Of(ledger.Reservation("r"), ledger.NowMs));
        Assert.Equal("R AlreadyReleased", OutcomeText.Of(
            ledger.Run(repair with { CommandId = "4", ExpectedVersion = 2 })));
    }

    [Fact]
    public void Parked_snapshot_is_accepted_by_an_approver_and_the_next_one_finds_nothing_to_rebase()
    {
        var ledger = new TestLedger(PolicyVersions.Version0 with { Drift = new DriftTolerance(1, 0) });
        ledger.Configure();
        ledger.Snapshot(1, 100, 0);
        ledger.Hold("r", 10);
        ledger.Confirm("r");
        ledger.Consume("r", 10, source: TestLedger.Erp, sequence: 1);
        Assert.Equal("✔ SupplyParked", OutcomeText.Of(ledger.Snapshot(2, 70, 1)));
        var accept = new AllocationCommandBody.Repair
        {
            MismatchId = "m",
            Action = "AcceptSnapshot",
            Approver = "bob",
            Source = TestLedger.Erp,
        };

        Assert.Equal("R SelfApproval", OutcomeText.Of(ledger.Run(accept with { Approver = "shop" })));
        Assert.Equal("✔ Repaired", OutcomeText.Of(ledger.Run(accept)));
        Assert.Equal(70, ledger.Balances.Free);
        Assert.Equal("R NothingToApprove", OutcomeText.Of(ledger.Run(accept)));

        var next = (AllocationOutcomeEvent.SupplyApplied)ledger.Snapshot(3, 70, 1).Event;
        Assert.Equal((0L, 10L, 70L), (next.Rebased, next.Acknowledged, ledger.Balances.Free));
    }

    [Fact]
    public void Repairs_of_no_kind_and_incomplete_ones_are_malformed()
    {
        var ledger = TestLedger.WithStock(10);

        Assert.All(
            [
                Adjust(ledger) with { Action = "Reboot" },
                Adjust(ledger) with { Approver = "" },
                Adjust(ledger) with { ExpectedBalances = null },
                Adjust(ledger) with { Quantity = null },
                Adjust(ledger) with { To = RepairAccount.Free },
                Adjust(ledger) with { To = RepairAccount.Unknown },
            ],
            body => Assert.StartsWith("R Malformed", OutcomeText.Of(ledger.Run(body))));
        Assert.Equal("R UnknownPool", OutcomeText.Of(ledger.Run(ledger.Command(Adjust(ledger), pool: "nuts"))));
    }

    private static AllocationCommandBody.Repair Adjust(TestLedger ledger) => new()
    {
        MismatchId = "m",
        Action = "Adjust",
        Approver = "bob",
        ExpectedBalances = ledger.Balances,
        Quantity = 2,
        From = RepairAccount.Free,
        To = RepairAccount.Blocked,
    };
}
