using System.Buffers.Binary;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;

namespace Alloc.Engine.LogClient;

/// <summary>Topics, offsets and groups over Confluent.Kafka.</summary>
internal sealed class KafkaLogAdmin : ILogAdmin
{
    private readonly IAdminClient admin;
    private readonly Lazy<IConsumer<byte[], byte[]>> uncommitted;
    private readonly TimeSpan timeout;

    public KafkaLogAdmin(Dictionary<string, string> settings, string applicationId, TimeSpan timeout, ILogger logger)
    {
        this.timeout = timeout;
        var adminSettings = new Dictionary<string, string>(settings);
        adminSettings.Remove("allow.auto.create.topics");
        admin = new AdminClientBuilder(adminSettings)
            .SetErrorHandler((_, error) => Log.ClientError(logger, settings["client.id"], error.Reason))
            .SetLogHandler((_, message) => Log.ClientMessage(logger, message.Name, message.Facility, message.Message))
            .Build();
        // The high watermark proper: a read-committed handle is told the last stable offset instead.
        var consumerSettings = new Dictionary<string, string>(settings)
        {
            ["group.id"] = $"{applicationId}-bounds",
            ["isolation.level"] = "read_uncommitted",
            ["enable.auto.commit"] = "false",
        };
        uncommitted = new(() => new ConsumerBuilder<byte[], byte[]>(consumerSettings)
            .SetErrorHandler((_, error) => Log.ClientError(logger, settings["client.id"], error.Reason))
            .SetLogHandler((_, message) => Log.ClientMessage(logger, message.Name, message.Facility, message.Message))
            .Build());
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
        var offsets = uncommitted.Value.QueryWatermarkOffsets(new(partition.Topic, partition.Partition), timeout);
        return new LogBounds(offsets.Low.Value, offsets.High.Value);
    });

    public IReadOnlyList<GroupMember> DescribeGroup(string group) => Call("DescribeGroups", () =>
    {
        var description = admin.ListGroup(group, timeout);
        return (IReadOnlyList<GroupMember>)(description?.Members ?? [])
            .ConvertAll(m => new GroupMember(m.MemberId, m.ClientId, ReadAssignment(m.MemberAssignment)));
    });

    public void Dispose()
    {
        admin.Dispose();
        if (uncommitted.IsValueCreated)
        {
            uncommitted.Value.Dispose();
        }
    }

    /// <summary>
    /// Reads a member's assignment: version int16, then [topic string16, [partition int32]], big-endian
    /// (ConsumerProtocolAssignment).
    /// </summary>
    internal static IReadOnlyList<TopicPartition> ReadAssignment(ReadOnlySpan<byte> data)
    {
        var partitions = new List<TopicPartition>();
        if (data.Length < 6)
        {
            return partitions;
        }
        var topicCount = BinaryPrimitives.ReadInt32BigEndian(data[2..]);
        data = data[6..];
        for (var topicIndex = 0; topicIndex < topicCount && data.Length >= 2; topicIndex++)
        {
            var nameLength = BinaryPrimitives.ReadInt16BigEndian(data);
            if (nameLength < 0 || data.Length < 2 + nameLength + 4)
            {
                break;
            }
            var topic = Encoding.UTF8.GetString(data.Slice(2, nameLength));
            var count = BinaryPrimitives.ReadInt32BigEndian(data[(2 + nameLength)..]);
            data = data[(2 + nameLength + 4)..];
            for (var index = 0; index < count && data.Length >= 4; index++)
            {
                partitions.Add(new TopicPartition(topic, BinaryPrimitives.ReadInt32BigEndian(data)));
                data = data[4..];
            }
        }
        return partitions;
    }

    private static T Call<T>(string name, Func<T> call)
    {
        try
        {
            return call();
        }
        catch (KafkaException error)
        {
            throw FailureClassifier.Consume(name, error.Error, error);
        }
    }
}
