using System.Buffers.Binary;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;

namespace Alloc.Engine.LogClient;

/// <summary>
/// Topics, offsets and groups over one client of Confluent.Kafka, read uncommitted; joins no group.
/// </summary>
/// <remarks>
/// Offsets and members are asked for in the client's older, synchronous calls. Those of its admin that look for a
/// leader or a coordinator first (ListOffsets, DescribeConsumerGroups, ListConsumerGroupOffsets) end the process with
/// an assertion of librdkafka 2.16 when they time out while Kafka is away and it comes back; this asks every second.
/// DeleteRecords looks for leaders as well and has no older call: it is called rarely, and only when another question
/// was answered just before.
/// </remarks>
internal sealed class KafkaLogAdmin : ILogAdmin
{
    /// <summary>How long the broker may take for what is asked once a second.</summary>
    private static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(3);

    private const long LatestTimestamp = -1;
    private const long EarliestTimestamp = -2;

    private readonly IConsumer<Ignore, Ignore> consumer;
    private readonly IAdminClient admin;
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
        consumer = new ConsumerBuilder<Ignore, Ignore>(new Dictionary<string, string>(settings)
        {
            ["group.id"] = applicationId,
            // The high watermark proper: a read-committed handle is told the last stable offset instead.
            ["isolation.level"] = "read_uncommitted",
            ["enable.auto.commit"] = "false",
            ["enable.auto.offset.store"] = "false",
            ["auto.offset.reset"] = "error",
            ["enable.partition.eof"] = "true",
            // Single records are read, if any: nothing is to be fetched ahead.
            ["queued.max.messages.kbytes"] = "1024",
            ["fetch.message.max.bytes"] = "65536",
        })
            .SetErrorHandler((_, error) => Log.ClientError(logger, settings["client.id"], error.Reason))
            .SetLogHandler((_, message) => Log.ClientMessage(logger, message.Name, message.Facility, message.Message))
            .Build();
        admin = new DependentAdminClientBuilder(consumer.Handle).Build();
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
        var offsets = Watermarks(partition, timeout);
        return new LogBounds(offsets.Low.Value, offsets.High.Value);
    });

    public void DeleteRecords(IReadOnlyDictionary<TopicPartition, long> before) => Call("DeleteRecords", () =>
    {
        try
        {
            return admin.DeleteRecordsAsync(
                before.Select(b => new Confluent.Kafka.TopicPartitionOffset(Native(b.Key), b.Value)),
                new DeleteRecordsOptions { RequestTimeout = LookTimeout, OperationTimeout = LookTimeout })
                .GetAwaiter().GetResult();
        }
        catch (DeleteRecordsException error)
        {
            throw new KafkaException(error.Results.First(r => r.Error.IsError).Error, error);
        }
    });

    public long Beginning(TopicPartition partition) => Call(
        "ListOffsets", () => Watermarks(partition, LookTimeout).Low.Value);

    public IReadOnlyDictionary<TopicPartition, long> Ends(IReadOnlyCollection<TopicPartition> partitions) =>
        OffsetsAt(LatestTimestamp, partitions);

    public IReadOnlyDictionary<TopicPartition, long> Beginnings(IReadOnlyCollection<TopicPartition> partitions) =>
        OffsetsAt(EarliestTimestamp, partitions);

    public IReadOnlyDictionary<TopicPartition, long> Committed(IReadOnlyCollection<TopicPartition> partitions) =>
        Call("OffsetFetch", () => Known(consumer.Committed(partitions.Select(Native), LookTimeout)));

    public IReadOnlyList<GroupMember> Members() => Call("DescribeGroups", () =>
        (IReadOnlyList<GroupMember>)(admin.ListGroup(group, LookTimeout)?.Members ?? []).ConvertAll(m =>
            new GroupMember(m.MemberId, m.ClientId, ReadAssignment(m.MemberAssignment))));

    public long? TimestampAt(TopicPartition partition, long offset) => Call<long?>("Fetch", () =>
    {
        consumer.Assign(new Confluent.Kafka.TopicPartitionOffset(Native(partition), offset));
        try
        {
            return consumer.Consume(LookTimeout) switch
            {
                null => throw new KafkaException(new Error(ErrorCode.Local_TimedOut, "no record came in time")),
                { IsPartitionEOF: true } => null,
                { } record => record.Message.Timestamp.UnixTimestampMs,
            };
        }
        finally
        {
            consumer.Unassign();
        }
    });

    public OpenTransaction? OldestTransaction(TopicPartition partition, long offset) => Call(
        "Metadata", () => probe.Oldest(admin.GetMetadata(partition.Topic, LookTimeout), partition, offset));

    public void Dispose()
    {
        admin.Dispose();
        consumer.Dispose();
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

    private WatermarkOffsets Watermarks(TopicPartition partition, TimeSpan within)
    {
        try
        {
            return consumer.QueryWatermarkOffsets(Native(partition), within);
        }
        catch (KafkaException error)
        {
            LookAgain([(partition.Topic, error.Error)]);
            throw;
        }
    }

    /// <summary>
    /// What the client knows of a topic it keeps for 90 seconds, three intervals of its refreshing. Where that is not
    /// so any more, or was not all when a new topic was looked at, it is told, for who asks again in a moment.
    /// </summary>
    private void LookAgain(IEnumerable<(string Topic, Error Error)> failures)
    {
        var outdated = failures.Where(f => f.Error.Code is ErrorCode.Local_UnknownPartition
            or ErrorCode.NotLeaderForPartition or ErrorCode.LeaderNotAvailable or ErrorCode.UnknownTopicOrPart);
        foreach (var topic in outdated.Select(f => f.Topic).Distinct(StringComparer.Ordinal))
        {
            _ = admin.GetMetadata(topic, LookTimeout);
        }
    }

    private Dictionary<TopicPartition, long> OffsetsAt(
        long timestamp, IReadOnlyCollection<TopicPartition> partitions) => Call("ListOffsets", () =>
        {
            var asked = partitions.Select(p => new TopicPartitionTimestamp(
                p.Topic, p.Partition, new Timestamp(timestamp, TimestampType.NotAvailable)));
            IEnumerable<TopicPartitionOffsetError> answered;
            try
            {
                return Known(consumer.OffsetsForTimes(asked, LookTimeout));
            }
            catch (TopicPartitionOffsetException partly)
            {
                answered = partly.Results;
                LookAgain(answered.Where(a => a.Error.IsError).Select(a => (a.Topic, a.Error)));
            }
            var known = answered.Where(a => !a.Error.IsError).ToList();
            return known.Count > 0
                ? Known(known.Select(a => a.TopicPartitionOffset))
                : throw new KafkaException(answered.First().Error);
        });

    private static Dictionary<TopicPartition, long> Known(
        IEnumerable<Confluent.Kafka.TopicPartitionOffset> offsets) => offsets.Where(o => o.Offset.Value >= 0)
            .ToDictionary(o => new TopicPartition(o.Topic, o.Partition.Value), o => o.Offset.Value);

    private static Confluent.Kafka.TopicPartition Native(TopicPartition partition) =>
        new(partition.Topic, partition.Partition);

    private static T Call<T>(string name, Func<T> call)
    {
        try
        {
            return call();
        }
        catch (TopicPartitionOffsetException error)
        {
            throw FailureClassifier.Consume(name, error.Results.First(r => r.Error.IsError).Error, error);
        }
        catch (KafkaException error)
        {
            throw FailureClassifier.Consume(name, error.Error, error);
        }
    }
}
