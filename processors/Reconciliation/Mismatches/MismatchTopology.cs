using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Engine.Processing;
using Alloc.Engine.Topology;
using Alloc.Processors.Keys;
using Alloc.Processors.Steps;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Projection;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>
/// The keeper of mismatches: one task for all of them.
/// <code>
/// reconciliation.differences ─┐
/// reconciliation.commands ────┼─► keep ──► reconciliation.mismatches (last per mismatch and commit)
/// operations.catalogue ───────┘     ├────► reconciliation.events (the audit)
///                                   ├────► allocation.commands, effects.redeliveries, supply.requests,
///                                   │      projection.requests (repairs)
///                                   └────► reconciliation.control, reconciliation.control.orders (the catalogue)
/// </code>
/// </summary>
internal static class MismatchTopology
{
    /// <summary>Node that keeps the mismatches.</summary>
    public const string Keep = "keep";

    /// <summary>Node before the topic of mismatches.</summary>
    public const string Rows = "keep-rows-pick";

    /// <summary>Node before the audit.</summary>
    public const string Events = "keep-events-pick";

    /// <summary>Node before the ledger's commands.</summary>
    public const string Commands = "keep-commands-pick";

    /// <summary>Node before outcomes that are given again.</summary>
    public const string Redeliveries = "keep-redeliveries-pick";

    /// <summary>Node before what sources of supply are asked.</summary>
    public const string Requests = "keep-requests-pick";

    /// <summary>Node before what is to be built anew of searches.</summary>
    public const string Rebuilds = "keep-rebuilds-pick";

    /// <summary>Node before what partitions of pools are told.</summary>
    public const string PoolControl = "keep-pool-control-pick";

    /// <summary>Node before what partitions of orders are told.</summary>
    public const string OrderControl = "keep-order-control-pick";

    /// <summary>
    /// Adds the keeper and everything that it reads and writes. It uses watermarks: differences are known as far as the
    /// comparisons of outcomes have got, and those as far as allocation has.
    /// </summary>
    /// <exception cref="TopologyException">The options contradict each other.</exception>
    public static void Add(TopologyBuilder builder, ReconciliationOptions options, ReconciliationSerdes serdes)
    {
        var source = new SourceOptions
        {
            DeadLetterTopic = ReconciliationOptions.DeadLettersOf(options.DecisionTopic),
            RequireLogAppendTime = options.RequireLogAppendTime,
        };
        builder
            .UseWatermarks()
            .AddTypedSource("keep-differences", options.DifferenceTopic, serdes.Differences, source with
            {
                Upstream = new SourceUpstream(
                    SourceUpstream.OwnGroup, [new UpstreamSource(options.OutcomeTopic, options.OutcomeUpstream)]),
            })
            .AddTypedSource("keep-decisions", options.DecisionTopic, serdes.Decisions, source)
            .AddTypedSource(
                "keep-catalogue", options.CatalogueTopic, serdes.Catalogue,
                source with { RequireLogAppendTime = false })
            .AddProcessor<string, object, PartitionedKey, object>(
                Keep, () => new KeeperProcessor(options, serdes), "keep-differences-read", "keep-decisions-read",
                "keep-catalogue-read")
            .AddProcessor<PartitionedKey, object, PartitionedKey, Mismatch>(Rows, () => new MismatchRows(), Keep)
            .AddSink("keep-rows", options.MismatchTopic, PartitionedKey.Serializer, serdes.Mismatches, new SinkOptions
            {
                Emit = SinkEmit.LastPerKeyPerCommit,
                CleanupPolicy = "compact",
            }, Rows);
        Sink("keep-events", options.EventTopic, serdes.Events, new SinkOptions { CleanupPolicy = "delete" });
        Sink("keep-commands", options.CommandTopic, serdes.Commands, new SinkOptions<PartitionedKey, AllocationCommand>
        {
            Partitioning = SinkPartitioning.Explicit,
            Partitioner = (key, _, count) => PartitionOf(key, count),
            CleanupPolicy = "delete",
        });
        Sink(
            "keep-redeliveries", options.RedeliveryTopic, serdes.Redeliveries,
            new SinkOptions { CleanupPolicy = "delete" });
        Sink(
            "keep-requests", options.SupplyRequestTopic, serdes.SupplyRequests,
            new SinkOptions { CleanupPolicy = "delete" });
        Sink(
            "keep-rebuilds", options.RebuildTopic, serdes.Rebuilds,
            TypedTopology.Addressed<RebuildRequest>());
        Sink(
            "keep-pool-control", options.PoolControlTopic, serdes.PoolControl,
            TypedTopology.Addressed<ReconciliationControl>("compact"));
        Sink(
            "keep-order-control", options.OrderControlTopic, serdes.OrderControl,
            TypedTopology.Addressed<ReconciliationControl>("compact"));
        foreach (var store in MismatchStores.Definitions(options.Persistence))
        {
            builder.AddStateStore(store, Keep);
        }

        void Sink<T>(string name, string topic, ISerializer<T> values, SinkOptions sink)
            where T : class =>
            builder.AddTypedSink(name, topic, PartitionedKey.Serializer, values, sink, Keep);
    }

    // A pool's commands lie where its producers put them; some commands are for a partition.
    private static int PartitionOf(PartitionedKey key, int count)
    {
        if (key.Partition == PartitionedKey.ByKey)
        {
            return Murmur2.Partition(Encoding.UTF8.GetBytes(key.Key), count);
        }
        return key.Partition < count ? key.Partition : throw new StreamsException(FormattableString.Invariant(
            $"A repair for partition {key.Partition} of a topic with {count} partitions: the topics changed."));
    }

    // A mismatch that is forgotten has no value: the topic is compacted.
    private sealed class MismatchRows : IProcessor<PartitionedKey, object, PartitionedKey, Mismatch>
    {
        private IProcessorContext<PartitionedKey, Mismatch> context = null!;

        public void Init(IProcessorContext<PartitionedKey, Mismatch> context) => this.context = context;

        public void Process(in Record<PartitionedKey, object> record) => context.Forward(
            new Record<PartitionedKey, Mismatch>(record.Key, (Mismatch)record.Value, record.TimestampMs));
    }
}
