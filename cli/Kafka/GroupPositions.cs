using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Engine.LogClient;
using Confluent.Kafka;
using TopicPartition = Confluent.Kafka.TopicPartition;
using TopicPartitionOffset = Confluent.Kafka.TopicPartitionOffset;

namespace Alloc.Cli.Kafka;

/// <summary>How far a group is in one partition, measured to the end of the log.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Committed">Everything before it is done; null: nothing ever was.</param>
/// <param name="End">The high watermark: what uncommitted readers see.</param>
/// <param name="Lag">Offsets between the two.</param>
/// <param name="Age">Age of the oldest record between the two; zero where there is none, null where it is not known.
/// </param>
/// <param name="Owner">The member that has it, or null.</param>
/// <param name="Why">What holds it up, as far as the broker knows, or null.</param>
internal sealed record GroupPosition(
    TopicPartition Partition, long? Committed, long End, long Lag, TimeSpan? Age, GroupMemberInfo? Owner, string? Why);

/// <summary>
/// Reads where a group is, whoever runs: what waits beyond an open transaction, and in partitions that nobody has,
/// waits too.
/// </summary>
internal sealed class GroupPositions(AllocClientOptions settings, TimeProvider time)
{
    private static readonly TimeSpan ReadFor = TimeSpan.FromSeconds(5);
    private readonly KafkaClients clients = new(settings);

    /// <summary>The group's positions in all partitions of the topics that it reads; null: there is no such group.
    /// </summary>
    /// <exception cref="KafkaException">The broker does not answer.</exception>
    public (GroupInfo Group, IReadOnlyList<GroupPosition> Positions)? Read(IAdminClient admin, string name)
    {
        var group = admin.ListGroup(name, settings.Timeout);
        if (group is null || group.State is "Dead" or "")
        {
            return null;
        }
        var owners = new Dictionary<TopicPartition, GroupMemberInfo>();
        foreach (var member in group.Members)
        {
            foreach (var partition in ConsumerProtocol.Partitions(member.MemberAssignment))
            {
                owners[partition] = member;
            }
        }
        var metadata = admin.GetMetadata(settings.Timeout);
        using var stable = clients.Consumer(readCommitted: true, name);
        using var all = clients.Consumer(readCommitted: false, name);
        var committed = Committed(metadata, stable);
        var topics = committed.Keys.Concat(owners.Keys).Select(p => p.Topic).ToHashSet(StringComparer.Ordinal);
        var rows = new List<(TopicPartition Partition, long? Committed, long From, long Stable, long End)>();
        foreach (var partition in Partitions(metadata).Where(p => topics.Contains(p.Topic)))
        {
            long? at = committed.TryGetValue(partition, out var offset) ? offset : null;
            var ends = all.QueryWatermarkOffsets(partition, settings.Timeout);
            rows.Add((
                partition, at, Math.Max(at ?? 0, ends.Low.Value),
                stable.QueryWatermarkOffsets(partition, settings.Timeout).High.Value, ends.High.Value));
        }
        var times = OldestTimes([.. rows.Where(r => r.From < r.End)
            .Select(r => new TopicPartitionOffset(r.Partition, r.From))]);
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        return (group,
        [
            .. rows.OrderBy(r => r.Partition.Topic, StringComparer.Ordinal).ThenBy(r => r.Partition.Partition.Value)
                .Select(r => new GroupPosition(
                    r.Partition, r.Committed, r.End, Math.Max(0, r.End - r.From),
                    r.From >= r.End ? TimeSpan.Zero
                        : times.TryGetValue(r.Partition, out var ms)
                            ? TimeSpan.FromMilliseconds(ms is { } at ? Math.Max(0, nowMs - at) : 0)
                            : null,
                    owners.GetValueOrDefault(r.Partition),
                    r.From >= r.End ? null
                        : Why(metadata, r.Partition, r.From, r.Stable, r.End, owners.ContainsKey(r.Partition)))),
        ]);
    }

    private Dictionary<TopicPartition, long> Committed(Metadata metadata, IConsumer<byte[]?, byte[]?> reader) =>
        reader.Committed([.. Partitions(metadata)], settings.Timeout).Where(c => c.Offset.Value >= 0)
            .ToDictionary(c => c.TopicPartition, c => c.Offset.Value);

    private static IEnumerable<TopicPartition> Partitions(Metadata metadata) => metadata.Topics
        .Where(t => !t.Topic.StartsWith("__", StringComparison.Ordinal))
        .SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Topic, p.PartitionId)));

    /// <summary>
    /// Times of the first records from these offsets on, committed or not; null where only markers follow, absent where
    /// none came in time.
    /// </summary>
    private Dictionary<TopicPartition, long?> OldestTimes(IReadOnlyList<TopicPartitionOffset> from)
    {
        var times = new Dictionary<TopicPartition, long?>();
        if (from.Count == 0)
        {
            return times;
        }
        using var reader = clients.Consumer(readCommitted: false);
        reader.Assign(from);
        var started = time.GetTimestamp();
        while (times.Count < from.Count && time.GetElapsedTime(started) < ReadFor)
        {
            if (reader.Consume(TimeSpan.FromMilliseconds(100)) is { } record)
            {
                times.TryAdd(
                    record.TopicPartition, record.IsPartitionEOF ? null : record.Message.Timestamp.UnixTimestampMs);
            }
        }
        return times;
    }

    private string? Why(
        Metadata metadata, TopicPartition partition, long from, long stable, long end, bool isOwned)
    {
        if (!isOwned)
        {
            return "nobody in the group has it";
        }
        if (stable >= end || from < stable)
        {
            return null;
        }
        var brokers = metadata.Brokers.ToDictionary(b => b.BrokerId, b => (b.Host, b.Port));
        var leader = metadata.Topics.Single(t => t.Topic == partition.Topic).Partitions
            .Single(p => p.PartitionId == partition.Partition.Value).Leader;
        return brokers.TryGetValue(leader, out var address)
            ? new TransactionProbe(settings.KafkaProperties, settings.Timeout).Oldest(
                new Alloc.Engine.LogClient.TopicPartition(partition.Topic, partition.Partition.Value), address,
                brokers.Values, stable)?.ToString()
            : null;
    }
}
