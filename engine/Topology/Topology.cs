using System.Security.Cryptography;
using System.Text;

namespace Alloc.Engine.Topology;

/// <summary>A checked topology: what to read, run, keep and write, as data.</summary>
public sealed class Topology
{
    internal Topology(IReadOnlyList<SubTopology> subTopologies, bool usesWatermarks)
    {
        SubTopologies = subTopologies;
        UsesWatermarks = usesWatermarks;
        SourceTopics = subTopologies.SelectMany(s => s.Sources).Select(s => s.Topic).ToList();
        Fingerprint = ComputeFingerprint(subTopologies);
    }

    /// <summary>The parts that run as tasks of their own.</summary>
    public IReadOnlyList<SubTopology> SubTopologies { get; }

    /// <summary>
    /// Whether up to when each source is known is asked for: the engine then reads the broker's clock once a second.
    /// </summary>
    public bool UsesWatermarks { get; }

    /// <summary>All topics that are read.</summary>
    public IReadOnlyList<string> SourceTopics { get; }

    /// <summary>
    /// A hash of what local state depends on: sub-topologies, their sources, stores and changelogs. Another fingerprint
    /// means that a state directory belongs to another topology.
    /// </summary>
    public string Fingerprint { get; }

    /// <summary>The topology as text, in Kafka Streams' form.</summary>
    public string Describe() => TopologyDescription.Text(this);

    /// <summary>The topology as a Mermaid flowchart.</summary>
    public string DescribeMermaid() => TopologyDescription.Mermaid(this);

    private static string ComputeFingerprint(IReadOnlyList<SubTopology> subTopologies)
    {
        var text = new StringBuilder();
        foreach (var sub in subTopologies)
        {
            text.Append(sub.Index).Append('|').AppendJoin(',', sub.Sources.Select(s => s.Topic)).Append('|');
            text.AppendJoin(',', sub.Stores.Select(s => s.Layout)).Append('|').Append(sub.Journal?.Topic).Append('\n');
        }
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..16];
    }
}
