using Alloc.Engine.State;
using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.State;

/// <summary>Who uses what, who waits, and what was set for the partition.</summary>
public sealed partial class StoreLedgerState
{
    private static readonly ScopeUsage NoUsage = new();
    private static readonly PartitionSettings NoSettings = new();

    private readonly IKeyValueStore<PoolKey, ScopeUsage> usages;
    private readonly IKeyValueStore<WaiterKey, Place> waiters;
    private readonly IKeyValueStore<HolderKey, Place> holders;
    private readonly IKeyValueStore<PoolKey, ParkedCommand> approvals;
    private readonly IKeyValueStore<PoolKey, CooldownEnd> cooldowns;
    private readonly IKeyValueStore<string, PartitionSettings> settings;
    private PartitionSettings? cachedSettings;

    /// <inheritdoc/>
    public PartitionSettings Settings
    {
        get => cachedSettings ??= settings.Get(AllocationStores.PartitionKey) ?? NoSettings;
        set
        {
            cachedSettings = value;
            settings.Put(AllocationStores.PartitionKey, value);
        }
    }

    /// <inheritdoc/>
    public ScopeUsage GetUsage(string poolId, string scope) => usages.Get(new PoolKey(poolId, scope)) ?? NoUsage;

    /// <inheritdoc/>
    public void PutUsage(string poolId, string scope, ScopeUsage usage)
    {
        if (usage is { Open: 0, Consumed: 0 })
        {
            usages.Delete(new PoolKey(poolId, scope));
        }
        else
        {
            usages.Put(new PoolKey(poolId, scope), usage);
        }
    }

    /// <inheritdoc/>
    public IEnumerable<WaiterPlace> GetWaiters(string poolId)
    {
        foreach (var entry in waiters.Prefix(StateKeys.PrefixOf(poolId)))
        {
            yield return entry.Key.Place;
        }
    }

    /// <inheritdoc/>
    public void PutWaiter(string poolId, WaiterPlace place, Place units) =>
        waiters.Put(new WaiterKey(poolId, place), units);

    /// <inheritdoc/>
    public void RemoveWaiter(string poolId, WaiterPlace place) => waiters.Delete(new WaiterKey(poolId, place));

    /// <inheritdoc/>
    public IEnumerable<HolderPlace> GetHolders(string poolId, string priorityClass)
    {
        foreach (var entry in holders.Prefix(StateKeys.PrefixOf(poolId, priorityClass)))
        {
            yield return entry.Key.Place;
        }
    }

    /// <inheritdoc/>
    public void PutHolder(string poolId, HolderPlace place, Place units) =>
        holders.Put(new HolderKey(poolId, place), units);

    /// <inheritdoc/>
    public void RemoveHolder(string poolId, HolderPlace place) => holders.Delete(new HolderKey(poolId, place));

    /// <inheritdoc/>
    public ParkedCommand? GetApproval(string poolId, string commandId) =>
        approvals.Get(new PoolKey(poolId, commandId));

    /// <inheritdoc/>
    public void PutApproval(string poolId, string commandId, ParkedCommand? pending)
    {
        if (pending is null)
        {
            approvals.Delete(new PoolKey(poolId, commandId));
        }
        else
        {
            approvals.Put(new PoolKey(poolId, commandId), pending);
        }
    }

    /// <inheritdoc/>
    public long? GetCooldown(string poolId, string id) => cooldowns.Get(new PoolKey(poolId, id))?.EndsAtMs;

    /// <inheritdoc/>
    public void PutCooldown(string poolId, Cooldown cooldown) =>
        cooldowns.Put(new PoolKey(poolId, cooldown.Id), new CooldownEnd { EndsAtMs = cooldown.EndsAtMs });

    /// <inheritdoc/>
    public IEnumerable<PoolState> GetPools(string fromPoolId)
    {
        foreach (var entry in pools.Range(fromPoolId, AllocationStores.LastPoolId))
        {
            yield return entry.Value;
        }
    }
}
