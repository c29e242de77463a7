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

    /// <summary>After every id that a pool can have: ids are valid text.</summary>
    public const string LastPoolId = "\U0010FFFF\U0010FFFF";

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

    /// <summary>What scopes use, by pool and scope.</summary>
    public const string Usages = "usages";

    /// <summary>Those that wait, by pool and place in line.</summary>
    public const string Waiters = "waiters";

    /// <summary>Those that have units, by pool, class and place.</summary>
    public const string Holders = "holders";

    /// <summary>Commands that wait for an approval, by pool and command id.</summary>
    public const string Approvals = "approvals";

    /// <summary>Cool-downs, by pool and id.</summary>
    public const string Cooldowns = "cooldowns";

    /// <summary>Policies, modes and authority of the partition.</summary>
    public const string Settings = "settings";

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
        StoreDefinition.KeyValue(Usages, 9, StateKeys.PoolKey, new StateSerde<ScopeUsage>(), persistence),
        StoreDefinition.KeyValue(Waiters, 10, StateKeys.WaiterKey, new StateSerde<Place>(), persistence),
        StoreDefinition.KeyValue(
            Holders, 11, StateKeys.HolderKey, new StateSerde<Place>(), persistence, EntryForm.Bytes),
        StoreDefinition.KeyValue(Approvals, 12, StateKeys.PoolKey, new StateSerde<ParkedCommand>(), persistence),
        StoreDefinition.KeyValue(Cooldowns, 13, StateKeys.PoolKey, new StateSerde<CooldownEnd>(), persistence),
        StoreDefinition.KeyValue(Settings, 14, Serdes.Utf8, new StateSerde<PartitionSettings>(), persistence),
    ];

    /// <summary>Their names.</summary>
    public static string[] Names { get; } =
    [
        Partition, Pools, Reservations, Commands, Consumes, Sources, Facts, Timers, Usages, Waiters, Holders,
        Approvals, Cooldowns, Settings,
    ];
}
