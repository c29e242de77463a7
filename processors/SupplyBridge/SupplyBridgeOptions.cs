using Alloc.Schemas.Catalogue;

namespace Alloc.Processors.SupplyBridge;

/// <summary>What the topology of the supply bridge needs to know of its surroundings.</summary>
public sealed record SupplyBridgeOptions
{
    /// <summary>Topic of goods that moved.</summary>
    public string MovementTopic { get; init; } = "warehouse.movements";

    /// <summary>Topic of movements that no command can be made of.</summary>
    public string MovementDeadLetterTopic { get; init; } = "warehouse.movements.dlq";

    /// <summary>Topic of what sources count.</summary>
    public string StockTopic { get; init; } = "supply.stock";

    /// <summary>Topic of counts that no command can be made of.</summary>
    public string StockDeadLetterTopic { get; init; } = "supply.stock.dlq";

    /// <summary>Topic of the ledger's commands.</summary>
    public string CommandTopic { get; init; } = "allocation.commands";

    /// <summary>
    /// Refuses to start on topics whose producers set the time: a command says when its fact came to the log.
    /// </summary>
    public bool RequireLogAppendTime { get; init; } = true;

    /// <summary>The options for the topics of a catalogue.</summary>
    /// <param name="catalogue">The catalogue, with its prefix applied.</param>
    /// <param name="prefix">The prefix.</param>
    public static SupplyBridgeOptions For(TopicCatalogue catalogue, string prefix = "")
    {
        var movements = catalogue[prefix + "warehouse.movements"];
        var stock = catalogue[prefix + "supply.stock"];
        return new SupplyBridgeOptions
        {
            MovementTopic = movements.Name,
            MovementDeadLetterTopic = movements.DeadLetterTopic ?? prefix + "warehouse.movements.dlq",
            StockTopic = stock.Name,
            StockDeadLetterTopic = stock.DeadLetterTopic ?? prefix + "supply.stock.dlq",
            CommandTopic = catalogue[prefix + "allocation.commands"].Name,
        };
    }
}
