using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;

namespace Alloc.Web.Reads;

/// <summary>
/// Reads of the committed stores of one partition: of one task, so that a reading that goes on while the partition
/// moves away fails instead of finding nothing.
/// </summary>
/// <param name="stores">The task's stores.</param>
public sealed class StoreLedgerReads(IStores stores) : ILedgerReads
{
    private static readonly ScopeUsage NoUsage = new();

    /// <inheritdoc/>
    public PoolState? Pool(string poolId) => Store<string, PoolState>(AllocationStores.Pools).Get(poolId);

    /// <inheritdoc/>
    public IEnumerable<PoolState> Pools(string prefix, string after) => Store<string, PoolState>(AllocationStores.Pools)
        .Range(Utf8Order.Instance.Compare(prefix, after) > 0 ? prefix : after, AllocationStores.LastPoolId)
        .Select(p => p.Value)
        .SkipWhile(p => p.PoolId == after)
        .TakeWhile(p => p.PoolId.StartsWith(prefix, StringComparison.Ordinal));

    /// <inheritdoc/>
    public IEnumerable<SupplySource> Sources(string poolId) => Of<SupplySource>(AllocationStores.Sources, poolId);

    /// <inheritdoc/>
    public Reservation? Reservation(string poolId, string reservationId) =>
        Store<PoolKey, Reservation>(AllocationStores.Reservations).Get(new PoolKey(poolId, reservationId));

    /// <inheritdoc/>
    public IEnumerable<Reservation> Reservations(string poolId) =>
        Of<Reservation>(AllocationStores.Reservations, poolId);

    /// <inheritdoc/>
    public CommandMemory? Command(string poolId, string commandId) =>
        Store<PoolKey, CommandMemory>(AllocationStores.Commands).Get(new PoolKey(poolId, commandId));

    /// <inheritdoc/>
    public ScopeUsage Usage(string poolId, string scope) =>
        Store<PoolKey, ScopeUsage>(AllocationStores.Usages).Get(new PoolKey(poolId, scope)) ?? NoUsage;

    /// <inheritdoc/>
    public PartitionState? Partition() =>
        Store<string, PartitionState>(AllocationStores.Partition).Get(AllocationStores.PartitionKey);

    /// <inheritdoc/>
    public PartitionSettings Settings() =>
        Store<string, PartitionSettings>(AllocationStores.Settings).Get(AllocationStores.PartitionKey)
            ?? new PartitionSettings();

    private IEnumerable<T> Of<T>(string store, string poolId)
        where T : class => Store<PoolKey, T>(store).Prefix(StateKeys.PrefixOf(poolId)).Select(e => e.Value);

    private IReadOnlyKeyValueStore<TKey, T> Store<TKey, T>(string name)
        where TKey : notnull
        where T : class => stores.GetStore<IKeyValueStore<TKey, T>>(name);
}
