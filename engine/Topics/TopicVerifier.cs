using System.Globalization;
using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.Topology;
using Alloc.Engine.Watermarks;
using Microsoft.Extensions.Logging;

namespace Alloc.Engine.Topics;

/// <summary>
/// Checks the topics that a topology stands on before anything runs, creates its own that are missing, and tells their
/// sizes.
/// </summary>
internal sealed class TopicVerifier(ILogAdmin admin, StreamsOptions options, ILogger logger)
{
    /// <summary>An hour, in milliseconds: nobody reads what is in it.</summary>
    private const string ClockRetentionMs = "3600000";

    private string ClockTopic => WatermarkPlan.ClockTopic(options.ApplicationId);

    /// <summary>The partition counts of all topics that the topology reads or writes, or that are upstream of it.
    /// </summary>
    /// <exception cref="StreamsException">Topics are missing or of the wrong kind; the text names each and what to
    /// do.</exception>
    public IReadOnlyDictionary<string, int> Verify(Topology.Topology topology)
    {
        var names = topology.SubTopologies
            .SelectMany(s => s.Sources.Select(n => n.Topic).Concat(s.Sinks.Select(n => n.Topic))
            .Concat(InternalTopics(s).Select(i => i.Topic))).ToHashSet(StringComparer.Ordinal);
        var upstream = WatermarkPlan.UpstreamTopics(topology).ToList();
        names.UnionWith(upstream.Select(u => u.Topic));
        names.Add(ClockTopic);
        var problems = new List<string>();
        var missing = new List<NewTopic>();
        var found = WithRepartitionTopics(topology, admin.DescribeTopics(names), missing);
        var counts = found.ToDictionary(t => t.Key, t => t.Value.PartitionCount, StringComparer.Ordinal);
        foreach (var sub in topology.SubTopologies)
        {
            VerifySubTopology(sub, found, counts, missing, problems);
        }
        foreach (var (topic, group) in upstream.Where(u => !counts.ContainsKey(u.Topic)))
        {
            var reader = group == SourceUpstream.OwnGroup ? options.ApplicationId : group;
            problems.Add($"Topic '{topic}' does not exist, which group '{reader}' reads to write a source; create it "
                + "before the application starts.");
        }
        if (topology.UsesWatermarks)
        {
            VerifyClock(found, missing, problems);
        }
        if (problems.Count > 0)
        {
            throw new StreamsException($"The topics do not fit the topology:\n  {string.Join("\n  ", problems)}");
        }
        if (missing.Count > 0)
        {
            admin.CreateTopics(missing);
            foreach (var topic in missing)
            {
                Log.TopicCreated(logger, topic.Name, topic.PartitionCount);
                counts[topic.Name] = topic.PartitionCount;
            }
        }
        return counts;
    }

    /// <summary>The topics that there are, and those that are about to be made for records by another key.</summary>
    private IReadOnlyDictionary<string, TopicDescription> WithRepartitionTopics(
        Topology.Topology topology, IReadOnlyDictionary<string, TopicDescription> found, List<NewTopic> missing)
    {
        var planned = RepartitionTopics.FindMissing(topology, found);
        if (planned.Count == 0 || !options.CreateInternalTopics)
        {
            return found;
        }
        var all = new Dictionary<string, TopicDescription>(found, StringComparer.Ordinal);
        foreach (var (topic, count) in planned.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            var configuration = Configuration("delete");
            configuration["message.timestamp.type"] = RepartitionTopics.TimestampType;
            missing.Add(new NewTopic(topic, count, options.ReplicationFactor, configuration));
            all[topic] = new TopicDescription(topic, count, "delete", RepartitionTopics.TimestampType);
        }
        return all;
    }

    private void VerifySubTopology(
        SubTopology sub, IReadOnlyDictionary<string, TopicDescription> found, Dictionary<string, int> counts,
        List<NewTopic> missing,
        List<string> problems)
    {
        var partitionCount = -1;
        foreach (var source in sub.Sources)
        {
            if (!found.TryGetValue(source.Topic, out var topic))
            {
                problems.Add($"Topic '{source.Topic}' does not exist; create it before the application starts.");
                continue;
            }
            if (partitionCount >= 0 && topic.PartitionCount != partitionCount)
            {
                problems.Add(
                    $"Topic '{source.Topic}' has {topic.PartitionCount} partitions, but '{sub.Sources[0].Topic}' has "
                    + $"{partitionCount}; both are read by one sub-topology and must have as many.");
            }
            partitionCount = partitionCount < 0 ? topic.PartitionCount : partitionCount;
            if (source.Options.IsRepartition && topic.TimestampType != RepartitionTopics.TimestampType)
            {
                problems.Add($"Topic '{source.Topic}' has message.timestamp.type={topic.TimestampType}, but its "
                    + $"records keep the time of those they come from; set it to {RepartitionTopics.TimestampType}.");
            }
            if (source.Options.RequireLogAppendTime && topic.TimestampType != "LogAppendTime")
            {
                problems.Add($"Topic '{source.Topic}' has message.timestamp.type={topic.TimestampType}, but decisions "
                    + "need the log's own time; set it to LogAppendTime.");
            }
        }
        foreach (var sink in sub.Sinks)
        {
            VerifySink(sub, sink, found, partitionCount, problems);
        }
        foreach (var (name, policy, count) in InternalTopics(sub)
            .Select(t => (t.Topic, t.Policy, t.IsDeadLetter ? 1 : partitionCount)))
        {
            VerifyInternal(name, policy, found, count, Math.Max(partitionCount, 1), missing, counts, problems);
        }
    }

    private static void VerifySink(
        SubTopology sub, SinkDefinition sink, IReadOnlyDictionary<string, TopicDescription> found, int partitionCount,
        List<string> problems)
    {
        if (!found.TryGetValue(sink.Topic, out var topic))
        {
            problems.Add($"Topic '{sink.Topic}' does not exist; create it before the application starts.");
            return;
        }
        if (sink.Options.Partitioning == SinkPartitioning.TaskPartition && partitionCount >= 0
            && topic.PartitionCount != partitionCount)
        {
            problems.Add($"Topic '{sink.Topic}' has {topic.PartitionCount} partitions, but outputs stay in their "
                + $"input's partition and '{sub.Sources[0].Topic}' has {partitionCount}; both must have as many.");
        }
        if (sink.Options.CleanupPolicy is { } policy && !SamePolicy(policy, topic.CleanupPolicy))
        {
            problems.Add($"Topic '{sink.Topic}' has cleanup.policy={topic.CleanupPolicy}; set it to {policy}.");
        }
        if (sub.Journal?.Sink == sink && topic.CleanupPolicy.Contains("compact", StringComparison.Ordinal))
        {
            problems.Add($"Topic '{sink.Topic}' is a journal, and cleanup.policy={topic.CleanupPolicy} would drop "
                + "records from it; set it to delete.");
        }
    }

    private void VerifyInternal(
        string name, string policy, IReadOnlyDictionary<string, TopicDescription> found,
        int atLeastOrEqual, int createCount,
        List<NewTopic> missing, Dictionary<string, int> counts, List<string> problems)
    {
        if (!found.TryGetValue(name, out var topic))
        {
            if (!options.CreateInternalTopics)
            {
                problems.Add($"Topic '{name}' does not exist and the application may not create it.");
            }
            else if (missing.TrueForAll(t => t.Name != name))
            {
                missing.Add(new NewTopic(name, createCount, options.ReplicationFactor, Configuration(policy)));
                counts[name] = createCount;
            }
            return;
        }
        if (policy == "compact" && topic.PartitionCount != atLeastOrEqual)
        {
            problems.Add($"Changelog '{name}' has {topic.PartitionCount} partitions, but the tasks have "
                + $"{atLeastOrEqual}: partition counts never change.");
        }
        if (!SamePolicy(policy, topic.CleanupPolicy))
        {
            problems.Add($"Topic '{name}' has cleanup.policy={topic.CleanupPolicy}; set it to {policy}.");
        }
    }

    /// <summary>The topic that the broker's clock is read with; its records are of use to nobody.</summary>
    private void VerifyClock(
        IReadOnlyDictionary<string, TopicDescription> found, List<NewTopic> missing, List<string> problems)
    {
        if (!found.TryGetValue(ClockTopic, out var topic))
        {
            if (!options.CreateInternalTopics)
            {
                problems.Add($"Topic '{ClockTopic}' does not exist and the application may not create it.");
                return;
            }
            var configuration = Configuration("delete");
            configuration["message.timestamp.type"] = "LogAppendTime";
            configuration["retention.ms"] = ClockRetentionMs;
            configuration["segment.ms"] = ClockRetentionMs;
            missing.Add(new NewTopic(ClockTopic, 1, options.ReplicationFactor, configuration));
        }
        else if (topic.TimestampType != "LogAppendTime")
        {
            problems.Add($"Topic '{ClockTopic}' has message.timestamp.type={topic.TimestampType}, but it is there to "
                + "tell the broker's clock; set it to LogAppendTime.");
        }
    }

    private IEnumerable<(string Topic, string Policy, bool IsDeadLetter)> InternalTopics(SubTopology sub) =>
        sub.ChangelogStores.Select(s => (TaskChangelogs.TopicName(options.ApplicationId, s.Name), "compact", false))
            .Concat(sub.Sources.Where(s => s.Options.DeadLetterTopic is not null)
                .Select(s => (s.Options.DeadLetterTopic!, "delete", true)).Distinct());

    private Dictionary<string, string> Configuration(string policy)
    {
        var configuration = new Dictionary<string, string>(StringComparer.Ordinal) { ["cleanup.policy"] = policy };
        if (policy == "delete")
        {
            configuration["retention.ms"] = "-1";
        }
        if (options.MinInSyncReplicas is { } replicas)
        {
            configuration["min.insync.replicas"] = replicas.ToString(CultureInfo.InvariantCulture);
        }
        return configuration;
    }

    private static bool SamePolicy(string left, string right) =>
        left.Split(',', StringSplitOptions.TrimEntries).Order(StringComparer.Ordinal)
            .SequenceEqual(right.Split(',', StringSplitOptions.TrimEntries).Order(StringComparer.Ordinal));
}
