using Alloc.Processors.Allocation;
using Alloc.Schemas.Allocation;
using Topology.Tests.Ledger;

namespace Topology.Tests.Topology;

public sealed class RecentRefusalsTests
{
    private static AllocationOutcome Refusal(TestLedger ledger, string id, AllocationCommandBody? body = null) =>
        ledger.Run(ledger.Command(body ?? new AllocationCommandBody.Hold(), id));

    [Fact]
    public void Refusal_is_found_by_the_pool_that_the_command_named_and_its_id()
    {
        var ledger = new TestLedger();
        var refusals = new RecentRefusals();
        var refusal = Refusal(ledger, "c");

        Assert.True(RecentRefusals.Are(refusal));
        refusals.Add(refusal);

        var found = refusals.Find(TestLedger.Pool, "c")!;
        Assert.Equal(("$partition/3", 1L), (found.OutcomePoolId, found.Sequence));
        Assert.Same(refusal.Event, found.Event);
        Assert.Null(refusals.Find("$partition/3", "c"));
        Assert.Null(refusals.Find(TestLedger.Pool, "other"));
    }

    [Fact]
    public void Answers_that_are_remembered_repeats_and_what_was_caused_are_no_refusals()
    {
        var ledger = TestLedger.WithStock(10);
        var hold = ledger.Command(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1, TtlMs = 1_000 });
        ledger.Run(hold);
        ledger.Run(hold);
        ledger.Hold("s", 100);
        ledger.Confirm("unknown");
        ledger.Wait(TimeSpan.FromMinutes(1));

        Assert.DoesNotContain(ledger.Journal, RecentRefusals.Are);
        Assert.True(RecentRefusals.Are(ledger.Run(hold with
        {
            Body = ((AllocationCommandBody.Hold)hold.Body) with
            {
                Quantity = 2,
            },
        })));
    }

    [Fact]
    public void Oldest_gives_way_and_the_newest_of_one_command_stays()
    {
        var ledger = new TestLedger();
        var refusals = new RecentRefusals();
        refusals.Add(Refusal(ledger, "first"));
        refusals.Add(Refusal(ledger, "twice"));
        refusals.Add(Refusal(ledger, "twice"));
        for (var index = 0; index < RecentRefusals.Capacity - 1; index++)
        {
            refusals.Add(Refusal(ledger, $"c{index}"));
        }

        Assert.Null(refusals.Find(TestLedger.Pool, "first"));
        Assert.Equal(3, refusals.Find(TestLedger.Pool, "twice")!.Sequence);
        Assert.NotNull(refusals.Find(TestLedger.Pool, "c0"));
    }

    [Fact]
    public void Texts_of_any_size_are_not_kept()
    {
        var ledger = new TestLedger();
        var refusals = new RecentRefusals();
        var text = new string('x', 100_000);

        refusals.Add(Refusal(ledger, text));
        refusals.Add(Refusal(ledger, "c", new AllocationCommandBody.Confirm { ReservationId = text }));

        Assert.Null(refusals.Find(TestLedger.Pool, text));
        Assert.Null(refusals.Find(TestLedger.Pool, "c"));
    }
}
