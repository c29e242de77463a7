using Alloc.Engine.Processing;
using Alloc.Engine.Topology;
using Alloc.Processors.Backlog.Merging;
using Alloc.Processors.Backlog.Waiting;
using Alloc.Processors.Keys;
using Alloc.Processors.Steps;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Workflow;

namespace Alloc.Processors.Backlog;

/// <summary>
/// What waits, stage by stage. Each partition knows its own items; one task merges what all of them say.
/// <code>
/// workflow.stages ────────┐
/// allocation.by-order ────┼─► wait ──► backlog.aging (overdue, holds at risk, by name)
/// backlog.predictions ──►─┘     └───► backlog.deltas ──┐
///        ▲                                             ├─► merge ──► backlog.stages (what is, what will be)
///        │                operations.catalogue ────────┤     ├────► backlog.modes
///        │                backlog.modes (operators) ───┘     ├────► allocation.commands (modes of the ledger)
///        │                                                   ├────► workflow.stages (the catalogue, once a day)
///        └───────────────────────────────────────────────────┘
/// </code>
/// </summary>
public static class BacklogTopology
{
    /// <summary>Node that keeps the items of a partition.</summary>
    public const string Wait = "wait";

    /// <summary>Node that merges what all partitions say.</summary>
    public const string Merge = "merge";

    /// <summary>Builds the topology.</summary>
    /// <exception cref="TopologyException">The options contradict each other.</exception>
    public static Topology Build(BacklogOptions options, BacklogSerdes serdes)
    {
        var builder = new TopologyBuilder().UseWatermarks();
        Source(builder, "stages", options.StageTopic, serdes.Stages, options, options.RequireLogAppendTime);
        Source(builder, "by-order", options.ByOrderTopic, serdes.ByOrder, options);
        Source(builder, "predictions", options.PredictionTopic, serdes.Predictions, options);
        builder.AddProcessor<string, object, string, object>(
            Wait, () => new WaitingProcessor(options), "stages-read", "by-order-read", "predictions-read");
        builder.AddTypedSink<string, AgingAlert>(
            "aging", options.AgingTopic, Serdes.Utf8, serdes.Aging,
            new SinkOptions { Partitioning = SinkPartitioning.TaskPartition, CleanupPolicy = "delete" }, Wait);
        builder.AddTypedSink<string, StageDelta>(
            "deltas", options.DeltaTopic, Serdes.Utf8, serdes.Deltas, new SinkOptions { CleanupPolicy = "delete" },
            Wait);
        foreach (var store in BacklogStores.OfPartition(options.Persistence))
        {
            builder.AddStateStore(store, Wait);
        }
        AddMerger(builder, options, serdes);
        return builder.Build();
    }

    private static void AddMerger(TopologyBuilder builder, BacklogOptions options, BacklogSerdes serdes)
    {
        Source(builder, "words", options.DeltaTopic, serdes.Deltas, options);
        Source(builder, "switches", options.ModeTopic, serdes.Modes, options);
        Source(builder, "catalogue", options.CatalogueTopic, serdes.Catalogue, options);
        builder.AddProcessor<string, object, PartitionedKey, object>(
            Merge, () => new MergeProcessor(options), "words-read", "switches-read", "catalogue-read");
        var newest = new SinkOptions { Emit = SinkEmit.LastPerKeyPerCommit, CleanupPolicy = "compact" };
        builder.AddTypedSink<PartitionedKey, StageStatus>(
            "statuses", options.StatusTopic, PartitionedKey.Serializer, serdes.Statuses, newest, Merge);
        builder.AddTypedSink<PartitionedKey, ModeState>(
            "modes", options.ModeTopic, PartitionedKey.Serializer, serdes.Modes,
            new SinkOptions { CleanupPolicy = "compact" }, Merge);
        builder.AddTypedSink<PartitionedKey, StagePrediction>(
            "predict", options.PredictionTopic, PartitionedKey.Serializer, serdes.Predictions,
            TypedTopology.Addressed<StagePrediction>(), Merge);
        builder.AddTypedSink<PartitionedKey, AllocationCommand>(
            "commands", options.CommandTopic, PartitionedKey.Serializer, serdes.Commands,
            TypedTopology.Addressed<AllocationCommand>(), Merge);
        builder.AddTypedSink<PartitionedKey, StageEvent>(
            "copies", options.StageTopic, PartitionedKey.Serializer, serdes.Stages,
            TypedTopology.Addressed<StageEvent>(), Merge);
        foreach (var store in BacklogStores.OfMerger(options.Persistence))
        {
            builder.AddStateStore(store, Merge);
        }
    }

    private static void Source<T>(
        TopologyBuilder builder, string name, string topic, IDeserializer<T> values, BacklogOptions options,
        bool requireLogAppendTime = false)
        where T : class => builder.AddTypedSource(name, topic, values, new SourceOptions
        {
            DeadLetterTopic = options.DeadLetterTopic,
            RequireLogAppendTime = requireLogAppendTime,
        });
}
