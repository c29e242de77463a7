using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Alloc.Engine.Topology;

/// <summary>A node of a topology, before any task runs it.</summary>
public abstract class NodeDefinition
{
    private readonly List<NodeDefinition> children = [];

    private protected NodeDefinition(string name, IReadOnlyList<NodeDefinition> parents)
    {
        Name = name;
        Parents = parents;
        foreach (var parent in parents)
        {
            parent.children.Add(this);
        }
    }

    /// <summary>The node's name, unique in its topology.</summary>
    public string Name { get; }

    /// <summary>Nodes whose records come here.</summary>
    public IReadOnlyList<NodeDefinition> Parents { get; }

    /// <summary>Nodes that this one's records go to.</summary>
    public IReadOnlyList<NodeDefinition> Children => children;

    /// <summary>The types that come in, or null for a source.</summary>
    internal abstract (Type Key, Type Value)? Input { get; }

    /// <summary>The types that go out, or null for a sink.</summary>
    internal abstract (Type Key, Type Value)? Output { get; }

    /// <summary>Makes the node that runs in a task; its children exist already.</summary>
    internal abstract RuntimeNode CreateNode(TaskGraph graph);
}

/// <summary>A node that reads a topic.</summary>
public abstract class SourceDefinition : NodeDefinition
{
    private protected SourceDefinition(string name, string topic, SourceOptions options)
        : base(name, [])
    {
        Topic = topic;
        Options = options;
    }

    /// <summary>The topic's name on the broker.</summary>
    public string Topic { get; }

    /// <summary>How it is read.</summary>
    public SourceOptions Options { get; }
}

/// <summary>A node that runs a processor.</summary>
public abstract class ProcessorDefinition : NodeDefinition
{
    private readonly List<StoreDefinition> stores = [];

    private protected ProcessorDefinition(string name, IReadOnlyList<NodeDefinition> parents)
        : base(name, parents)
    {
    }

    /// <summary>The stores that the processor may use.</summary>
    public IReadOnlyList<StoreDefinition> Stores => stores;

    internal void Connect(StoreDefinition store) => stores.Add(store);
}

/// <summary>A node that writes a topic.</summary>
public abstract class SinkDefinition : NodeDefinition
{
    private protected SinkDefinition(
        string name, string topic, SinkOptions options, IReadOnlyList<NodeDefinition> parents)
        : base(name, parents)
    {
        Topic = topic;
        Options = options;
    }

    /// <summary>The topic's name on the broker.</summary>
    public string Topic { get; }

    /// <summary>How it is written.</summary>
    public SinkOptions Options { get; }
}

internal sealed class SourceDefinition<TKey, TValue>(
    string name, string topic, IDeserializer<TKey> keyDeserializer, IDeserializer<TValue> valueDeserializer,
    SourceOptions options)
    : SourceDefinition(name, topic, options)
{
    internal override (Type Key, Type Value)? Input => null;

    internal override (Type Key, Type Value)? Output => (typeof(TKey), typeof(TValue));

    internal override RuntimeNode CreateNode(TaskGraph graph) =>
        new SourceNode<TKey, TValue>(this, keyDeserializer, valueDeserializer, graph.ChildrenOf<TKey, TValue>(this));
}

internal sealed class ProcessorDefinition<TKeyIn, TValueIn, TKeyOut, TValueOut>(
    string name, Func<IProcessor<TKeyIn, TValueIn, TKeyOut, TValueOut>> factory, IReadOnlyList<NodeDefinition> parents)
    : ProcessorDefinition(name, parents)
{
    internal override (Type Key, Type Value)? Input => (typeof(TKeyIn), typeof(TValueIn));

    internal override (Type Key, Type Value)? Output => (typeof(TKeyOut), typeof(TValueOut));

    internal override RuntimeNode CreateNode(TaskGraph graph) =>
        new ProcessorNode<TKeyIn, TValueIn, TKeyOut, TValueOut>(
            this, factory(), graph.Host, graph.ChildrenOf<TKeyOut, TValueOut>(this));
}

internal sealed class SinkDefinition<TKey, TValue>(
    string name, string topic, ISerializer<TKey> keySerializer, ISerializer<TValue> valueSerializer,
    SinkOptions options,
    IReadOnlyList<NodeDefinition> parents)
    : SinkDefinition(name, topic, options, parents)
{
    internal override (Type Key, Type Value)? Input => (typeof(TKey), typeof(TValue));

    internal override (Type Key, Type Value)? Output => null;

    internal override RuntimeNode CreateNode(TaskGraph graph) =>
        new SinkNode<TKey, TValue>(this, keySerializer, valueSerializer, graph.IsJournal(this), graph.Host);
}
