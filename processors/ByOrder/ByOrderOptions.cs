using Alloc.Schemas.Catalogue;

namespace Alloc.Processors.ByOrder;

/// <summary>What the topology of by-order needs to know of its surroundings.</summary>
public sealed record ByOrderOptions
{
    /// <summary>Topic of commands, of which outcomes are made; nothing here reads it.</summary>
    public string CommandTopic { get; init; } = "allocation.commands";

    /// <summary>Topic of outcomes: the journal.</summary>
    public string OutcomeTopic { get; init; } = "allocation.outcomes";

    /// <summary>Topic of what outcomes mean for orders.</summary>
    public string ByOrderTopic { get; init; } = "allocation.by-order";

    /// <summary>Partitions of <see cref="ByOrderTopic"/>, each of which learns of a change of authority.</summary>
    public required int PartitionCount { get; init; }

    /// <summary>What is counted.</summary>
    internal ByOrderInstruments Instruments { get; init; } = ByOrderInstruments.Shared;

    /// <summary>The options for the topics of a catalogue.</summary>
    /// <param name="catalogue">The catalogue, with its prefix applied.</param>
    /// <param name="prefix">The prefix.</param>
    public static ByOrderOptions For(TopicCatalogue catalogue, string prefix = "")
    {
        var byOrder = catalogue[prefix + "allocation.by-order"];
        return new ByOrderOptions
        {
            CommandTopic = catalogue[prefix + "allocation.commands"].Name,
            OutcomeTopic = catalogue[prefix + "allocation.outcomes"].Name,
            ByOrderTopic = byOrder.Name,
            PartitionCount = byOrder.PartitionCount,
        };
    }
}
