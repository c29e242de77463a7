using Alloc.Engine.Processing;
using Alloc.Engine.State;

namespace Alloc.Engine.Topology;

/// <summary>Nodes that are connected, by records or by stores; one task runs them for one partition.</summary>
public sealed class SubTopology
{
    internal SubTopology(int index, IReadOnlyList<NodeDefinition> nodes, JournalDefinition? journal)
    {
        Index = index;
        Nodes = nodes;
        Journal = journal;
        Sources = nodes.OfType<SourceDefinition>().ToList();
        Processors = nodes.OfType<ProcessorDefinition>().ToList();
        Sinks = nodes.OfType<SinkDefinition>().ToList();
        Stores = Processors.SelectMany(p => p.Stores).Distinct().OrderBy(s => s.StoreId).ToList();
        ChangelogStores = Stores
            .Where(s => !s.IsDerived && journal?.StoreNames.Contains(s.Name) != true).ToList();
    }

    /// <summary>The number of the sub-topology, from 0, in the order of the first node.</summary>
    public int Index { get; }

    /// <summary>All nodes; parents come before their children.</summary>
    public IReadOnlyList<NodeDefinition> Nodes { get; }

    /// <summary>Nodes that read; their topics have equal partition counts.</summary>
    public IReadOnlyList<SourceDefinition> Sources { get; }

    /// <summary>Nodes that process.</summary>
    public IReadOnlyList<ProcessorDefinition> Processors { get; }

    /// <summary>Nodes that write.</summary>
    public IReadOnlyList<SinkDefinition> Sinks { get; }

    /// <summary>Stores of all processors, by store id.</summary>
    public IReadOnlyList<StoreDefinition> Stores { get; }

    /// <summary>Stores that have a compacted changelog topic of their own.</summary>
    public IReadOnlyList<StoreDefinition> ChangelogStores { get; }

    /// <summary>The journal, where an output is the changelog of stores.</summary>
    public JournalDefinition? Journal { get; }
}

/// <summary>Finds what is connected.</summary>
internal static class SubTopologyFinder
{
    public static List<SubTopology> Find(List<NodeDefinition> nodes, List<JournalDefinition> journals)
    {
        var group = nodes.ToDictionary(n => n, n => n);
        var storeOwner = new Dictionary<StoreDefinition, NodeDefinition>();
        foreach (var node in nodes)
        {
            foreach (var parent in node.Parents)
            {
                Join(group, node, parent);
            }
            foreach (var store in (node as ProcessorDefinition)?.Stores ?? [])
            {
                Join(group, node, storeOwner.TryAdd(store, node) ? node : storeOwner[store]);
            }
        }
        return nodes.GroupBy(n => Root(group, n))
            .Select((members, index) => Create(index, members.ToList(), journals)).ToList();
    }

    private static SubTopology Create(int index, List<NodeDefinition> members, List<JournalDefinition> journals)
    {
        var own = journals.Where(j => members.Contains(j.Sink)).ToList();
        if (own.Count > 1)
        {
            throw new TopologyException(
                $"Sub-topology {index} has the journals {string.Join(", ", own.Select(j => j.Sink.Name))}; it can have "
                + "one.");
        }
        var result = new SubTopology(index, members, own.SingleOrDefault());
        if (result.Journal?.StoreNames.FirstOrDefault(name => result.Stores.All(s => s.Name != name)) is { } foreign)
        {
            throw new TopologyException(
                $"The journal '{result.Journal.Sink.Name}' feeds store '{foreign}' of another sub-topology.");
        }
        if (result.Sources.Count(s => s.Options.Tick is not null) > 1)
        {
            throw new TopologyException(
                $"Sub-topology {index} has more than one source with ticks; one of them carries its clock.");
        }
        return result;
    }

    private static NodeDefinition Root(Dictionary<NodeDefinition, NodeDefinition> group, NodeDefinition node)
    {
        while (group[node] != node)
        {
            node = group[node];
        }
        return node;
    }

    private static void Join(
        Dictionary<NodeDefinition, NodeDefinition> group, NodeDefinition left, NodeDefinition right) =>
        group[Root(group, left)] = Root(group, right);
}
