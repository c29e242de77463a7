using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Topology;

namespace Alloc.Engine.Dsl;

/// <summary>A stream of records: each is an event of its own. After Kafka Streams' interface of this name.</summary>
/// <remarks>Functions get what the log has: a value may be null where the topic has nulls.</remarks>
public sealed partial class KStream<TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    internal KStream(StreamsBuilder builder, string name, IReadOnlyList<StreamSource> sources, string? rekeyedBy)
    {
        Builder = builder;
        Name = name;
        Sources = sources;
        RekeyedBy = rekeyedBy;
    }

    /// <summary>The node whose records these are.</summary>
    public string Name { get; }

    internal StreamsBuilder Builder { get; }

    /// <summary>The topics that it comes from.</summary>
    internal IReadOnlyList<StreamSource> Sources { get; }

    internal IReadOnlyList<string> SourceTopics => [.. Sources.Select(s => s.Topic)];

    /// <summary>
    /// The node that changed keys since the stream was last partitioned; null while equal keys are in one task.
    /// </summary>
    internal string? RekeyedBy { get; }

    /// <summary>Records for which the predicate holds.</summary>
    public KStream<TKey, TValue> Filter(Func<TKey, TValue, bool> predicate, string? name = null) => Step<TKey, TValue>(
        name, "filter", (in Record<TKey, TValue> record, IProcessorContext<TKey, TValue> context) =>
        {
            if (predicate(record.Key, record.Value))
            {
                context.Forward(in record);
            }
        });

    /// <summary>Records for which the predicate does not hold.</summary>
    public KStream<TKey, TValue> FilterNot(Func<TKey, TValue, bool> predicate, string? name = null) =>
        Filter((key, value) => !predicate(key, value), Builder.Take(name, Name, "filter-not"));

    /// <summary>Another value for each record; the key and so the partition stays.</summary>
    public KStream<TKey, TNew> MapValues<TNew>(Func<TKey, TValue, TNew> mapper, string? name = null)
        where TNew : class => Step<TKey, TNew>(
            name, "map-values", (in Record<TKey, TValue> record, IProcessorContext<TKey, TNew> context) =>
                context.Forward(new Record<TKey, TNew>(
                    record.Key, mapper(record.Key, record.Value), record.TimestampMs, record.Headers)));

    /// <summary>Another key and value for each record. Repartition before a join or a group.</summary>
    public KStream<TNewKey, TNew> Map<TNewKey, TNew>(
        Func<TKey, TValue, KeyValuePair<TNewKey, TNew>> mapper, string? name = null)
        where TNewKey : notnull
        where TNew : class => Step<TNewKey, TNew>(
            name, "map", (in Record<TKey, TValue> record, IProcessorContext<TNewKey, TNew> context) =>
            {
                var (key, value) = mapper(record.Key, record.Value);
                context.Forward(new Record<TNewKey, TNew>(key, value, record.TimestampMs, record.Headers));
            }, isRekeyed: true);

    /// <summary>Any number of records for each. Repartition before a join or a group.</summary>
    public KStream<TNewKey, TNew> FlatMap<TNewKey, TNew>(
        Func<TKey, TValue, IEnumerable<KeyValuePair<TNewKey, TNew>>> mapper, string? name = null)
        where TNewKey : notnull
        where TNew : class => Step<TNewKey, TNew>(
            name, "flat-map", (in Record<TKey, TValue> record, IProcessorContext<TNewKey, TNew> context) =>
            {
                foreach (var (key, value) in mapper(record.Key, record.Value))
                {
                    context.Forward(new Record<TNewKey, TNew>(key, value, record.TimestampMs, record.Headers));
                }
            }, isRekeyed: true);

    /// <summary>
    /// Another key for each record. Repartition before a join or a group, unless partitions stay right.
    /// </summary>
    /// <param name="selector">Makes the key.</param>
    /// <param name="name">The node's name.</param>
    /// <param name="keepsPartition">
    /// True promises that records of one new key are in one partition already, the one that its partner stream has them
    /// in: as when the partition follows from a part of both keys.
    /// </param>
    public KStream<TNewKey, TValue> SelectKey<TNewKey>(
        Func<TKey, TValue, TNewKey> selector, string? name = null, bool keepsPartition = false)
        where TNewKey : notnull => Step<TNewKey, TValue>(
            name, "select-key", (in Record<TKey, TValue> record, IProcessorContext<TNewKey, TValue> context) =>
                context.Forward(new Record<TNewKey, TValue>(
                    selector(record.Key, record.Value), record.Value, record.TimestampMs, record.Headers)),
            isRekeyed: !keepsPartition);

    /// <summary>Shows each record to somebody and hands it on. It must not be changed.</summary>
    public KStream<TKey, TValue> Peek(Action<Record<TKey, TValue>> look, string? name = null) => Step<TKey, TValue>(
        name, "peek", (in Record<TKey, TValue> record, IProcessorContext<TKey, TValue> context) =>
        {
            look(record);
            context.Forward(in record);
        });

    /// <summary>The records of both streams, in the order in which the task comes by them.</summary>
    public KStream<TKey, TValue> Merge(KStream<TKey, TValue> other, string? name = null)
    {
        var node = Builder.Take(name, Name, "merge");
        Builder.Nodes.AddProcessor(node, () => StepProcessor<TKey, TValue, TKey, TValue>.HandOn, Name, other.Name);
        return new KStream<TKey, TValue>(
            Builder, node, [.. Sources.Union(other.Sources)], RekeyedBy ?? other.RekeyedBy);
    }

    /// <summary>
    /// Parts the stream: each record goes to the first branch whose predicate holds, or to none. A branch's node is
    /// named by it.
    /// </summary>
    /// <returns>The branches, in their order.</returns>
    public IReadOnlyList<KStream<TKey, TValue>> Branch(
        string name, params (string Name, Func<TKey, TValue, bool> Predicate)[] branches)
    {
        var split = Builder.Take(name);
        Builder.Nodes.AddProcessor(split, () => new StepProcessor<TKey, TValue, TKey, TValue>(
            (in Record<TKey, TValue> record, IProcessorContext<TKey, TValue> context) =>
            {
                foreach (var (child, predicate) in branches)
                {
                    if (predicate(record.Key, record.Value))
                    {
                        context.Forward(in record, child);
                        return;
                    }
                }
            }), Name);
        return [.. branches.Select(branch => HandOn(branch.Name, split))];
    }

    /// <summary>A processor of one's own, with stores that it alone uses.</summary>
    public KStream<TNewKey, TNew> Process<TNewKey, TNew>(
        string name, Func<IProcessor<TKey, TValue, TNewKey, TNew>> factory, params StoreDefinition[] stores)
        where TNewKey : notnull
        where TNew : class
    {
        var node = Builder.Take(name);
        Builder.Nodes.AddProcessor(node, factory, Name);
        foreach (var store in stores)
        {
            Builder.Nodes.AddStateStore(store, node);
        }
        return new KStream<TNewKey, TNew>(Builder, node, Sources, node);
    }

    /// <summary>Writes the records to a topic.</summary>
    public void To(
        string topic, ISerializer<TKey> keys, ISerializer<TValue> values, SinkOptions? options = null,
        string? name = null) => Builder.Nodes.AddSink(
            Builder.Take(name, topic, "sink"), topic, keys, values, options ?? new SinkOptions(), Name);

    /// <summary>
    /// Writes the records to a topic of the application's own, partitioned by their key, and reads them from there:
    /// <c>[application.id]-[name]-repartition</c>, made at the start where it is missing, with as many partitions as
    /// what it is joined with has. Timestamps stay; how far it is known follows from its source's by offsets.
    /// </summary>
    /// <param name="name">Names the topic.</param>
    /// <param name="keys">Writes and reads keys.</param>
    /// <param name="values">Writes and reads values.</param>
    public KStream<TKey, TValue> Repartition(string name, ISerde<TKey> keys, ISerde<TValue> values)
    {
        var topic = $"{Builder.ApplicationId}-{name}-repartition";
        Builder.Nodes.AddSink(
            Builder.Take($"{name}-repartition-sink"), topic, keys, values,
            new SinkOptions { CleanupPolicy = "delete" }, Name);
        var upstream = new SourceUpstream(
            SourceUpstream.OwnGroup, [.. Sources.Select(s => new UpstreamSource(s.Topic, s.Upstream))]);
        var node = Builder.Take($"{name}-repartition-source");
        Builder.Nodes.AddSource(
            node, topic, keys, values, new SourceOptions { Upstream = upstream, IsRepartition = true });
        return new KStream<TKey, TValue>(Builder, node, [new StreamSource(topic, upstream)], null);
    }

    /// <summary>The records by their key, to be aggregated.</summary>
    /// <exception cref="TopologyException">Keys were changed and the stream was not partitioned since.</exception>
    public KGroupedStream<TKey, TValue> GroupByKey(ISerde<TKey> keys)
    {
        RequirePartitioned("grouped");
        return new KGroupedStream<TKey, TValue>(this, keys);
    }

    internal void RequirePartitioned(string what)
    {
        if (RekeyedBy is { } node)
        {
            throw new TopologyException(
                $"Stream '{Name}' is to be {what}, but '{node}' may have changed its keys: equal keys may be in "
                + "different partitions. Call Repartition first, or SelectKey with keepsPartition.");
        }
    }

    /// <summary>A node that does nothing, to have a name to send to.</summary>
    internal KStream<TKey, TValue> HandOn(string name, string parent)
    {
        var node = Builder.Take(name);
        Builder.Nodes.AddProcessor(node, () => StepProcessor<TKey, TValue, TKey, TValue>.HandOn, parent);
        return new KStream<TKey, TValue>(Builder, node, Sources, RekeyedBy);
    }

    private KStream<TNewKey, TNew> Step<TNewKey, TNew>(
        string? name, string operation, Step<TKey, TValue, TNewKey, TNew> step, bool isRekeyed = false)
        where TNewKey : notnull
        where TNew : class
    {
        var node = Builder.Take(name, Name, operation);
        Builder.Nodes.AddProcessor(node, () => new StepProcessor<TKey, TValue, TNewKey, TNew>(step), Name);
        return new KStream<TNewKey, TNew>(Builder, node, Sources, isRekeyed ? node : RekeyedBy);
    }
}
