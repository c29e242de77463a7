using Alloc.Engine.Processing;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Supply;
using Alloc.Schemas.Warehouse;
using Confluent.SchemaRegistry;

namespace Alloc.Processors.SupplyBridge;

/// <summary>How movements and counts are read, and commands written: Avro, schemas from a registry.</summary>
public sealed class SupplyBridgeSerdes
{
    /// <param name="registry">The schema registry.</param>
    /// <param name="options">The topics, whose names give the subjects.</param>
    public SupplyBridgeSerdes(ISchemaRegistryClient registry, SupplyBridgeOptions options)
    {
        var guarded = GuardedRegistryClient.Over(registry);
        Movements = new RegistrySerde<WarehouseMovement>(guarded, options.MovementTopic);
        Stock = new RegistrySerde<StockSnapshot>(guarded, options.StockTopic);
        Commands = new RegistrySerde<AllocationCommand>(guarded, options.CommandTopic);
    }

    /// <summary>Goods that moved.</summary>
    public ISerde<WarehouseMovement> Movements { get; }

    /// <summary>What sources count.</summary>
    public ISerde<StockSnapshot> Stock { get; }

    /// <summary>Commands of the ledger.</summary>
    public ISerde<AllocationCommand> Commands { get; }
}
