using Alloc.Client.Kafka;
using Alloc.Processors.Projection;
using Confluent.Kafka;
using TopicPartition = Confluent.Kafka.TopicPartition;

namespace Alloc.Host.Projection;

/// <summary>What the broker knows of generations: their groups, how far these are, their changelogs.</summary>
internal sealed class GenerationLog(ProjectionHostOptions options)
{
    private readonly KafkaClients clients = new(options.Client);

    private string Topic => options.Allocation.OutcomeTopic;

    /// <summary>The highest generation that instances are at now, or the one that this instance was at.</summary>
    public int Newest(int kept) =>
        Groups().Where(g => g.Members.Count > 0).Select(g => options.GenerationOf(g.Group) ?? 0).Append(kept).Max();

    /// <summary>The highest generation that ever was, as far as the broker remembers.</summary>
    public int Highest()
    {
        using var admin = clients.Admin();
        var ids = admin.GetMetadata(options.Client.Timeout).Topics
            .SelectMany(t => Stores().Select(s => $"-{s}-changelog")
                .Where(end => t.Topic.EndsWith(end, StringComparison.Ordinal)).Select(end => t.Topic[..^end.Length]));
        return Groups().Select(g => g.Group).Concat(ids).Select(id => options.GenerationOf(id) ?? 0).Append(0).Max();
    }

    /// <summary>Where the journal ends now, partition by partition.</summary>
    public IReadOnlyList<long> Ends()
    {
        using var consumer = clients.Consumer();
        return [.. Partitions().Select(p => consumer.QueryWatermarkOffsets(p, options.Client.Timeout).High.Value)];
    }

    /// <summary>
    /// How far a generation is in all partitions together, and how many partitions are not at an end yet.
    /// </summary>
    public (long Folded, long Total, int Behind) Progress(int generation, IReadOnlyList<long> targets)
    {
        using var consumer = clients.Consumer(group: options.IdOf(generation));
        var partitions = Partitions();
        var committed = consumer.Committed(partitions, options.Client.Timeout)
            .ToDictionary(c => c.TopicPartition, c => Math.Max(0, c.Offset.Value));
        long folded = 0;
        long total = 0;
        var behind = 0;
        foreach (var partition in partitions)
        {
            var ends = consumer.QueryWatermarkOffsets(partition, options.Client.Timeout);
            var at = Math.Max(committed.GetValueOrDefault(partition), ends.Low.Value);
            folded += at - ends.Low.Value;
            total += ends.High.Value - ends.Low.Value;
            behind += at < targets[partition.Partition.Value] ? 1 : 0;
        }
        return (folded, total, behind);
    }

    /// <summary>Up to where a generation has committed a partition; 0 for nothing.</summary>
    public long Committed(int generation, int partition)
    {
        using var consumer = clients.Consumer(group: options.IdOf(generation));
        return Math.Max(0, consumer.Committed([new TopicPartition(Topic, partition)], options.Client.Timeout)[0]
            .Offset.Value);
    }

    /// <summary>Reads one partition of the journal, from its beginning or from an offset.</summary>
    public ScopeJournal Reader(int partition, long? from = null) =>
        new(clients.Consumer(), new TopicPartition(Topic, partition), options.Client.Timeout, from);

    /// <summary>Deletes the changelogs of generations that are over and have no members any more.</summary>
    public async Task ForgetBelowAsync(int generation)
    {
        using var admin = clients.Admin();
        var alive = Groups().Where(g => g.Members.Count > 0).Select(g => g.Group).ToHashSet(StringComparer.Ordinal);
        var topics = Enumerable.Range(0, generation).Select(options.IdOf).Where(id => !alive.Contains(id))
            .SelectMany(id => Stores().Select(store => $"{id}-{store}-changelog"))
            .ToHashSet(StringComparer.Ordinal);
        var there = admin.GetMetadata(options.Client.Timeout).Topics.Select(t => t.Topic).Where(topics.Contains)
            .ToList();
        if (there.Count > 0)
        {
            await admin.DeleteTopicsAsync(there).ConfigureAwait(false);
        }
    }

    private List<TopicPartition> Partitions() =>
        [.. Enumerable.Range(0, options.Allocation.PartitionCount).Select(p => new TopicPartition(Topic, p))];

    private static IEnumerable<string> Stores() =>
        ProjectionStores.Definitions(Engine.State.StorePersistence.Persistent).Select(s => s.Name);

    private List<GroupInfo> Groups()
    {
        using var admin = clients.Admin();
        return [.. admin.ListGroups(options.Client.Timeout).Where(g => options.GenerationOf(g.Group) is not null)];
    }
}
