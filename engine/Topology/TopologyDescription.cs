using System.Text;

namespace Alloc.Engine.Topology;

/// <summary>
/// Writes a topology for people: the text form of Kafka Streams' <c>Topology#describe</c>, and a Mermaid flowchart.
/// </summary>
internal static class TopologyDescription
{
    public static string Text(Topology topology)
    {
        var text = new StringBuilder("Topologies:\n");
        foreach (var sub in topology.SubTopologies)
        {
            text.Append("   Sub-topology: ").Append(sub.Index).Append('\n');
            foreach (var node in sub.Nodes)
            {
                text.Append("    ").Append(Heading(sub, node)).Append('\n');
                if (node is not SinkDefinition)
                {
                    text.Append("      --> ").Append(Names(node.Children)).Append('\n');
                }
                if (node is not SourceDefinition)
                {
                    text.Append("      <-- ").Append(Names(node.Parents)).Append('\n');
                }
            }
            text.Append('\n');
        }
        return text.ToString();
    }

    public static string Mermaid(Topology topology)
    {
        var text = new StringBuilder("flowchart LR\n");
        var ids = new Dictionary<object, string>();
        string Id(object item) => ids.TryGetValue(item, out var id) ? id : ids[item] = $"n{ids.Count}";
        foreach (var sub in topology.SubTopologies)
        {
            text.Append("  subgraph s").Append(sub.Index).Append("[\"sub-topology ").Append(sub.Index).Append("\"]\n");
            foreach (var node in sub.Nodes.Where(n => n is ProcessorDefinition))
            {
                text.Append("    ").Append(Id(node)).Append("[\"").Append(node.Name).Append("\"]\n");
            }
            foreach (var store in sub.Stores)
            {
                text.Append("    ").Append(Id(store)).Append("[(\"").Append(store.Name).Append("\")]\n");
            }
            text.Append("  end\n");
            foreach (var node in sub.Nodes.Where(n => n is not ProcessorDefinition))
            {
                var topic = node is SourceDefinition source ? source.Topic : ((SinkDefinition)node).Topic;
                text.Append("  ").Append(Id(node)).Append("{{\"").Append(topic).Append("\"}}\n");
            }
            foreach (var node in sub.Nodes)
            {
                foreach (var child in node.Children)
                {
                    text.Append("  ").Append(Id(node)).Append(" --> ").Append(Id(child)).Append('\n');
                }
                foreach (var store in (node as ProcessorDefinition)?.Stores ?? [])
                {
                    text.Append("  ").Append(Id(node)).Append(" --- ").Append(Id(store)).Append('\n');
                }
            }
            foreach (var store in sub.Stores.Where(s => sub.Journal?.StoreNames.Contains(s.Name) == true))
            {
                text.Append("  ").Append(Id(sub.Journal!.Sink)).Append(" -. restores .-> ")
                    .Append(Id(store)).Append('\n');
            }
        }
        return text.ToString();
    }

    private static string Heading(SubTopology sub, NodeDefinition node) => node switch
    {
        SourceDefinition source => $"Source: {source.Name} (topics: [{source.Topic}])",
        ProcessorDefinition processor =>
            $"Processor: {processor.Name} (stores: [{string.Join(", ", processor.Stores.Select(s => s.Name))}])",
        SinkDefinition sink when sub.Journal?.Sink == sink =>
            $"Sink: {sink.Name} (topic: {sink.Topic}, journal of: "
            + $"[{string.Join(", ", sub.Journal.StoreNames.Order(StringComparer.Ordinal))}])",
        SinkDefinition sink => $"Sink: {sink.Name} (topic: {sink.Topic})",
        _ => node.Name,
    };

    private static string Names(IReadOnlyList<NodeDefinition> nodes) =>
        nodes.Count == 0 ? "none" : string.Join(", ", nodes.Select(n => n.Name));
}
