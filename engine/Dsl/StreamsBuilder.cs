using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Topology;

namespace Alloc.Engine.Dsl;

/// <summary>
/// Builds a topology from streams and tables, in the words of Kafka Streams' class of this name. Each call makes one or
/// a few nodes of the <see cref="Nodes"/> beneath, which may be added to by hand as well.
/// </summary>
/// <remarks>
/// Names are given or follow from the node before (<c>orders</c>, <c>orders-filter</c>, <c>orders-filter-2</c>). Names
/// of stores are always given: they are on disk, in changelogs and in questions from outside. The numbers of stores
/// are counted up in the order of the calls; a program that changes the order is refused its old state, by a clear
/// error.
/// </remarks>
public sealed class StreamsBuilder
{
    private readonly Dictionary<string, (object Stream, Type Key, Type Value)> sources = new(StringComparer.Ordinal);
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private int lastStoreId;

    /// <param name="applicationId">
    /// The <c>application.id</c> that it will run under: its repartition topics begin with it.
    /// </param>
    public StreamsBuilder(string applicationId)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(applicationId);
        ApplicationId = applicationId;
    }

    /// <summary>The application that it is built for.</summary>
    public string ApplicationId { get; }

    /// <summary>
    /// The nodes so far. A stream's <c>Name</c> is the node that a processor by hand has as its parent.
    /// </summary>
    public TopologyBuilder Nodes { get; } = new();

    /// <summary>Reads a topic as a stream of events; the same stream when it is read again.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="keys">Reads keys.</param>
    /// <param name="values">Reads values.</param>
    /// <param name="options">How it is read; what the first call says counts.</param>
    /// <param name="name">The source's name; the topic's by default.</param>
    /// <exception cref="TopologyException">It is read already with other types.</exception>
    public KStream<TKey, TValue> Stream<TKey, TValue>(
        string topic, IDeserializer<TKey> keys, IDeserializer<TValue> values, SourceOptions? options = null,
        string? name = null)
        where TKey : notnull
        where TValue : class
    {
        if (sources.TryGetValue(topic, out var known))
        {
            return known.Stream as KStream<TKey, TValue> ?? throw new TopologyException(
                $"Topic '{topic}' is read as {known.Key.Name}, {known.Value.Name} already, and can not be read as "
                + $"{typeof(TKey).Name}, {typeof(TValue).Name} as well; map the values instead.");
        }
        var node = Take(name ?? topic);
        Nodes.AddSource(node, topic, keys, values, options);
        var stream = new KStream<TKey, TValue>(this, node, [new StreamSource(topic, options?.Upstream)], null);
        sources.Add(topic, (stream, typeof(TKey), typeof(TValue)));
        return stream;
    }

    /// <summary>
    /// Reads a topic as a table: the last value of each key counts, and no value deletes it. The table is a store with
    /// a changelog of its own, so the topic may forget what it wants.
    /// </summary>
    /// <param name="topic">The topic.</param>
    /// <param name="keys">Reads keys, and writes them in the order that the store has.</param>
    /// <param name="values">Reads and writes values.</param>
    /// <param name="name">The store's name.</param>
    /// <param name="options">How the topic is read.</param>
    public KTable<TKey, TValue> Table<TKey, TValue>(
        string topic, ISerde<TKey> keys, ISerde<TValue> values, string name, SourceOptions? options = null)
        where TKey : notnull
        where TValue : class
    {
        var stream = Stream(topic, keys, values, options);
        var store = StoreDefinition.KeyValue(name, NextStoreId(), keys, values);
        var node = Take($"{name}-table");
        Nodes.AddProcessor(node, () => new TableProcessor<TKey, TValue>(name), stream.Name);
        Nodes.AddStateStore(store, node);
        return new KTable<TKey, TValue>(this, node, stream.Sources, name);
    }

    /// <summary>Checks the whole; see <see cref="TopologyBuilder.Build"/>.</summary>
    /// <exception cref="TopologyException">Something is missing or contradicts; the text says what.</exception>
    public Topology.Topology Build() => Nodes.Build();

    /// <summary>Takes a name that was given; the builder of nodes says if it is taken.</summary>
    internal string Take(string name)
    {
        names.Add(name);
        return name;
    }

    /// <summary>The given name, or one that follows from the node before.</summary>
    internal string Take(string? given, string parent, string operation)
    {
        if (given is not null)
        {
            return Take(given);
        }
        var name = $"{parent}-{operation}";
        for (var number = 2; !names.Add(name); number++)
        {
            name = $"{parent}-{operation}-{number}";
        }
        return name;
    }

    /// <summary>The number of the next store.</summary>
    /// <exception cref="TopologyException">There are 254 already.</exception>
    internal byte NextStoreId() => lastStoreId < byte.MaxValue - 1
        ? (byte)++lastStoreId
        : throw new TopologyException("A topology has 254 stores at most; part it into two applications.");
}

/// <summary>A topic that a stream comes from, and who writes it.</summary>
internal sealed record StreamSource(string Topic, SourceUpstream? Upstream);
