using Alloc.Processors.Shadow.Differences;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Host.Tests;

/// <summary>What is said of two decisions about one command.</summary>
public sealed class ShadowComparisonTests
{
    private const long StartMs = 1_700_000_000_000;
    private readonly AllocationLedger authority = Ledger(LedgerRole.Authority);
    private readonly AllocationLedger shadow = Ledger(LedgerRole.Shadow);
    private readonly ShadowComparison comparison =
        new(new ShadowComparisonOptions { ExampleCount = 5, HasAllPools = false });
    private readonly List<AllocationOutcome> recorded = [];
    private long offset;

    [Fact]
    public void What_only_the_authority_knew_from_before_differs_and_is_shown()
    {
        Send("bolts", new AllocationCommandBody.PoolConfigure { Settings = new PoolSettings { Unit = "piece" } });
        Send("bolts", Delta(1, 5));
        Send("bolts", new AllocationCommandBody.Block { Quantity = 2, Reason = "count" });
        Shadow("bolts");
        Send("bolts", new AllocationCommandBody.Hold { ReservationId = "early", Quantity = 1 });
        Send("bolts", new AllocationCommandBody.Unblock { Quantity = 2, Reason = "found" });
        Send("bolts", Delta(2, 1));

        Compare();

        Assert.Contains(comparison.Rows, r => r.Key.Shadow == "Rejected UnknownPool");
        Assert.Contains(comparison.Rows, r => r.Key.Command == "Unblock" && r.Key.Class == ShadowClass.Unclassified);
        Assert.Contains(
            comparison.Examples,
            e => e.Difference is { Command: CommandKind.Unblock, RecordedText: "Unblocked: 2 Blocked to Free" });
    }

    [Fact]
    public void Consumption_that_the_authority_cannot_match_to_a_reservation_is_no_difference()
    {
        Shadow("bolts");
        Send("bolts", new AllocationCommandBody.PoolConfigure { Settings = new PoolSettings { Unit = "piece" } });
        Send("bolts", Delta(1, 5));
        Send("bolts", new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 2 });
        Send("bolts", new AllocationCommandBody.Confirm { ReservationId = "r" });
        Send("bolts", new AllocationCommandBody.Consume
        {
            ConsumeId = "shipment",
            ReservationId = "r",
            Quantity = 2,
            OccurredAtMs = StartMs,
        });
        offset += 100_000_000;
        Send("bolts", Delta(2, 1));

        Compare();

        Assert.Empty(comparison.Examples);
        Assert.Equal(
            ["Confirm NotOnLog", "Consume NotOnLog", "Hold NotOnLog", "PoolConfigure Match", "SupplyDelta Match"],
            comparison.Rows.Select(r => $"{r.Key.Command} {r.Key.Class}").Distinct());
        Assert.Equal(
            [((ShadowEvidence.Consumed, ShadowClass.Match), 1)], comparison.Evidence.Select(e => (e.Key, e.Value)));
    }

    private static AllocationLedger Ledger(LedgerRole role) =>
        new(new InMemoryLedgerState(), PolicyVersions.Version0, partition: 0, role);

    private static AllocationCommandBody.SupplyDelta Delta(long sequence, long quantity) =>
        new() { Source = "erp", SourceSequence = sequence, Quantity = quantity };

    private void Shadow(string slice) => Send(ReservedKeys.Authority, new AllocationCommandBody.AuthorityTransfer
    {
        Slice = slice,
        Mode = AuthorityMode.Shadow,
        Owner = "legacy",
        NewEpoch = 1,
    });

    private void Send(string key, AllocationCommandBody body)
    {
        var t = StartMs + offset;
        var record = new LedgerRecord("allocation.commands", 0, offset, t, key, 0, new AllocationCommand
        {
            CommandId = $"c{offset++}",
            PoolId = key,
            Actor = new Actor { Type = ActorType.Operator, Id = "anna" },
            CorrelationId = "test",
            IssuedAtMs = t,
            Body = body,
        });
        authority.Fold(record, recorded);
        var decided = new List<AllocationOutcome>();
        shadow.Fold(record, decided);
        decided.ForEach(comparison.Shadow);
    }

    private void Compare()
    {
        recorded.ForEach(comparison.Authority);
        comparison.FinishPartition();
    }
}
