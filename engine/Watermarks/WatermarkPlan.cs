using Alloc.Engine.LogClient;
using Alloc.Engine.Topology;

namespace Alloc.Engine.Watermarks;

/// <summary>
/// A topic whose end is asked for, and who must have got how far before: a source of the topology, or what an upstream
/// of it reads.
/// </summary>
/// <param name="Topic">The topic.</param>
/// <param name="PartitionCount">Its partitions.</param>
/// <param name="Group">Who writes it; null where others do, or the topic was visited on the way down already.</param>
/// <param name="Inputs">What the group reads; empty without one.</param>
internal sealed record WatermarkedTopic(
    string Topic, int PartitionCount, string? Group, IReadOnlyList<WatermarkedTopic> Inputs)
{
    /// <summary>All of its partitions.</summary>
    public IEnumerable<TopicPartition> Partitions =>
        Enumerable.Range(0, PartitionCount).Select(p => new TopicPartition(Topic, p));

    /// <summary>The topic and all that is upstream of it; upstreams come first.</summary>
    public IEnumerable<WatermarkedTopic> UpstreamFirst => Inputs.SelectMany(i => i.UpstreamFirst).Append(this);
}

/// <summary>The sources of a topology, with their upstreams.</summary>
internal sealed class WatermarkPlan
{
    private WatermarkPlan(IReadOnlyList<WatermarkedTopic> sources)
    {
        Sources = sources;
        Groups = [.. sources.SelectMany(s => s.UpstreamFirst).Select(t => t.Group).OfType<string>().Distinct()];
    }

    /// <summary>The source topics.</summary>
    public IReadOnlyList<WatermarkedTopic> Sources { get; }

    /// <summary>The groups that write them, and what those read.</summary>
    public IReadOnlyList<string> Groups { get; }

    /// <summary>The topic that an application reads the broker's clock with.</summary>
    public static string ClockTopic(string applicationId) => $"{applicationId}-clock";

    /// <summary>Makes the plan.</summary>
    /// <param name="topology">The topology.</param>
    /// <param name="applicationId">Its application.</param>
    /// <param name="partitionCounts">Of its source topics and of all topics upstream of them.</param>
    public static WatermarkPlan Of(
        Topology.Topology topology, string applicationId, IReadOnlyDictionary<string, int> partitionCounts)
    {
        WatermarkedTopic Make(string topic, SourceUpstream? upstream, IReadOnlyCollection<string> visited)
        {
            // What comes back to where it was is taken by its end at the round's time.
            if (upstream is null || visited.Contains(topic))
            {
                return new WatermarkedTopic(topic, partitionCounts[topic], null, []);
            }
            string[] way = [.. visited, topic];
            return new WatermarkedTopic(
                topic, partitionCounts[topic],
                upstream.Group == SourceUpstream.OwnGroup ? applicationId : upstream.Group,
                [.. upstream.Sources.Select(s => Make(s.Topic, s.Upstream, way))]);
        }
        return new WatermarkPlan([.. topology.SubTopologies.SelectMany(s => s.Sources)
            .Select(s => Make(s.Topic, s.Options.Upstream, []))]);
    }

    /// <summary>Topics upstream of a topology's sources, which it does not have to read itself.</summary>
    public static IEnumerable<(string Topic, string Group)> UpstreamTopics(Topology.Topology topology)
    {
        static IEnumerable<(string Topic, string Group)> Of(SourceUpstream? upstream) => upstream is null
            ? []
            : upstream.Sources.SelectMany(s => Of(s.Upstream).Append((s.Topic, upstream.Group)));
        return topology.SubTopologies.SelectMany(s => s.Sources).SelectMany(s => Of(s.Options.Upstream)).Distinct();
    }
}
