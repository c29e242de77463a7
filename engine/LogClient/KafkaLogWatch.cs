using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Alloc.Engine.LogClient;

/// <summary>Looks at input partitions over handles of its own, read uncommitted; joins no group.</summary>
internal sealed class KafkaLogWatch : ILogWatch
{
    /// <summary>How long the broker may take for one question: a look comes every second.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    private const long LatestTimestamp = -1;

    private readonly Dictionary<string, string> settings;
    private readonly string group;
    private readonly IConsumer<byte[], byte[]> consumer;
    private readonly IAdminClient admin;
    private readonly TransactionProbe probe;
    private readonly ILogger logger;

    /// <param name="settings">Settings of a client.</param>
    /// <param name="applicationId">The group that is looked at.</param>
    /// <param name="logger">Where the client's own lines go.</param>
    public KafkaLogWatch(Dictionary<string, string> settings, string applicationId, ILogger logger)
    {
        group = applicationId;
        this.logger = logger;
        this.settings = new Dictionary<string, string>(settings)
        {
            ["group.id"] = applicationId,
            ["isolation.level"] = "read_uncommitted",
            ["enable.auto.commit"] = "false",
            ["enable.auto.offset.store"] = "false",
            ["auto.offset.reset"] = "error",
            ["enable.partition.eof"] = "true",
            // One record is read, if any: nothing is to be fetched ahead.
            ["queued.max.messages.kbytes"] = "1024",
            ["fetch.message.max.bytes"] = "65536",
        };
        consumer = Build();
        // Not one that depends on the consumer's handle: the client's thread for its answers would never rest there.
        var adminSettings = new Dictionary<string, string>(settings);
        adminSettings.Remove("allow.auto.create.topics");
        admin = new AdminClientBuilder(adminSettings).SetLogHandler((_, _) => { }).Build();
        probe = new TransactionProbe(settings, Timeout);
    }

    public IReadOnlyDictionary<TopicPartition, long> Ends(IReadOnlyCollection<TopicPartition> partitions) =>
        Call("ListOffsets", () =>
        {
            var asked = partitions.Select(p => new TopicPartitionTimestamp(
                p.Topic, p.Partition, new Timestamp(LatestTimestamp, TimestampType.NotAvailable)));
            IEnumerable<TopicPartitionOffsetError> answered;
            try
            {
                return Known(consumer.OffsetsForTimes(asked, Timeout));
            }
            catch (TopicPartitionOffsetException partly)
            {
                answered = partly.Results;
            }
            var known = answered.Where(a => !a.Error.IsError).ToList();
            return known.Count > 0
                ? Known(known.Select(a => a.TopicPartitionOffset))
                : throw new KafkaException(answered.First().Error);
        });

    public long Beginning(TopicPartition partition) => Call(
        "ListOffsets", () => consumer.QueryWatermarkOffsets(Native(partition), Timeout).Low.Value);

    public IReadOnlyDictionary<TopicPartition, long> Committed(IReadOnlyCollection<TopicPartition> partitions) =>
        Call("OffsetFetch", () => Known(consumer.Committed(partitions.Select(Native), Timeout)));

    public IReadOnlyList<GroupMember> Members() => Call("DescribeGroups", () =>
        (IReadOnlyList<GroupMember>)(admin.ListGroup(group, Timeout)?.Members ?? []).ConvertAll(m =>
            new GroupMember(m.MemberId, m.ClientId, KafkaLogAdmin.ReadAssignment(m.MemberAssignment))));

    public long? TimestampAt(TopicPartition partition, long offset) => Call<long?>("Fetch", () =>
    {
        // A handle of its own, assigned once: an assignment that is changed before it has settled is not to be had.
        var reader = Build();
        try
        {
            reader.Assign(new Confluent.Kafka.TopicPartitionOffset(partition.Topic, partition.Partition, offset));
            return reader.Consume(Timeout) switch
            {
                null => throw new KafkaException(new Error(ErrorCode.Local_TimedOut, "no record came in time")),
                { IsPartitionEOF: true } => null,
                { } record => record.Message.Timestamp.UnixTimestampMs,
            };
        }
        finally
        {
            // Closing takes a good part of a second that the next look need not wait for.
            _ = Task.Run(reader.Dispose);
        }
    });

    public OpenTransaction? OldestTransaction(TopicPartition partition, long offset) => Call("Metadata", () =>
    {
        var metadata = admin.GetMetadata(partition.Topic, Timeout);
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
        consumer.Dispose();
    }

    private IConsumer<byte[], byte[]> Build() => new ConsumerBuilder<byte[], byte[]>(settings)
        .SetErrorHandler((_, error) => Log.ClientError(logger, settings["client.id"], error.Reason))
        .SetLogHandler((_, message) => Log.ClientMessage(logger, message.Name, message.Facility, message.Message))
        .Build();

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
        catch (ConsumeException error)
        {
            throw FailureClassifier.Consume(name, error.Error, error);
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
