using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.State;

/// <summary>The stores of allocation. Ids are never reused. The journal is the changelog of all of them.</summary>
public static class AllocationStores
{
    /// <summary>What belongs to the partition as a whole.</summary>
    public const string Partition = "partition";

    /// <summary>Pools, by id.</summary>
    public const string Pools = "pools";

    /// <summary>Reservations, by pool and id.</summary>
    public const string Reservations = "reservations";

    /// <summary>Answers to commands, by pool and command id.</summary>
    public const string Commands = "commands";

    /// <summary>Consumptions and returns seen, by pool and id.</summary>
    public const string Consumes = "consumes";

    /// <summary>Marks of sources, by pool and source.</summary>
    public const string Sources = "sources";

    /// <summary>Facts that no snapshot covers yet, by pool, source and sequence.</summary>
    public const string Facts = "facts";

    /// <summary>What falls due, by time.</summary>
    public const string Timers = "timers";

    /// <summary>The only key of <see cref="Partition"/>.</summary>
    public const string PartitionKey = "state";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<StoreDefinition> Definitions(
        StorePersistence persistence = StorePersistence.Persistent) =>
    [
        StoreDefinition.KeyValue(Partition, 1, Serdes.Utf8, new StateSerde<PartitionState>(), persistence),
        StoreDefinition.KeyValue(Pools, 2, Serdes.Utf8, new StateSerde<PoolState>(), persistence),
        StoreDefinition.KeyValue(
            Reservations, 3, StateKeys.PoolKey, new StateSerde<Reservation>(), persistence, EntryForm.Bytes),
        StoreDefinition.KeyValue(
            Commands, 4, StateKeys.PoolKey, new StateSerde<CommandMemory>(), persistence, EntryForm.Bytes),
        StoreDefinition.KeyValue(
            Consumes, 5, StateKeys.PoolKey, new StateSerde<ConsumeMemory>(), persistence, EntryForm.Bytes),
        StoreDefinition.KeyValue(Sources, 6, StateKeys.PoolKey, new StateSerde<SupplySource>(), persistence),
        StoreDefinition.KeyValue(Facts, 7, StateKeys.FactKey, new StateSerde<SupplyFact>(), persistence),
        StoreDefinition.TimeIndex(Timers, 8, StateKeys.TimerKey, persistence),
    ];

    /// <summary>Their names.</summary>
    public static string[] Names { get; } =
    [
        Partition, Pools, Reservations, Commands, Consumes, Sources, Facts, Timers
    ];
}
