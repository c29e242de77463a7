using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;

namespace Alloc.Web.Reads;

/// <summary>Reads of the committed stores of one partition.</summary>
public sealed class StoreLedgerReads : ILedgerReads
{
    private static readonly ScopeUsage NoUsage = new();

    private readonly StreamsApplication application;
    private readonly int partition;
    private readonly IReadOnlyKeyValueStore<string, PoolState> pools;

    private StoreLedgerReads(
        StreamsApplication application, int partition, IReadOnlyKeyValueStore<string, PoolState> pools)
    {
        this.application = application;
        this.partition = partition;
        this.pools = pools;
    }

    /// <summary>The reads of a partition that this instance holds ready; else null.</summary>
    public static StoreLedgerReads? Open(StreamsApplication application, int partition) =>
        application.Query<string, PoolState>(AllocationStores.Pools, partition) is { } pools
            ? new StoreLedgerReads(application, partition, pools)
            : null;

    /// <inheritdoc/>
    public PoolState? Pool(string poolId) => pools.Get(poolId);

    /// <inheritdoc/>
    public IEnumerable<PoolState> Pools() => pools.All().Select(p => p.Value);

    /// <inheritdoc/>
    public IEnumerable<SupplySource> Sources(string poolId) => Of<SupplySource>(AllocationStores.Sources, poolId);

    /// <inheritdoc/>
    public Reservation? Reservation(string poolId, string reservationId) =>
        Store<Reservation>(AllocationStores.Reservations)?.Get(new PoolKey(poolId, reservationId));

    /// <inheritdoc/>
    public IEnumerable<Reservation> Reservations(string poolId) =>
        Of<Reservation>(AllocationStores.Reservations, poolId);

    /// <inheritdoc/>
    public CommandMemory? Command(string poolId, string commandId) =>
        Store<CommandMemory>(AllocationStores.Commands)?.Get(new PoolKey(poolId, commandId));

    /// <inheritdoc/>
    public ScopeUsage Usage(string poolId, string scope) =>
        Store<ScopeUsage>(AllocationStores.Usages)?.Get(new PoolKey(poolId, scope)) ?? NoUsage;

    /// <inheritdoc/>
    public PartitionState? Partition() =>
        application.Query<string, PartitionState>(AllocationStores.Partition, partition)
            ?.Get(AllocationStores.PartitionKey);

    /// <inheritdoc/>
    public PartitionSettings Settings() =>
        application.Query<string, PartitionSettings>(AllocationStores.Settings, partition)
            ?.Get(AllocationStores.PartitionKey) ?? new PartitionSettings();

    private IEnumerable<T> Of<T>(string store, string poolId)
        where T : class =>
        Store<T>(store)?.Prefix(StateKeys.PrefixOf(poolId)).Select(e => e.Value) ?? [];

    private IReadOnlyKeyValueStore<PoolKey, T>? Store<T>(string name)
        where T : class => application.Query<PoolKey, T>(name, partition);
}
