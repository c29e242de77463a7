using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;

namespace Alloc.Engine.LogClient;

/// <summary>
/// Topics, offsets and groups over one client of Confluent.Kafka; a reader joins it when a record is first looked at.
/// </summary>
internal sealed class KafkaLogAdmin : ILogAdmin
{
    /// <summary>How long the broker may take for what is asked once a second.</summary>
    private static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(3);

    private readonly IAdminClient admin;
    private readonly KafkaRecordReader reader;
    private readonly TransactionProbe probe;
    private readonly string group;
    private readonly TimeSpan timeout;

    /// <param name="settings">Settings of a client.</param>
    /// <param name="applicationId">The group that is looked at.</param>
    /// <param name="timeout">How long a call may take that is not asked once a second.</param>
    /// <param name="logger">Where the client's own lines go.</param>
    public KafkaLogAdmin(Dictionary<string, string> settings, string applicationId, TimeSpan timeout, ILogger logger)
    {
        group = applicationId;
        this.timeout = timeout;
        var adminSettings = new Dictionary<string, string>(settings);
        adminSettings.Remove("allow.auto.create.topics");
        admin = new AdminClientBuilder(adminSettings)
            .SetErrorHandler((_, error) => Log.ClientError(logger, settings["client.id"], error.Reason))
            .SetLogHandler((_, message) => Log.ClientMessage(logger, message.Name, message.Facility, message.Message))
            .Build();
        reader = new KafkaRecordReader(settings, applicationId, logger);
        probe = new TransactionProbe(settings, LookTimeout);
    }

    public IReadOnlyDictionary<string, TopicDescription> DescribeTopics(
        IReadOnlyCollection<string> topics) => Call("DescribeTopics", () =>
    {
        var wanted = topics.ToHashSet(StringComparer.Ordinal);
        var found = admin.GetMetadata(timeout).Topics
            .Where(t => wanted.Contains(t.Topic) && !t.Error.IsError && t.Partitions.Count > 0).ToList();
        var configurations = found.Count == 0 ? [] : admin.DescribeConfigsAsync(
            found.Select(t => new ConfigResource { Type = ResourceType.Topic, Name = t.Topic }),
            new DescribeConfigsOptions { RequestTimeout = timeout }).GetAwaiter().GetResult();
        return (IReadOnlyDictionary<string, TopicDescription>)found.ToDictionary(t => t.Topic, t =>
        {
            var entries = configurations.Single(c => c.ConfigResource.Name == t.Topic).Entries;
            return new TopicDescription(t.Topic, t.Partitions.Count,
                entries.TryGetValue("cleanup.policy", out var policy) ? policy.Value : "delete",
                entries.TryGetValue("message.timestamp.type", out var type) ? type.Value : "CreateTime");
        }, StringComparer.Ordinal);
    });

    public void CreateTopics(IReadOnlyCollection<NewTopic> topics) => Call("CreateTopics", () =>
    {
        try
        {
            admin.CreateTopicsAsync(topics.Select(t => new TopicSpecification
            {
                Name = t.Name,
                NumPartitions = t.PartitionCount,
                ReplicationFactor = t.ReplicationFactor,
                Configs = t.Configuration.ToDictionary(c => c.Key, c => c.Value),
            }), new CreateTopicsOptions { RequestTimeout = timeout, OperationTimeout = timeout })
                .GetAwaiter().GetResult();
        }
        catch (CreateTopicsException error)
        {
            var refused = error.Results.FirstOrDefault(r => r.Error.IsError
                && r.Error.Code != ErrorCode.TopicAlreadyExists);
            if (refused is not null)
            {
                throw new LogException($"Topic '{refused.Topic}' was not created: {refused.Error.Reason}",
                    LogFailure.GiveUp, refused.Error.Code.ToString(), error);
            }
        }
        return true;
    });

    public LogBounds Bounds(TopicPartition partition) => Call("ListOffsets", () =>
    {
        var beginning = OffsetsAsync([partition], OffsetSpec.Earliest(), timeout);
        var end = OffsetsAsync([partition], OffsetSpec.Latest(), timeout);
        return new LogBounds(
            beginning.GetAwaiter().GetResult()[partition], end.GetAwaiter().GetResult()[partition]);
    });

    public long Beginning(TopicPartition partition) => Call("ListOffsets", () =>
        OffsetsAsync([partition], OffsetSpec.Earliest(), LookTimeout).GetAwaiter().GetResult()[partition]);

    public IReadOnlyDictionary<TopicPartition, long> Ends(IReadOnlyCollection<TopicPartition> partitions) =>
        Call("ListOffsets", () => OffsetsAsync(partitions, OffsetSpec.Latest(), LookTimeout).GetAwaiter().GetResult());

    public IReadOnlyDictionary<TopicPartition, long> Committed(IReadOnlyCollection<TopicPartition> partitions) =>
        Call("OffsetFetch", () => admin.ListConsumerGroupOffsetsAsync(
                [new ConsumerGroupTopicPartitions(group, partitions.Select(Native).ToList())],
                new ListConsumerGroupOffsetsOptions { RequestTimeout = LookTimeout, RequireStableOffsets = false })
            .GetAwaiter().GetResult().Single().Partitions.Where(o => o.Offset.Value >= 0)
            .ToDictionary(o => From(o.TopicPartition), o => o.Offset.Value));

    public IReadOnlyList<GroupMember> Members() => Call("DescribeGroups", () =>
        (IReadOnlyList<GroupMember>)admin.DescribeConsumerGroupsAsync(
                [group], new DescribeConsumerGroupsOptions { RequestTimeout = LookTimeout })
            .GetAwaiter().GetResult().ConsumerGroupDescriptions.Single().Members.ConvertAll(m =>
                new GroupMember(m.ConsumerId, m.ClientId, m.Assignment.TopicPartitions.ConvertAll(From))));

    public long? TimestampAt(TopicPartition partition, long offset) =>
        Call("Fetch", () => reader.TimestampAt(Native(partition), offset, LookTimeout));

    public OpenTransaction? OldestTransaction(TopicPartition partition, long offset) => Call("Metadata", () =>
    {
        var metadata = admin.GetMetadata(partition.Topic, LookTimeout);
        var brokers = metadata.Brokers.ToDictionary(b => b.BrokerId, b => (b.Host, b.Port));
        var leader = metadata.Topics.SelectMany(t => t.Partitions)
            .FirstOrDefault(p => p.PartitionId == partition.Partition)?.Leader;
        return leader is { } id && brokers.TryGetValue(id, out var address)
            ? probe.Oldest(partition, address, brokers.Values, offset)
            : null;
    });

    public void Dispose()
    {
        admin.Dispose();
        reader.Dispose();
    }

    /// <summary>
    /// Offsets of these partitions, but for those that are not known now; throws where none is. Uncommitted: the high
    /// watermark proper, where a reader of committed records is told the last stable offset.
    /// </summary>
    private async Task<Dictionary<TopicPartition, long>> OffsetsAsync(
        IReadOnlyCollection<TopicPartition> partitions, OffsetSpec which, TimeSpan patience)
    {
        var asked = partitions.Select(p => new TopicPartitionOffsetSpec
        {
            TopicPartition = Native(p),
            OffsetSpec = which,
        });
        var options = new ListOffsetsOptions
        {
            RequestTimeout = patience,
            IsolationLevel = IsolationLevel.ReadUncommitted,
        };
        List<ListOffsetsResultInfo> answered;
        try
        {
            answered = (await admin.ListOffsetsAsync(asked, options).ConfigureAwait(false)).ResultInfos;
        }
        catch (ListOffsetsException partly) when (partly.Result.ResultInfos.Count > 0)
        {
            answered = partly.Result.ResultInfos;
        }
        var offsets = answered.ConvertAll(a => a.TopicPartitionOffsetError);
        var known = offsets.Where(o => !o.Error.IsError && o.Offset.Value >= 0)
            .ToDictionary(o => From(o.TopicPartition), o => o.Offset.Value);
        return known.Count > 0 ? known : throw new KafkaException(offsets[0].Error);
    }

    private static Confluent.Kafka.TopicPartition Native(TopicPartition partition) =>
        new(partition.Topic, partition.Partition);

    private static TopicPartition From(Confluent.Kafka.TopicPartition partition) =>
        new(partition.Topic, partition.Partition.Value);

    private static T Call<T>(string name, Func<T> call)
    {
        try
        {
            return call();
        }
        catch (KafkaException error)
        {
            throw FailureClassifier.Consume(name, ErrorOf(error), error);
        }
    }

    /// <summary>What a call about several things failed of: its own error only says that some of them failed.</summary>
    private static Error ErrorOf(KafkaException error)
    {
        IEnumerable<Error> parts = error switch
        {
            ListConsumerGroupOffsetsException offsets => offsets.Results
                .SelectMany(r => r.Partitions.Select(p => p.Error).Prepend(r.Error)),
            DescribeConsumerGroupsException groups => groups.Results.ConsumerGroupDescriptions.Select(g => g.Error),
            _ => [],
        };
        return parts.FirstOrDefault(e => e.IsError) ?? error.Error;
    }
}
