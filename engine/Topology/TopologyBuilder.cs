using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Alloc.Engine.Topology;

/// <summary>Builds a topology node by node; each call checks what it can, <see cref="Build"/> the rest.</summary>
public sealed class TopologyBuilder
{
    private readonly Dictionary<string, NodeDefinition> nodes = new(StringComparer.Ordinal);
    private readonly List<NodeDefinition> ordered = [];
    private readonly List<StoreDefinition> stores = [];
    private readonly List<JournalDefinition> journals = [];
    private bool usesWatermarks;

    /// <summary>
    /// Has the engine tell up to when each source is known, for watermarks and their timers. A source with an upstream
    /// says so by itself.
    /// </summary>
    public TopologyBuilder UseWatermarks()
    {
        usesWatermarks = true;
        return this;
    }

    /// <summary>Adds a node that reads a topic.</summary>
    /// <exception cref="TopologyException">The name is taken, the topic has a source already, or its upstream is not
    /// complete.</exception>
    public TopologyBuilder AddSource<TKey, TValue>(
        string name, string topic, IDeserializer<TKey> keyDeserializer, IDeserializer<TValue> valueDeserializer,
        SourceOptions? options = null)
    {
        if (ordered.OfType<SourceDefinition>().FirstOrDefault(s => s.Topic == topic) is { } other)
        {
            throw new TopologyException(
                $"Topic '{topic}' is read by source '{other.Name}' already; give that node another child.");
        }
        if (options?.Upstream is { } upstream)
        {
            if (upstream.FindProblem() is { } problem)
            {
                throw new TopologyException($"Source '{name}': {problem}.");
            }
            usesWatermarks = true;
        }
        return Add(name, () => new SourceDefinition<TKey, TValue>(
            name, topic, keyDeserializer, valueDeserializer, options ?? new SourceOptions()));
    }

    /// <summary>Adds a processor behind one or more parents; the factory is called once for each task.</summary>
    /// <exception cref="TopologyException">The name is taken, a parent is unknown, is a sink, or forwards other
    /// types.</exception>
    public TopologyBuilder AddProcessor<TKeyIn, TValueIn, TKeyOut, TValueOut>(
        string name, Func<IProcessor<TKeyIn, TValueIn, TKeyOut, TValueOut>> factory, params string[] parents) =>
        Add(name, () => new ProcessorDefinition<TKeyIn, TValueIn, TKeyOut, TValueOut>(
            name, factory, Parents(name, parents, typeof(TKeyIn), typeof(TValueIn))));

    /// <summary>
    /// Adds a store and connects it to processors; stores that share a processor are in one sub-topology.
    /// </summary>
    /// <exception cref="TopologyException">The name or the id is taken, or a processor is unknown.</exception>
    public TopologyBuilder AddStateStore(StoreDefinition store, params string[] processors)
    {
        if (stores.FirstOrDefault(s => s.Name == store.Name || s.StoreId == store.StoreId) is { } other)
        {
            throw new TopologyException(
                $"Store '{store.Name}' (id {store.StoreId}) has the name or the id of store '{other.Name}'.");
        }
        if (processors.Length == 0)
        {
            throw new TopologyException($"Store '{store.Name}' is connected to no processor; name at least one.");
        }
        foreach (var processor in processors)
        {
            if (nodes.GetValueOrDefault(processor) is not ProcessorDefinition definition)
            {
                throw new TopologyException(
                    $"Store '{store.Name}' names '{processor}', which is no processor; add that one first.");
            }
            definition.Connect(store);
        }
        stores.Add(store);
        return this;
    }

    /// <summary>Connects a store that is there already to one more processor.</summary>
    /// <exception cref="TopologyException">The store or the processor is unknown.</exception>
    public TopologyBuilder ConnectStateStore(string store, string processor)
    {
        var definition = stores.Find(s => s.Name == store)
            ?? throw new TopologyException($"Processor '{processor}' wants the unknown store '{store}'.");
        if (nodes.GetValueOrDefault(processor) is not ProcessorDefinition node)
        {
            throw new TopologyException($"Store '{store}' is to serve '{processor}', which is no processor.");
        }
        if (!node.Stores.Contains(definition))
        {
            node.Connect(definition);
        }
        return this;
    }

    /// <summary>Adds a node that writes a topic.</summary>
    /// <exception cref="TopologyException">The name is taken, a parent is unknown, is a sink, or forwards other
    /// types.</exception>
    public TopologyBuilder AddSink<TKey, TValue>(
        string name, string topic, ISerializer<TKey> keySerializer, ISerializer<TValue> valueSerializer,
        SinkOptions options,
        params string[] parents)
    {
        if (options.Partitioning == SinkPartitioning.Explicit
            && options is not SinkOptions<TKey, TValue> { Partitioner: not null })
        {
            throw new TopologyException(
                $"Sink '{name}' partitions explicitly; give it a SinkOptions<TKey, TValue> with a Partitioner.");
        }
        return Add(name, () => new SinkDefinition<TKey, TValue>(
            name, topic, keySerializer, valueSerializer, options,
            Parents(name, parents, typeof(TKey), typeof(TValue))));
    }

    /// <summary>
    /// Declares that a sink's records are the changelog of stores: they have no topic of their own, and restoring folds
    /// the sink's topic with the applier.
    /// </summary>
    /// <exception cref="TopologyException">The sink or a store is unknown, or the sink does not write every record to
    /// the task's own partition.</exception>
    public TopologyBuilder UseJournal(string sinkName, Func<IJournalApplier> applier, params string[] storeNames)
    {
        if (nodes.GetValueOrDefault(sinkName) is not SinkDefinition sink)
        {
            throw new TopologyException($"The journal names '{sinkName}', which is no sink; add that one first.");
        }
        if (sink.Options is not { Partitioning: SinkPartitioning.TaskPartition, Emit: SinkEmit.EveryRecord })
        {
            throw new TopologyException(
                $"Sink '{sinkName}' is a journal: it must write every record to the task's own partition.");
        }
        foreach (var name in storeNames)
        {
            if (stores.All(s => s.Name != name))
            {
                throw new TopologyException(
                    $"The journal '{sinkName}' names the unknown store '{name}'; add that one first.");
            }
            if (journals.FirstOrDefault(j => j.StoreNames.Contains(name)) is { } other)
            {
                throw new TopologyException($"Store '{name}' has the journal '{other.Sink.Name}' already.");
            }
        }
        journals.Add(new JournalDefinition(sink, applier, storeNames.ToHashSet(StringComparer.Ordinal)));
        return this;
    }

    /// <summary>Checks the whole and finds the sub-topologies.</summary>
    /// <exception cref="TopologyException">Something is missing or contradicts; the text says what.</exception>
    public Topology Build()
    {
        if (!ordered.OfType<SourceDefinition>().Any())
        {
            throw new TopologyException("The topology has no source; add one.");
        }
        if (ordered.FirstOrDefault(n => n is not SinkDefinition && n is SourceDefinition
            && n.Children.Count == 0) is { } idle)
        {
            throw new TopologyException($"Source '{idle.Name}' has no children; nothing would process its records.");
        }
        return new Topology(SubTopologyFinder.Find(ordered, journals), usesWatermarks);
    }

    private TopologyBuilder Add(string name, Func<NodeDefinition> create)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (nodes.ContainsKey(name))
        {
            throw new TopologyException($"The name '{name}' is taken; every node needs its own.");
        }
        var node = create();
        nodes.Add(name, node);
        ordered.Add(node);
        return this;
    }

    private List<NodeDefinition> Parents(string name, string[] parents, Type key, Type value)
    {
        if (parents.Length == 0)
        {
            throw new TopologyException($"Node '{name}' has no parents; name at least one.");
        }
        var found = new List<NodeDefinition>();
        foreach (var parent in parents.Distinct(StringComparer.Ordinal))
        {
            var node = nodes.GetValueOrDefault(parent)
                ?? throw new TopologyException(
                    $"Node '{name}' names the unknown parent '{parent}'; add that one first.");
            var output = node.Output
                ?? throw new TopologyException($"Node '{name}' names the sink '{parent}' as its parent.");
            if (output != (key, value))
            {
                throw new TopologyException(
                    $"Node '{name}' takes {key.Name}, {value.Name}, but its parent '{parent}' forwards "
                    + $"{output.Key.Name}, {output.Value.Name}.");
            }
            found.Add(node);
        }
        return found;
    }
}
