using Alloc.Engine.Topology;

namespace Alloc.Engine.Processing;

/// <summary>The nodes of one task, made from children to parents.</summary>
internal sealed class TaskGraph
{
    private readonly Dictionary<NodeDefinition, RuntimeNode> nodes = [];

    private readonly SubTopology subTopology;
    private bool isInitialized;

    public TaskGraph(SubTopology subTopology, ITaskHost host)
    {
        this.subTopology = subTopology;
        Host = host;
        foreach (var definition in subTopology.Nodes.Reverse())
        {
            nodes.Add(definition, definition.CreateNode(this));
        }
        Nodes = subTopology.Nodes.Select(n => nodes[n]).ToArray();
        Sources = Nodes.OfType<SourceNode>().ToArray();
        Sinks = Nodes.OfType<SinkNode>().ToArray();
    }

    public ITaskHost Host { get; }

    /// <summary>All nodes, parents first.</summary>
    public RuntimeNode[] Nodes { get; }

    public SourceNode[] Sources { get; }

    public SinkNode[] Sinks { get; }

    /// <summary>Initialises the nodes, parents first; the stores must be restored.</summary>
    public void Init()
    {
        isInitialized = true;
        foreach (var node in Nodes)
        {
            node.Init();
        }
    }

    /// <summary>Closes nodes that were initialised, each whatever becomes of the others.</summary>
    /// <param name="failed">Told of one whose program failed.</param>
    public void Close(Action<RuntimeNode, Exception> failed)
    {
        if (!isInitialized)
        {
            return;
        }
        isInitialized = false;
        foreach (var node in Nodes)
        {
            try
            {
                node.Close();
            }
            catch (Exception error) when (!Faults.IsOfEngine(error))
            {
                failed(node, error);
            }
        }
    }

    /// <summary>The record was processed: what sinks deferred of it is kept.</summary>
    public void CommitRecord()
    {
        foreach (var sink in Sinks)
        {
            sink.CommitRecord();
        }
    }

    /// <summary>The record failed: what sinks deferred of it goes.</summary>
    public void RollbackRecord()
    {
        foreach (var sink in Sinks)
        {
            sink.RollbackRecord();
        }
    }

    /// <summary>What sinks deferred and no transaction committed goes.</summary>
    public void DropUncommitted()
    {
        foreach (var sink in Sinks)
        {
            sink.DropUncommitted();
        }
    }

    public bool IsJournal(NodeDefinition definition) => subTopology.Journal?.Sink == definition;

    public INodeInput<TKey, TValue>[] ChildrenOf<TKey, TValue>(NodeDefinition definition) =>
        definition.Children.Select(c => (INodeInput<TKey, TValue>)nodes[c]).ToArray();
}
