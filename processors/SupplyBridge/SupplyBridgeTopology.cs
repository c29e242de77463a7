using Alloc.Engine.Processing;
using Alloc.Engine.Topology;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Supply;
using Alloc.Schemas.Warehouse;

namespace Alloc.Processors.SupplyBridge;

/// <summary>
/// Facts of warehouses as commands of the ledger. Without state, and in no order: the ledger tells repeats from news
/// and puts late facts in their place. A command goes where its pool belongs, whatever partition the fact came in.
/// <code>
/// warehouse.movements ──► moved ────┐
///                                   ├──► allocation.commands (by pool)
/// supply.stock ─────────► counted ──┘
/// </code>
/// </summary>
public static class SupplyBridgeTopology
{
    /// <summary>Node that reads movements.</summary>
    public const string Movements = "movements";

    /// <summary>Node that makes a command of a movement.</summary>
    public const string Moved = "moved";

    /// <summary>Node that reads counts.</summary>
    public const string Stock = "stock";

    /// <summary>Node that makes a command of a count.</summary>
    public const string Counted = "counted";

    /// <summary>Node that writes commands.</summary>
    public const string Commands = "commands";

    /// <summary>Builds the topology.</summary>
    public static Topology Build(SupplyBridgeOptions options, SupplyBridgeSerdes serdes) => new TopologyBuilder()
        .AddSource(
            Movements, options.MovementTopic, Serdes.Utf8, serdes.Movements,
            Source(options, options.MovementDeadLetterTopic))
        .AddProcessor<string, WarehouseMovement, string, AllocationCommand>(
            Moved, () => new FactProcessor<WarehouseMovement>(MovementCommands.Of), Movements)
        .AddSource(
            Stock, options.StockTopic, Serdes.Utf8, serdes.Stock, Source(options, options.StockDeadLetterTopic))
        .AddProcessor<string, StockSnapshot, string, AllocationCommand>(
            Counted, () => new FactProcessor<StockSnapshot>(CountCommands.Of), Stock)
        .AddSink<string, AllocationCommand>(
            Commands, options.CommandTopic, Serdes.Utf8, serdes.Commands, new SinkOptions { CleanupPolicy = "delete" },
            Moved, Counted)
        .Build();

    private static SourceOptions Source(SupplyBridgeOptions options, string deadLetters) => new()
    {
        DeadLetterTopic = deadLetters,
        RequireLogAppendTime = options.RequireLogAppendTime,
    };
}
