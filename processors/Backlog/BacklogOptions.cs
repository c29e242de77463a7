using Alloc.Engine.State;
using Alloc.Schemas.Catalogue;

namespace Alloc.Processors.Backlog;

/// <summary>What the topology of the backlog needs to know of its surroundings.</summary>
public sealed record BacklogOptions
{
    /// <summary>Topic of stage events.</summary>
    public string StageTopic { get; init; } = "workflow.stages";

    /// <summary>Topic of records that cannot be processed, of every source.</summary>
    public string DeadLetterTopic { get; init; } = "workflow.stages.dlq";

    /// <summary>Topic of outcomes by order.</summary>
    public string ByOrderTopic { get; init; } = "allocation.by-order";

    /// <summary>Topic of what the merger predicts.</summary>
    public string PredictionTopic { get; init; } = "backlog.predictions";

    /// <summary>Topic of alerts by name.</summary>
    public string AgingTopic { get; init; } = "backlog.aging";

    /// <summary>Topic of what changed in each partition; one partition, so that one task merges.</summary>
    public string DeltaTopic { get; init; } = "backlog.deltas";

    /// <summary>Topic of statuses.</summary>
    public string StatusTopic { get; init; } = "backlog.stages";

    /// <summary>Topic of modes, of the application and of operators.</summary>
    public string ModeTopic { get; init; } = "backlog.modes";

    /// <summary>Topic of the operations catalogue.</summary>
    public string CatalogueTopic { get; init; } = "operations.catalogue";

    /// <summary>Topic of the ledger's commands; modes that act on the ledger are switched there.</summary>
    public string CommandTopic { get; init; } = "allocation.commands";

    /// <summary>Partitions of stage events, by-order and predictions.</summary>
    public required int StagePartitionCount { get; init; }

    /// <summary>Partitions of the ledger's commands.</summary>
    public required int CommandPartitionCount { get; init; }

    /// <summary>Where committed state is kept.</summary>
    public StorePersistence Persistence { get; init; } = StorePersistence.Persistent;

    /// <summary>
    /// Refuses to start on a topic of stage events whose producers set the time: ages are counted from it.
    /// </summary>
    public bool RequireLogAppendTime { get; init; } = true;

    /// <summary>What the merger shows of stages.</summary>
    internal BacklogInstruments Instruments { get; init; } = BacklogInstruments.Shared;

    /// <summary>The options for the topics of a catalogue.</summary>
    /// <param name="catalogue">The catalogue, with its prefix applied.</param>
    /// <param name="prefix">The prefix.</param>
    public static BacklogOptions For(TopicCatalogue catalogue, string prefix = "")
    {
        var stages = catalogue[prefix + "workflow.stages"];
        var commands = catalogue[prefix + "allocation.commands"];
        return new BacklogOptions
        {
            StageTopic = stages.Name,
            DeadLetterTopic = stages.DeadLetterTopic ?? prefix + "workflow.stages.dlq",
            ByOrderTopic = catalogue[prefix + "allocation.by-order"].Name,
            PredictionTopic = catalogue[prefix + "backlog.predictions"].Name,
            AgingTopic = catalogue[prefix + "backlog.aging"].Name,
            DeltaTopic = catalogue[prefix + "backlog.deltas"].Name,
            StatusTopic = catalogue[prefix + "backlog.stages"].Name,
            ModeTopic = catalogue[prefix + "backlog.modes"].Name,
            CatalogueTopic = catalogue[prefix + "operations.catalogue"].Name,
            CommandTopic = commands.Name,
            StagePartitionCount = stages.PartitionCount,
            CommandPartitionCount = commands.PartitionCount,
        };
    }
}
