using Alloc.Engine.Processing;
using Alloc.Engine.Topology;
using Alloc.Processors.Keys;

namespace Alloc.Processors.Steps;

/// <summary>Nodes of topologies in which one processor reads and writes records of several types.</summary>
internal static class TypedTopology
{
    /// <summary>
    /// Adds a source and, as <c>{name}-read</c>, the node that a processor of several types has as its parent.
    /// </summary>
    public static TopologyBuilder AddTypedSource<T>(
        this TopologyBuilder builder, string name, string topic, IDeserializer<T> values, SourceOptions options)
        where T : class => builder
            .AddSource(name, topic, Serdes.Utf8, values, options)
            .AddProcessor<string, T, string, object>($"{name}-read", () => new Widen<T>(), name);

    /// <summary>Adds a sink for the records of one type among those that a processor writes.</summary>
    public static TopologyBuilder AddTypedSink<TKey, T>(
        this TopologyBuilder builder, string name, string topic, ISerializer<TKey> keys, ISerializer<T> values,
        SinkOptions options, string parent)
        where T : class => builder
            .AddProcessor<TKey, object, TKey, T>($"{name}-pick", () => new Narrow<TKey, T>(), parent)
            .AddSink(name, topic, keys, values, options, $"{name}-pick");

    /// <summary>Options of a sink whose keys say the partition.</summary>
    public static SinkOptions<PartitionedKey, T> Addressed<T>(string cleanupPolicy = "delete") => new()
    {
        Partitioning = SinkPartitioning.Explicit,
        Partitioner = (key, _, count) => key.Partition < count
            ? key.Partition
            : throw new StreamsException(
                $"A record for partition {key.Partition} of a topic with {count} partitions: the topics changed."),
        CleanupPolicy = cleanupPolicy,
    };
}
