using Alloc.Engine.LogClient;
using Alloc.Engine.Topology;

namespace Alloc.Engine.Topics;

/// <summary>
/// The topics that an application writes for itself, to have records of one key in one partition: how many partitions
/// each must have. Kafka Streams' rule: as many as what is read beside it; else as the largest source of who writes it.
/// </summary>
internal static class RepartitionTopics
{
    /// <summary>Kept until it is read; with the timestamps of the records that they come from.</summary>
    public const string TimestampType = "CreateTime";

    /// <summary>The topics that are missing, with the count that each is to have; those of unknown count are left out,
    /// for what they depend on is missing too.</summary>
    public static Dictionary<string, int> FindMissing(
        Topology.Topology topology, IReadOnlyDictionary<string, TopicDescription> found)
    {
        var counts = found.ToDictionary(t => t.Key, t => t.Value.PartitionCount, StringComparer.Ordinal);
        var missing = topology.SubTopologies.SelectMany(s => s.Sources)
            .Where(s => s.Options.IsRepartition && !found.ContainsKey(s.Topic)).Select(s => s.Topic)
            .ToHashSet(StringComparer.Ordinal);
        // Each turn settles a topic at least, or nothing more can be settled.
        for (var turn = missing.Count; turn > 0; turn--)
        {
            foreach (var sub in topology.SubTopologies)
            {
                foreach (var topic in sub.Sources.Select(s => s.Topic).Where(t => !counts.ContainsKey(t)))
                {
                    if (missing.Contains(topic) && (CountBeside(sub, counts) ?? CountBefore(topology, topic, counts))
                        is { } count)
                    {
                        counts[topic] = count;
                    }
                }
            }
        }
        return missing.Where(counts.ContainsKey).ToDictionary(t => t, t => counts[t], StringComparer.Ordinal);
    }

    private static int? CountBeside(SubTopology sub, Dictionary<string, int> counts)
    {
        foreach (var source in sub.Sources)
        {
            if (!source.Options.IsRepartition && counts.TryGetValue(source.Topic, out var count))
            {
                return count;
            }
        }
        // Two that are both made anew: the second follows the first.
        return sub.Sources.All(s => s.Options.IsRepartition)
            ? sub.Sources.Select(s => counts.TryGetValue(s.Topic, out var count) ? (int?)count : null).Max()
            : null;
    }

    private static int? CountBefore(Topology.Topology topology, string topic, Dictionary<string, int> counts) =>
        topology.SubTopologies.Where(s => s.Sinks.Any(k => k.Topic == topic)).SelectMany(s => s.Sources)
            .Select(s => counts.TryGetValue(s.Topic, out var count) ? (int?)count : null).Max();
}
