using Alloc.Schemas.Allocation;

namespace Topology.Tests.Cases;

/// <summary>
/// One stock of spare parts for technicians, dealers, vans and a web shop, under the policy of docs/examples.
/// </summary>
public sealed class SparePartsTests
{
    private const string Gearbox = "parts/gearbox";
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    [Fact]
    public void Technician_gets_the_last_unit_from_an_unpaid_web_hold_and_the_web_customer_is_told_why()
    {
        var parts = new CaseLedger("spare-parts").Opened(Gearbox, 6);
        parts.Hold(Gearbox, "van", 5, "field-service");
        parts.Hold(Gearbox, "web-1", 1, "web");
        parts.Ledger.Wait(TimeSpan.FromSeconds(40));

        var granted = parts.Hold(Gearbox, "outage", 1, "field-service");

        Assert.IsType<AllocationOutcomeEvent.Held>(granted.Event);
        var lost = Assert.Single(parts.Ledger.Journal, o => o.Event is AllocationOutcomeEvent.Preempted);
        var told = Assert.IsType<AllocationOutcomeEvent.Preempted>(lost.Event);
        Assert.Equal(("web-1", 1, "outage", "field-service", true),
            (told.ReservationId, told.Quantity, told.By, told.ByClass, told.WaitsAgain));
        Assert.Equal(1, parts.Of(Gearbox, "web-1").Waiting);
        var late = parts.Tell(Gearbox, new AllocationCommandBody.Confirm { ReservationId = "web-1" }, "web");
        Assert.IsType<AllocationOutcomeEvent.Rejected>(late.Event);
        Assert.Equal(0, parts.Balances(Gearbox).Free);
    }

    [Fact]
    public void Units_kept_for_technicians_are_not_sold_on_the_web()
    {
        var parts = new CaseLedger("spare-parts").Opened(Gearbox, 6);

        var first = parts.Hold(Gearbox, "web-1", 1, "web");
        var second = parts.Hold(Gearbox, "web-2", 1, "web");

        Assert.IsType<AllocationOutcomeEvent.Held>(first.Event);
        var reason = CaseLedger.Refused(second, ReasonCode.ProtectedForHigherClass);
        Assert.Equal(5, CaseLedger.Number(reason, NumberName.Protected));
        Assert.IsType<AllocationOutcomeEvent.Held>(parts.Hold(Gearbox, "outage", 5, "field-service").Event);
    }

    [Fact]
    public void Retry_storm_of_a_dealer_creates_one_hold_and_a_count_of_duplicates()
    {
        var parts = new CaseLedger("spare-parts").Opened(Gearbox, 100);
        var first = parts.Hold(Gearbox, "order-7/1", 4, "dealer", dealer: "dealer-7", commandId: "dealer-7/1");

        var repeats = Enumerable.Range(0, 4)
            .Select(_ => parts.Hold(Gearbox, "order-7/1", 4, "dealer", dealer: "dealer-7", commandId: "dealer-7/1"))
            .ToList();
        var again = parts.Hold(Gearbox, "order-7/1", 4, "dealer", dealer: "dealer-7", commandId: "dealer-7/1-again");

        Assert.All(repeats, r => Assert.Equal($"{Gearbox}#{first.Sequence}", r.DuplicateOf));
        Assert.IsType<AllocationOutcomeEvent.NoOp>(again.Event);
        Assert.Equal(4, parts.Balances(Gearbox).Held);
        Assert.Equal(4, parts.Ledger.Journal.Count(o => o.DuplicateOf is not null));
    }

    [Fact]
    public void Dealer_beyond_its_quota_is_told_scope_used_and_limit()
    {
        var parts = new CaseLedger("spare-parts").Opened(Gearbox, 500);
        parts.Hold(Gearbox, "d9", 60, "dealer", dealer: "dealer-9");

        var refused = parts.Hold(Gearbox, "d9-more", 1, "dealer", dealer: "dealer-9");

        var reason = CaseLedger.Refused(refused, ReasonCode.QuotaExceeded);
        Assert.Equal(("dealer/dealer-9", 60, 60),
            (reason.Scope, CaseLedger.Number(reason, NumberName.Used), CaseLedger.Number(reason, NumberName.Limit)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Late_doubled_and_reordered_facts_of_the_warehouse_end_at_the_true_stock(int seed)
    {
        var random = new Random(seed);
        var parts = new CaseLedger("spare-parts").Opened(Gearbox, 100);
        var moves = Enumerable.Range(2, 30).Select(n => (Sequence: (long)n, Quantity: (long)random.Next(-3, 6)))
            .Where(m => m.Quantity != 0).ToList();
        // The numbers of a source have no gap: what moved nothing was never numbered.
        moves = [.. moves.Select((m, index) => (index + 2L, m.Quantity))];
        var told = moves.Concat(moves.Where(_ => random.Next(3) == 0)).OrderBy(_ => random.Next()).ToList();

        foreach (var (sequence, quantity) in told)
        {
            parts.Ledger.NowMs += 1_000;
            parts.Tell(Gearbox, new AllocationCommandBody.SupplyDelta
            {
                Source = "erp",
                SourceSequence = sequence,
                Quantity = quantity,
            });
        }
        parts.Ledger.Wait(Grace);

        Assert.Equal(100 + moves.Sum(m => m.Quantity), parts.Balances(Gearbox).Free);
    }

    [Fact]
    public void Override_is_a_command_with_a_reason_and_an_approver()
    {
        var parts = new CaseLedger("spare-parts").Opened(Gearbox, 20);
        parts.Hold(Gearbox, "web-1", 2, "web");
        parts.Tell(Gearbox, new AllocationCommandBody.Confirm { ReservationId = "web-1" }, "web");
        var take = new AllocationCommandBody.ForceRelease
        {
            ReservationId = "web-1",
            Bucket = ReleaseBucket.Confirmed,
            Reason = "recall",
            Ticket = "OPS-17",
        };

        var asked = parts.Tell(Gearbox, take, commandId: "force", actor: ActorType.Operator, by: "eve");
        var own = Approve(parts, "force", "eve");
        var before = parts.Balances(Gearbox).Confirmed;
        Approve(parts, "force", "ann");

        Assert.IsType<AllocationOutcomeEvent.PendingApproval>(asked.Event);
        CaseLedger.Refused(own, ReasonCode.SelfApproval);
        Assert.Equal((2, 0), (before, parts.Balances(Gearbox).Confirmed));
        var done = Assert.Single(parts.Ledger.Journal, o => o is { Original: true, CommandId: "force" });
        Assert.Equal("eve", done.Actor!.Id);
        Assert.Equal("recall", Assert.IsType<AllocationOutcomeEvent.Released>(done.Event).Reason);
    }

    [Fact]
    public void Nothing_is_promised_twice_whatever_the_interleaving()
    {
        string[] channels = ["web", "dealer", "field-service", "vans"];
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            var parts = new CaseLedger("spare-parts").Opened(Gearbox, 12);
            for (var step = 0; step < 120; step++)
            {
                parts.Ledger.NowMs += random.Next(20_000);
                var id = $"r{random.Next(30)}";
                var channel = channels[random.Next(channels.Length)];
                if (random.Next(3) > 0)
                {
                    parts.Hold(Gearbox, id, 1 + random.Next(3), channel);
                }
                else
                {
                    parts.Tell(Gearbox, new AllocationCommandBody.Confirm { ReservationId = id }, channel);
                }
                var balances = parts.Balances(Gearbox);
                Assert.True(balances.Free >= 0, $"seed {seed}, step {step}: {balances.Free} free");
                Assert.Equal(12, balances.Free + balances.Held + balances.Confirmed);
            }
        }
    }

    private static AllocationOutcome Approve(CaseLedger parts, string commandId, string by) => parts.Tell(
        Gearbox, new AllocationCommandBody.Approve { ApprovedCommandId = commandId }, actor: ActorType.Operator,
        by: by);
}
