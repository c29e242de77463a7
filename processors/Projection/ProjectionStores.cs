using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Projection;

namespace Alloc.Processors.Projection;

/// <summary>The stores of the projection. Ids are never reused.</summary>
public static class ProjectionStores
{
    /// <summary>How far each pool is.</summary>
    public const string Pools = "projected-pools";

    /// <summary>Reservations, by pool and id.</summary>
    public const string Reservations = "projected-reservations";

    /// <summary>Reservations by order, by customer, and by status and age.</summary>
    public const string Index = "projected-index";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<StoreDefinition> Definitions(StorePersistence persistence) =>
    [
        StoreDefinition.KeyValue(Pools, 1, Serdes.Utf8, new StateSerde<ProjectedPool>(), persistence),
        StoreDefinition.KeyValue(
            Reservations, 2, StateKeys.PoolKey, new StateSerde<ReservationView>(), persistence, EntryForm.Bytes),
        StoreDefinition.KeyValue(
            Index, 3, IndexKeys.Serde, new StateSerde<IndexEntry>(), persistence, EntryForm.Bytes),
    ];
}
