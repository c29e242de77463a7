using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// The state of one partition in plain dictionaries: for a replay of a log under another policy, for measuring the fold
/// alone, and for tests. Keeps everything, also what decisions ignore already. Not thread-safe.
/// </summary>
public sealed class InMemoryLedgerState : ILedgerState
{
    private static readonly ScopeUsage NoUsage = new();

    private readonly Dictionary<string, PoolState> pools = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, string), Reservation> reservations = [];
    private readonly Dictionary<(string, string), CommandMemory> commands = [];
    private readonly Dictionary<(string, string), ConsumeMemory> consumes = [];
    private readonly Dictionary<string, SortedDictionary<string, SupplySource>> sources = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, string), SortedDictionary<long, SupplyFact>> facts = [];
    private readonly SortedSet<LedgerTimer> timers = new(LedgerTimerOrder.Instance);

    private readonly Dictionary<(string, string), ScopeUsage> usages = [];
    private readonly Dictionary<string, SortedDictionary<WaiterPlace, Place>> waiters = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, string), SortedDictionary<HolderPlace, Place>> holders = [];
    private readonly Dictionary<(string, string), ParkedCommand> approvals = [];
    private readonly Dictionary<(string, string), long> cooldowns = [];

    /// <inheritdoc/>
    public PartitionState Partition { get; set; } = new() { TMs = 0 };

    /// <inheritdoc/>
    public PartitionSettings Settings { get; set; } = new();

    /// <summary>What scopes use, by pool and scope.</summary>
    public IReadOnlyDictionary<(string PoolId, string Scope), ScopeUsage> Usages => usages;

    /// <summary>All commands that wait for an approval, by pool and id.</summary>
    public IReadOnlyDictionary<(string PoolId, string CommandId), ParkedCommand> Approvals => approvals;

    /// <summary>All pools.</summary>
    public IReadOnlyDictionary<string, PoolState> Pools => pools;

    /// <summary>All reservations, by pool and id.</summary>
    public IReadOnlyDictionary<(string PoolId, string ReservationId), Reservation> Reservations => reservations;

    /// <summary>All commands remembered, by pool and id.</summary>
    public IReadOnlyDictionary<(string PoolId, string CommandId), CommandMemory> Commands => commands;

    /// <summary>All consumptions and returns remembered, by pool and id.</summary>
    public IReadOnlyDictionary<(string PoolId, string ConsumeId), ConsumeMemory> Consumes => consumes;

    /// <inheritdoc/>
    public PoolState? GetPool(string poolId) => pools.GetValueOrDefault(poolId);

    /// <inheritdoc/>
    public void PutPool(PoolState pool) => pools[pool.PoolId] = pool;

    /// <inheritdoc/>
    public Reservation? GetReservation(string poolId, string reservationId) =>
        reservations.GetValueOrDefault((poolId, reservationId));

    /// <inheritdoc/>
    public void PutReservation(string poolId, Reservation reservation) =>
        reservations[(poolId, reservation.ReservationId)] = reservation;

    /// <inheritdoc/>
    public CommandMemory? GetCommand(string poolId, string commandId) =>
        commands.GetValueOrDefault((poolId, commandId));

    /// <inheritdoc/>
    public void PutCommand(string poolId, string commandId, CommandMemory memory) =>
        commands[(poolId, commandId)] = memory;

    /// <inheritdoc/>
    public ConsumeMemory? GetConsume(string poolId, string consumeId) =>
        consumes.GetValueOrDefault((poolId, consumeId));

    /// <inheritdoc/>
    public void PutConsume(string poolId, ConsumeMemory memory) => consumes[(poolId, memory.ConsumeId)] = memory;

    /// <inheritdoc/>
    public SupplySource? GetSource(string poolId, string source) =>
        sources.TryGetValue(poolId, out var known) ? known.GetValueOrDefault(source) : null;

    /// <inheritdoc/>
    public void PutSource(string poolId, SupplySource source)
    {
        if (!sources.TryGetValue(poolId, out var known))
        {
            sources.Add(poolId, known = new SortedDictionary<string, SupplySource>(StringComparer.Ordinal));
        }
        known[source.Source] = source;
    }

    /// <inheritdoc/>
    public IEnumerable<SupplySource> GetSources(string poolId) =>
        sources.TryGetValue(poolId, out var known) ? known.Values : [];

    /// <inheritdoc/>
    public IEnumerable<SupplyFact> GetFacts(string poolId, string source) =>
        facts.TryGetValue((poolId, source), out var known) ? known.Values : [];

    /// <inheritdoc/>
    public void PutFact(string poolId, SupplyFact fact)
    {
        if (!facts.TryGetValue((poolId, fact.Source), out var known))
        {
            facts.Add((poolId, fact.Source), known = []);
        }
        known[fact.SourceSequence] = fact;
    }

    /// <inheritdoc/>
    public void RemoveFacts(string poolId, string source, long throughSequence)
    {
        if (facts.TryGetValue((poolId, source), out var known))
        {
            foreach (var sequence in known.Keys.TakeWhile(s => s <= throughSequence).ToArray())
            {
                known.Remove(sequence);
            }
        }
    }

    /// <inheritdoc/>
    public ScopeUsage GetUsage(string poolId, string scope) =>
        usages.GetValueOrDefault((poolId, scope)) ?? NoUsage;

    /// <inheritdoc/>
    public void PutUsage(string poolId, string scope, ScopeUsage usage)
    {
        if (usage is { Open: 0, Consumed: 0 })
        {
            usages.Remove((poolId, scope));
        }
        else
        {
            usages[(poolId, scope)] = usage;
        }
    }

    /// <inheritdoc/>
    public IEnumerable<WaiterPlace> GetWaiters(string poolId) =>
        waiters.TryGetValue(poolId, out var line) ? line.Keys : [];

    /// <inheritdoc/>
    public IEnumerable<(WaiterPlace Place, string Class)> GetLine(string poolId) =>
        waiters.TryGetValue(poolId, out var line) ? line.Select(entry => (entry.Key, entry.Value.Class)) : [];

    /// <inheritdoc/>
    public void PutWaiter(string poolId, WaiterPlace place, Place units)
    {
        if (!waiters.TryGetValue(poolId, out var line))
        {
            waiters.Add(poolId, line = new SortedDictionary<WaiterPlace, Place>(PlaceOrder.Instance));
        }
        line[place] = units;
    }

    /// <inheritdoc/>
    public void RemoveWaiter(string poolId, WaiterPlace place)
    {
        if (waiters.TryGetValue(poolId, out var line))
        {
            line.Remove(place);
        }
    }

    /// <inheritdoc/>
    public IEnumerable<HolderPlace> GetHolders(string poolId, string priorityClass) =>
        holders.TryGetValue((poolId, priorityClass), out var known) ? known.Keys : [];

    /// <inheritdoc/>
    public void PutHolder(string poolId, HolderPlace place, Place units)
    {
        if (!holders.TryGetValue((poolId, place.Class), out var known))
        {
            holders.Add(
                (poolId, place.Class), known = new SortedDictionary<HolderPlace, Place>(PlaceOrder.Instance));
        }
        known[place] = units;
    }

    /// <inheritdoc/>
    public void RemoveHolder(string poolId, HolderPlace place)
    {
        if (holders.TryGetValue((poolId, place.Class), out var known))
        {
            known.Remove(place);
        }
    }

    /// <inheritdoc/>
    public ParkedCommand? GetApproval(string poolId, string commandId) =>
        approvals.GetValueOrDefault((poolId, commandId));

    /// <inheritdoc/>
    public void PutApproval(string poolId, string commandId, ParkedCommand? pending)
    {
        if (pending is null)
        {
            approvals.Remove((poolId, commandId));
        }
        else
        {
            approvals[(poolId, commandId)] = pending;
        }
    }

    /// <inheritdoc/>
    public long? GetCooldown(string poolId, string id) =>
        cooldowns.TryGetValue((poolId, id), out var endsAt) ? endsAt : null;

    /// <inheritdoc/>
    public void PutCooldown(string poolId, Cooldown cooldown) => cooldowns[(poolId, cooldown.Id)] = cooldown.EndsAtMs;

    /// <inheritdoc/>
    public IEnumerable<PoolState> GetPools(string fromPoolId) => pools.Values
        .Where(p => Utf8Order.Compare(p.PoolId, fromPoolId) >= 0)
        .OrderBy(p => p.PoolId, Comparer<string>.Create(Utf8Order.Compare));

    /// <inheritdoc/>
    public bool TryPeekTimer(out LedgerTimer timer)
    {
        timer = timers.Min;
        return timers.Count > 0;
    }

    /// <inheritdoc/>
    public IEnumerable<LedgerTimer> GetTimers() => timers;

    /// <inheritdoc/>
    public void SetTimer(LedgerTimer timer) => timers.Add(timer);

    /// <inheritdoc/>
    public void CancelTimer(LedgerTimer timer) => timers.Remove(timer);
}
