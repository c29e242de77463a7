using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.State;

/// <summary>The ledger's state in the stores of a task.</summary>
public sealed class StoreLedgerState : ILedgerState
{
    private static readonly PartitionState NoState = new() { TMs = 0 };
    private static readonly ScopeUsage NoUsage = new();
    private static readonly PartitionSettings NoSettings = new();

    private readonly IKeyValueStore<string, PartitionState> partition;
    private readonly IKeyValueStore<string, PoolState> pools;
    private readonly IKeyValueStore<PoolKey, Reservation> reservations;
    private readonly IKeyValueStore<PoolKey, CommandMemory> commands;
    private readonly IKeyValueStore<PoolKey, ConsumeMemory> consumes;
    private readonly IKeyValueStore<PoolKey, SupplySource> sources;
    private readonly IKeyValueStore<FactKey, SupplyFact> facts;
    private readonly ITimeIndex<TimerKey> timers;
    private readonly IKeyValueStore<PoolKey, ScopeUsage> usages;
    private readonly IKeyValueStore<WaiterKey, Place> waiters;
    private readonly IKeyValueStore<HolderKey, Place> holders;
    private readonly IKeyValueStore<PoolKey, ParkedCommand> approvals;
    private readonly IKeyValueStore<PoolKey, CooldownEnd> cooldowns;
    private readonly IKeyValueStore<string, PartitionSettings> settings;
    private PartitionState? cached;
    private PartitionSettings? cachedSettings;

    /// <param name="context">The processor that the stores are connected to.</param>
    public StoreLedgerState(IProcessorContext context)
        : this(new ContextStores(context))
    {
    }

    /// <param name="stores">Where the stores are.</param>
    public StoreLedgerState(IStores stores)
    {
        partition = stores.GetStore<IKeyValueStore<string, PartitionState>>(AllocationStores.Partition);
        pools = stores.GetStore<IKeyValueStore<string, PoolState>>(AllocationStores.Pools);
        reservations = stores.GetStore<IKeyValueStore<PoolKey, Reservation>>(AllocationStores.Reservations);
        commands = stores.GetStore<IKeyValueStore<PoolKey, CommandMemory>>(AllocationStores.Commands);
        consumes = stores.GetStore<IKeyValueStore<PoolKey, ConsumeMemory>>(AllocationStores.Consumes);
        sources = stores.GetStore<IKeyValueStore<PoolKey, SupplySource>>(AllocationStores.Sources);
        facts = stores.GetStore<IKeyValueStore<FactKey, SupplyFact>>(AllocationStores.Facts);
        timers = stores.GetStore<ITimeIndex<TimerKey>>(AllocationStores.Timers);
        usages = stores.GetStore<IKeyValueStore<PoolKey, ScopeUsage>>(AllocationStores.Usages);
        waiters = stores.GetStore<IKeyValueStore<WaiterKey, Place>>(AllocationStores.Waiters);
        holders = stores.GetStore<IKeyValueStore<HolderKey, Place>>(AllocationStores.Holders);
        approvals = stores.GetStore<IKeyValueStore<PoolKey, ParkedCommand>>(AllocationStores.Approvals);
        cooldowns = stores.GetStore<IKeyValueStore<PoolKey, CooldownEnd>>(AllocationStores.Cooldowns);
        settings = stores.GetStore<IKeyValueStore<string, PartitionSettings>>(AllocationStores.Settings);
    }

    private sealed class ContextStores(IProcessorContext context) : IStores
    {
        public TStore GetStore<TStore>(string name)
            where TStore : class => context.GetStore<TStore>(name);
    }

    /// <inheritdoc/>
    public PartitionState Partition
    {
        get => cached ??= partition.Get(AllocationStores.PartitionKey) ?? NoState;
        set
        {
            cached = value;
            partition.Put(AllocationStores.PartitionKey, value);
        }
    }

    /// <summary>A record begins: what the one before wrote may have been undone.</summary>
    public void BeginRecord()
    {
        cached = null;
        cachedSettings = null;
    }

    /// <inheritdoc/>
    public PoolState? GetPool(string poolId) => pools.Get(poolId);

    /// <inheritdoc/>
    public void PutPool(PoolState pool) => pools.Put(pool.PoolId, pool);

    /// <inheritdoc/>
    public Reservation? GetReservation(string poolId, string reservationId) =>
        reservations.Get(new PoolKey(poolId, reservationId));

    /// <inheritdoc/>
    public void PutReservation(string poolId, Reservation reservation) =>
        reservations.Put(new PoolKey(poolId, reservation.ReservationId), reservation);

    /// <inheritdoc/>
    public CommandMemory? GetCommand(string poolId, string commandId) => commands.Get(new PoolKey(poolId, commandId));

    /// <inheritdoc/>
    public void PutCommand(string poolId, string commandId, CommandMemory memory) =>
        commands.Put(new PoolKey(poolId, commandId), memory);

    /// <inheritdoc/>
    public ConsumeMemory? GetConsume(string poolId, string consumeId) => consumes.Get(new PoolKey(poolId, consumeId));

    /// <inheritdoc/>
    public void PutConsume(string poolId, ConsumeMemory memory) =>
        consumes.Put(new PoolKey(poolId, memory.ConsumeId), memory);

    /// <inheritdoc/>
    public SupplySource? GetSource(string poolId, string source) => sources.Get(new PoolKey(poolId, source));

    /// <inheritdoc/>
    public void PutSource(string poolId, SupplySource source) =>
        sources.Put(new PoolKey(poolId, source.Source), source);

    /// <inheritdoc/>
    public IEnumerable<SupplySource> GetSources(string poolId)
    {
        foreach (var entry in sources.Prefix(StateKeys.PrefixOf(poolId)))
        {
            yield return entry.Value;
        }
    }

    /// <inheritdoc/>
    public IEnumerable<SupplyFact> GetFacts(string poolId, string source)
    {
        foreach (var entry in facts.Prefix(StateKeys.PrefixOf(poolId, source)))
        {
            yield return entry.Value;
        }
    }

    /// <inheritdoc/>
    public void PutFact(string poolId, SupplyFact fact) =>
        facts.Put(new FactKey(poolId, fact.Source, fact.SourceSequence), fact);

    /// <inheritdoc/>
    public void RemoveFacts(string poolId, string source, long throughSequence)
    {
        var covered = new List<FactKey>();
        foreach (var entry in facts.Prefix(StateKeys.PrefixOf(poolId, source)))
        {
            if (entry.Key.Sequence > throughSequence)
            {
                break;
            }
            covered.Add(entry.Key);
        }
        foreach (var key in covered)
        {
            facts.Delete(key);
        }
    }

    /// <inheritdoc/>
    public bool TryPeekTimer(out LedgerTimer timer)
    {
        var isThere = timers.TryPeek(out var dueAtMs, out var key);
        timer = isThere ? new LedgerTimer(dueAtMs, key.Kind, key.PoolId, key.Id) : default;
        return isThere;
    }

    /// <inheritdoc/>
    public IEnumerable<LedgerTimer> GetTimers()
    {
        foreach (var entry in timers.Until(long.MaxValue))
        {
            yield return new LedgerTimer(entry.Key, entry.Value.Kind, entry.Value.PoolId, entry.Value.Id);
        }
    }

    /// <inheritdoc/>
    public void SetTimer(LedgerTimer timer)
    {
        var key = new TimerKey(timer.Kind, timer.PoolId, timer.Id);
        if (timer.Kind == TimerKind.Expiry)
        {
            // Set once by the hold, and by an extension only after the one before was cancelled.
            timers.AddNew(timer.DueAtMs, key);
        }
        else
        {
            timers.Add(timer.DueAtMs, key);
        }
    }

    /// <inheritdoc/>
    public void CancelTimer(LedgerTimer timer) =>
        timers.Remove(timer.DueAtMs, new TimerKey(timer.Kind, timer.PoolId, timer.Id));

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
    public IEnumerable<(WaiterPlace Place, string Class)> GetLine(string poolId)
    {
        foreach (var entry in waiters.Prefix(StateKeys.PrefixOf(poolId)))
        {
            yield return (entry.Key.Place, entry.Value.Class);
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
