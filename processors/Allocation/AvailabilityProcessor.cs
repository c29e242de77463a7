using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.Ledger.PolicyInForce;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation;

/// <summary>
/// Makes the availability of a pool of every outcome that changes it; the sink keeps the last one of a commit. A policy
/// that comes into force may change it for every pool of the partition, in the same pieces in which the ledger looks at
/// them: such a record has the sequence of the pool's last outcome again, and the new policy's version.
/// </summary>
internal sealed class AvailabilityProcessor(AllocationPolicy policy)
    : IProcessor<string, AllocationOutcome, string, PoolAvailability>
{
    private static readonly ScopeUsage NoUsage = new();

    private readonly PolicyBook book = new(policy);
    private IProcessorContext<string, PoolAvailability> context = null!;
    private IKeyValueStore<string, PoolState> pools = null!;
    private IKeyValueStore<PoolKey, ScopeUsage> usages = null!;
    private IKeyValueStore<string, PartitionSettings> settings = null!;
    private string poolId = "";

    public void Init(IProcessorContext<string, PoolAvailability> context)
    {
        this.context = context;
        pools = context.GetStore<IKeyValueStore<string, PoolState>>(AllocationStores.Pools);
        usages = context.GetStore<IKeyValueStore<PoolKey, ScopeUsage>>(AllocationStores.Usages);
        settings = context.GetStore<IKeyValueStore<string, PartitionSettings>>(AllocationStores.Settings);
    }

    public void Process(in Record<string, AllocationOutcome> record)
    {
        var outcome = record.Value;
        if (outcome.PoolId[0] == '$')
        {
            if (BeginOfPiece(outcome) is { } first)
            {
                PublishFrom(first, outcome);
            }
            return;
        }
        var changes = outcome.Entries.Count > 0
            || outcome.Event is AllocationOutcomeEvent.PoolConfigured or AllocationOutcomeEvent.OverCommitted
            || (outcome.CommandId is null && outcome.Event is AllocationOutcomeEvent.NoOp);
        if (changes && pools.Get(outcome.PoolId) is { } pool)
        {
            Publish(pool, PolicyOf(outcome.PolicyVersion), outcome.TMs);
        }
    }

    // The pool from which the ledger looked at pools with this outcome; null where it looked at none.
    private static string? BeginOfPiece(AllocationOutcome outcome)
    {
        if (outcome.DuplicateOf is not null)
        {
            return null;
        }
        if (outcome.Event is AllocationOutcomeEvent.PolicyActivated { InForce: true })
        {
            return "";
        }
        foreach (var timer in outcome.Timers)
        {
            if (timer is { Kind: TimerKind.Promotion, Set: false })
            {
                return timer.Id;
            }
        }
        return null;
    }

    // A piece begins with the last pool of the one before, which the record of that piece may have displaced.
    private void PublishFrom(string first, AllocationOutcome outcome)
    {
        var inForce = PolicyOf(outcome.PolicyVersion);
        var left = inForce.Limits.TimersPerRecord + 1;
        foreach (var entry in pools.Range(first, AllocationStores.LastPoolId))
        {
            if (entry.Key[0] == '$')
            {
                continue;
            }
            Publish(entry.Value, inForce, outcome.TMs);
            if (--left == 0)
            {
                return;
            }
        }
    }

    private void Publish(PoolState pool, AllocationPolicy inForce, long t)
    {
        poolId = pool.PoolId;
        var availability = Availability.Publish(inForce, pool, t, UsageOf);
        context.Forward(new Record<string, PoolAvailability>(poolId, availability, t));
    }

    // A record may put a policy in force that forgets the one before: its outcomes are shown under the new one.
    private AllocationPolicy PolicyOf(int version)
    {
        if (version <= policy.Version)
        {
            return policy;
        }
        var set = settings.Get(AllocationStores.PartitionKey)!;
        return book.Find(version, set) ?? book.Find(set.Policies[0].Version, set)!;
    }

    private ScopeUsage UsageOf(string scope) => usages.Get(new PoolKey(poolId, scope)) ?? NoUsage;
}
