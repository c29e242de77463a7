using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger.Partition;

/// <summary>What shows that another system decides for a pool too, and what only looks like it.</summary>
public sealed class SecondWriterTests
{
    [Fact]
    public void A_command_of_a_past_epoch_is_a_sign_and_its_repeat_is_none()
    {
        var ledger = TakenOver();
        var hold = ledger.Command(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1 });

        Assert.Equal(SecondWriterSign.StaleEpoch, SecondWriter.SignOf(ledger.Run(hold with { Epoch = 1 })));
        Assert.Null(SecondWriter.SignOf(ledger.Run(hold with { Epoch = 1 })));
        Assert.Null(SecondWriter.SignOf(ledger.Run(hold with { CommandId = "now", Epoch = 2 })));
    }

    [Fact]
    public void Units_consumed_of_a_reservation_that_the_ledger_never_granted_are_a_sign()
    {
        var ledger = TakenOver();
        ledger.Consume("theirs", 2);

        Assert.Equal(SecondWriterSign.UnknownReservation, Signs(ledger, minutes: 60).Single());
    }

    [Fact]
    public void Units_consumed_beyond_a_promise_of_the_ledger_are_none()
    {
        var ledger = TakenOver();
        ledger.Hold("ours", 2);
        ledger.Confirm("ours");
        ledger.Consume("ours", 3);
        ledger.Consume("ours", 1);

        Assert.Empty(Signs(ledger, minutes: 60));
    }

    [Fact]
    public void A_count_that_no_fact_explains_is_a_sign_and_the_opening_count_is_none()
    {
        var ledger = new TestLedger();
        ledger.Configure();
        TakeOver(ledger);

        var opening = ledger.Snapshot(1, 20, through: null);
        var same = ledger.Snapshot(2, 20, through: null);
        var other = ledger.Snapshot(3, 17, through: null);

        Assert.Null(SecondWriter.SignOf(opening));
        Assert.Null(SecondWriter.SignOf(same));
        Assert.Equal(SecondWriterSign.UnexplainedSupply, SecondWriter.SignOf(other));
    }

    [Fact]
    public void A_pool_that_never_was_under_another_system_has_no_second_writer()
    {
        var ledger = TestLedger.WithStock(20);
        ledger.Consume("unknown", 2);
        ledger.Snapshot(1, 5, through: null);

        Assert.Empty(Signs(ledger, minutes: 60));
    }

    private static TestLedger TakenOver()
    {
        var ledger = TestLedger.WithStock(20);
        TakeOver(ledger);
        return ledger;
    }

    private static void TakeOver(TestLedger ledger) => ledger.Run(ledger.Command(
        new AllocationCommandBody.AuthorityTransfer
        {
            Slice = "*",
            Mode = AuthorityMode.Authoritative,
            Owner = "alloc",
            NewEpoch = 2,
        },
        pool: ReservedKeys.Authority));

    private static IEnumerable<SecondWriterSign> Signs(TestLedger ledger, int minutes)
    {
        ledger.NowMs += minutes * 60_000L;
        ledger.Tick();
        return ledger.Journal.Select(SecondWriter.SignOf).OfType<SecondWriterSign>();
    }
}
