using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger.Commands;

/// <summary>A command that waits is known until it is decided, however short the memory for command ids is.</summary>
public sealed class WaitingCommandTests
{
    private static readonly AllocationPolicy Forgetful = PolicyVersions.Version0 with
    {
        Limits = PolicyVersions.Version0.Limits with
        {
            CommandRetentionMs = 1_000,
            GraceMs = 30_000,
            TimersPerRecord = 1,
        },
    };

    [Fact]
    public void Parked_command_that_is_sent_again_after_the_retention_of_ids_is_a_repeat()
    {
        var ledger = TestLedger.WithStock(5, policy: Forgetful);
        var confirm = ledger.Command(new AllocationCommandBody.Confirm { ReservationId = "r" });
        ledger.Run(confirm);
        ledger.NowMs += 5_000;

        var again = ledger.Run(confirm with { IssuedAtMs = ledger.NowMs });

        Assert.IsType<AllocationOutcomeEvent.Parked>(again.Event);
        Assert.NotNull(again.DuplicateOf);
    }

    // Cause: more was due than fires for one record, so the command still waited when its id was forgotten.
    [Fact]
    public void Parked_command_whose_end_is_overdue_has_one_original_outcome()
    {
        var ledger = TestLedger.WithStock(5, policy: Forgetful);
        ledger.Hold("a", 1, ttlMs: 100);
        ledger.Hold("b", 1, ttlMs: 100);
        ledger.Hold("c", 1, ttlMs: 100);
        var confirm = ledger.Command(new AllocationCommandBody.Confirm { ReservationId = "r" });
        ledger.Run(confirm);
        ledger.NowMs += 3_600_000;

        ledger.Run(confirm with { IssuedAtMs = ledger.NowMs });
        for (var record = 0; record < 5; record++)
        {
            ledger.Tick();
        }

        Assert.Single(ledger.Journal, o => o.Original && o.CommandId == confirm.CommandId);
    }
}
