using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation;

/// <summary>
/// Makes the availability of a pool of every outcome that changes it; the sink keeps the last one of a commit.
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
        var changes = outcome.Entries.Count > 0
            || outcome.Event is AllocationOutcomeEvent.PoolConfigured or AllocationOutcomeEvent.OverCommitted
            || (outcome.CommandId is null && outcome.Event is AllocationOutcomeEvent.NoOp);
        if (changes && outcome.PoolId[0] != '$' && pools.Get(outcome.PoolId) is { } pool)
        {
            poolId = outcome.PoolId;
            var availability = Availability.Publish(
                PolicyOf(outcome.PolicyVersion), pool, outcome.TMs, UsageOf);
            context.Forward(new Record<string, PoolAvailability>(outcome.PoolId, availability, outcome.TMs));
        }
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
