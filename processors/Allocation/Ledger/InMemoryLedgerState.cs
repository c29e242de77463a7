using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// The state of one partition in plain dictionaries: for a replay of a log under another policy, for measuring the fold
/// alone, and for tests. Keeps everything, also what decisions ignore already. Not thread-safe.
/// </summary>
public sealed class InMemoryLedgerState : ILedgerState
{
    private readonly Dictionary<string, PoolState> pools = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, string), Reservation> reservations = [];
    private readonly Dictionary<(string, string), CommandMemory> commands = [];
    private readonly Dictionary<(string, string), ConsumeMemory> consumes = [];
    private readonly Dictionary<string, SortedDictionary<string, SupplySource>> sources = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, string), SortedDictionary<long, SupplyFact>> facts = [];
    private readonly SortedSet<LedgerTimer> timers = new(LedgerTimerOrder.Instance);

    /// <inheritdoc/>
    public PartitionState Partition { get; set; } = new() { TMs = 0 };

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

/// <summary>
/// The order in which timers fire: time, kind, pool, id; texts by their UTF-8 bytes, as stores keep them.
/// </summary>
public sealed class LedgerTimerOrder : IComparer<LedgerTimer>
{
    /// <summary>The one instance.</summary>
    public static LedgerTimerOrder Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(LedgerTimer x, LedgerTimer y)
    {
        var byTime = x.DueAtMs.CompareTo(y.DueAtMs);
        if (byTime != 0)
        {
            return byTime;
        }
        var byKind = x.Kind.CompareTo(y.Kind);
        if (byKind != 0)
        {
            return byKind;
        }
        var byPool = CompareUtf8(x.PoolId, y.PoolId);
        return byPool != 0 ? byPool : CompareUtf8(x.Id, y.Id);
    }

    // UTF-16 units order like UTF-8 bytes, except that surrogates come after everything else.
    private static int CompareUtf8(string? x, string? y)
    {
        if (x is null || y is null)
        {
            return x is null ? (y is null ? 0 : -1) : 1;
        }
        var length = Math.Min(x.Length, y.Length);
        for (var index = 0; index < length; index++)
        {
            if (x[index] != y[index])
            {
                return Rank(x[index]) - Rank(y[index]);
            }
        }
        return x.Length - y.Length;
    }

    private static int Rank(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : unit;
}
