using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Documents;
using Alloc.Processors.Shadow.Differences;
using Alloc.Schemas.Allocation;
using Topology.Tests.Ledger;
using Topology.Tests.Topology;

namespace Topology.Tests.Shadow;

/// <summary>
/// A region in shadow beside a system that decides: every command goes to both ledgers, and their journals are compared
/// as the report does it.
/// </summary>
internal sealed class ComparedJournals : IDisposable
{
    public const string Pool = "spare-1";

    /// <summary>A pool from before the shadow: 4 of its 9 units are confirmed for "o", and 2 blocked.</summary>
    public const string Old = "spare-old";

    private readonly List<AllocationOutcome> shadow = [];
    private readonly List<AllocationOutcome> authority = [];
    private readonly ShadowDriver both;
    private readonly string slice;
    private int consumeCount;

    public ComparedJournals(AllocationPolicy? policy = null, string slice = "spare-*")
    {
        this.slice = slice;
        both = new ShadowDriver(policy ?? PolicyVersions.Version0.Waiting());
        Stocked(9, Old);
        Send(Old, new AllocationCommandBody.Block { Quantity = 2, Reason = "count" });
        Hold("o", 4, Old);
        Confirm("o", Old);
        Send("$authority", new AllocationCommandBody.AuthorityTransfer
        {
            Slice = slice,
            Mode = AuthorityMode.Shadow,
            Owner = "erp",
            NewEpoch = 1,
        });
    }

    public long NowMs => both.Driver.NowMs;

    public IReadOnlyList<AllocationOutcome> ShadowJournal => shadow;

    public IReadOnlyList<AllocationOutcome> AuthorityJournal => authority;

    /// <summary>The pool is told to the shadow too, without what was there.</summary>
    public void Configure(string pool) =>
        Send(pool, new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings { Unit = "piece", SnapshotSource = "erp" },
        });

    public ComparedJournals Stocked(long units, string pool = Pool)
    {
        Configure(pool);
        Supply(1, units, pool);
        return this;
    }

    public void Send(string key, AllocationCommandBody body, long? issuedAtMs = null)
    {
        var (recorded, decided) = both.Send(key, body, issuedAtMs);
        authority.AddRange(recorded);
        shadow.AddRange(decided);
    }

    public void Supply(long sequence, long units, string pool = Pool, long? issuedAtMs = null) => Send(
        pool, new AllocationCommandBody.SupplyDelta { Source = "erp", SourceSequence = sequence, Quantity = units },
        issuedAtMs);

    public void Count(long version, long units, string pool = Pool) => Send(
        pool, new AllocationCommandBody.SupplySnapshot
        {
            Source = "erp",
            Version = version,
            Quantity = units,
            Through = null,
        });

    public void Hold(
        string id, long units, string pool = Pool, HoldMode mode = HoldMode.AllOrNothing, string? priorityClass = null,
        string? dealer = null, long ttlMs = 600_000) =>
        Send(pool, new AllocationCommandBody.Hold
        {
            ReservationId = id,
            Quantity = units,
            Mode = mode,
            Class = priorityClass,
            TtlMs = mode == HoldMode.Waitlist ? null : ttlMs,
            Attributes = dealer is null ? new Dictionary<string, string>() : new() { ["dealer"] = dealer },
        });

    public void Confirm(string id, string pool = Pool) =>
        Send(pool, new AllocationCommandBody.Confirm { ReservationId = id });

    public void Release(string id, long? units = null, string pool = Pool) =>
        Send(pool, new AllocationCommandBody.Release { ReservationId = id, Quantity = units, Reason = "cancelled" });

    /// <summary>Goods leave in the other system, and whatever waits for what it needs has waited long enough.</summary>
    public void Consume(string id, long units, string pool = Pool)
    {
        Send(pool, new AllocationCommandBody.Consume
        {
            ConsumeId = $"shipment-{++consumeCount}",
            ReservationId = id,
            Quantity = units,
            OccurredAtMs = NowMs,
        });
    }

    /// <summary>The other system's open promises, taken over at the end.</summary>
    public void Import(string id, long confirmed, string pool = Pool) =>
        Send(pool, new AllocationCommandBody.Import { ReservationId = id, Confirmed = confirmed });

    public void Freeze() => Send("$authority", new AllocationCommandBody.AuthorityTransfer
    {
        Slice = slice,
        Mode = AuthorityMode.Frozen,
        Owner = "erp",
        NewEpoch = 1,
    });

    /// <summary>Time passes, and a command about nothing makes both notice.</summary>
    public void After(TimeSpan time)
    {
        both.AdvanceWallClock(time);
        Send("elsewhere", new AllocationCommandBody.Block { Quantity = 1, Reason = "clock" });
    }

    /// <summary>What the report says.</summary>
    public ShadowComparison Compare(params ShadowRuleRow[] rules)
    {
        var comparison = Comparison(isFollowing: false, rules);
        shadow.ForEach(comparison.Shadow);
        authority.ForEach(comparison.Authority);
        comparison.FinishPartition();
        return comparison;
    }

    /// <summary>What an instance counts that watches both journals grow.</summary>
    public ShadowComparison Follow(params ShadowRuleRow[] rules)
    {
        var comparison = Comparison(isFollowing: true, rules);
        var next = 0;
        foreach (var outcome in authority)
        {
            while (next < shadow.Count && shadow[next].Source.Offset <= outcome.Source.Offset)
            {
                comparison.Shadow(shadow[next++]);
            }
            comparison.Authority(outcome);
        }
        return comparison;
    }

    private static ShadowComparison Comparison(bool isFollowing, ShadowRuleRow[] rules) =>
        new(new ShadowComparisonOptions
        {
            ExampleCount = 100,
            IsFollowing = isFollowing,
            Rules = () => new ValueList<ShadowRuleRow>([.. rules]),
        });

    public void Dispose() => both.Dispose();
}
