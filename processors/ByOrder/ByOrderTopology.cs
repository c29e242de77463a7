using Alloc.Engine.Processing;
using Alloc.Engine.Topology;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.ByOrder;

/// <summary>
/// Outcomes by order: who needs them so reads this topic, and nobody repartitions them again. Without state; records
/// keep the time of their outcome. An application of its own: when it falls behind, no decision waits.
/// <code>
/// allocation.outcomes ──► split ──► allocation.by-order (by order; AuthorityChanged to every partition)
/// </code>
/// </summary>
public static class ByOrderTopology
{
    /// <summary>Node that reads outcomes.</summary>
    public const string Outcomes = "outcomes";

    /// <summary>Node that makes of an outcome what it means for each order.</summary>
    public const string Split = "split";

    /// <summary>Node that writes it.</summary>
    public const string ByOrder = "by-order";

    /// <summary>Builds the topology.</summary>
    public static Topology Build(ByOrderOptions options, ByOrderSerdes serdes) => new TopologyBuilder()
        .AddSource(Outcomes, options.OutcomeTopic, Serdes.Utf8, serdes.Outcomes)
        .AddProcessor<string, AllocationOutcome, OrderKey, OrderAllocation>(
            Split, () => new ByOrderProcessor(options), Outcomes)
        .AddSink<OrderKey, OrderAllocation>(
            ByOrder, options.ByOrderTopic, new OrderKey.Serializer(), serdes.ByOrder,
            new SinkOptions<OrderKey, OrderAllocation>
            {
                Partitioning = SinkPartitioning.Explicit,
                Partitioner = (key, _, count) => PartitionOf(options, key, count),
                CleanupPolicy = "delete",
            }, Split)
        .Build();

    /// <summary>
    /// What writes by-order, for the sources of those who read it: they know no more than this group has got to, and
    /// that no more than allocation has.
    /// </summary>
    /// <param name="options">The topics.</param>
    /// <param name="byOrderGroup">The group of by-order, its <c>application.id</c>.</param>
    /// <param name="allocationGroup">The group of allocation.</param>
    public static SourceUpstream UpstreamOf(ByOrderOptions options, string byOrderGroup, string allocationGroup) =>
        new(byOrderGroup,
        [
            new UpstreamSource(
                options.OutcomeTopic,
                new SourceUpstream(allocationGroup, [new UpstreamSource(options.CommandTopic)])),
        ]);

    // A partition that is not told of a change of authority would go on as if there had been none.
    private static int PartitionOf(ByOrderOptions options, OrderKey key, int partitionCount) =>
        partitionCount == options.PartitionCount
            ? key.PartitionOf(partitionCount)
            : throw new StreamsException(
                $"{options.ByOrderTopic} has {partitionCount} partitions, but this was built for "
                + $"{options.PartitionCount}. Partition counts never change: create the topic anew with "
                + $"{options.PartitionCount}, and reset the group of by-order.");
}
