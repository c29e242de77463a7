using Alloc.Engine.Processing;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Alloc.Engine.LogClient;

/// <summary>
/// A consumer over Confluent.Kafka. Eager and static: the assigned handler hands the wrapper an empty assignment, so
/// that nothing is fetched before the engine assigns explicit offsets outside the handler.
/// </summary>
internal sealed class KafkaLogConsumer : ILogConsumer
{
    private static readonly Confluent.Kafka.TopicPartitionOffset[] Nothing = [];
    private readonly IConsumer<byte[]?, byte[]?> consumer;
    private IRebalanceListener? listener;
    private Confluent.Kafka.TopicPartition? lastSeen;
    private TopicPartition lastSeenAs;

    public KafkaLogConsumer(Dictionary<string, string> settings, ILogger logger)
    {
        consumer = new ConsumerBuilder<byte[]?, byte[]?>(settings)
            .SetKeyDeserializer(Deserializers.ByteArray)
            .SetValueDeserializer(Deserializers.ByteArray)
            .SetPartitionsAssignedHandler(OnAssigned)
            .SetPartitionsRevokedHandler((_, partitions) => OnRevoked(partitions))
            .SetPartitionsLostHandler((_, partitions) => OnLost(partitions))
            .SetErrorHandler((_, error) => Log.ClientError(logger, settings["client.id"], error.Reason))
            .SetLogHandler((_, message) => Log.ClientMessage(logger, message.Name, message.Facility, message.Message))
            .Build();
    }

    public void Subscribe(IReadOnlyCollection<string> topics, IRebalanceListener rebalanceListener)
    {
        listener = rebalanceListener;
        Call("Subscribe", () => consumer.Subscribe(topics));
    }

    public void Unsubscribe() => Call("Unsubscribe", consumer.Unsubscribe);

    public void Poll(TimeSpan timeout, out PollResult result)
    {
        result = default;
        ConsumeResult<byte[]?, byte[]?>? consumed;
        try
        {
            consumed = consumer.Consume((int)timeout.TotalMilliseconds);
        }
        catch (ConsumeException error)
        {
            throw FailureClassifier.Consume("Consume", error.Error, error);
        }
        catch (KafkaException error)
        {
            throw FailureClassifier.Consume("Consume", error.Error, error);
        }
        if (consumed is null)
        {
            return;
        }
        result.Partition = Seen(consumed.TopicPartition);
        result.Offset = consumed.Offset.Value;
        if (consumed.IsPartitionEOF)
        {
            result.Kind = PollKind.EndOfPartition;
            return;
        }
        result.Kind = PollKind.Record;
        result.Key = consumed.Message.Key;
        result.Value = consumed.Message.Value;
        result.TimestampMs = consumed.Message.Timestamp.UnixTimestampMs;
        result.Headers = Headers(consumed.Message.Headers);
    }

    public void Assign(IReadOnlyCollection<TopicPartitionOffset> partitions) => Call("Assign", () => consumer.Assign(
        partitions.Select(
            p => new Confluent.Kafka.TopicPartitionOffset(p.Partition.Topic, p.Partition.Partition, p.Offset))));

    public void Pause(IReadOnlyCollection<TopicPartition> partitions) =>
        Call("Pause", () => consumer.Pause(partitions.Select(Native)));

    public void Resume(IReadOnlyCollection<TopicPartition> partitions) =>
        Call("Resume", () => consumer.Resume(partitions.Select(Native)));

    public long EndOffset(TopicPartition partition)
    {
        try
        {
            return consumer.GetWatermarkOffsets(Native(partition)).High.Value;
        }
        catch (KafkaException)
        {
            return -1;
        }
    }

    public IReadOnlyDictionary<TopicPartition, long> Committed(
        IReadOnlyCollection<TopicPartition> partitions, TimeSpan timeout)
    {
        List<Confluent.Kafka.TopicPartitionOffset> offsets = [];
        Call("Committed", () => offsets = consumer.Committed(partitions.Select(Native), timeout));
        return offsets.Where(o => o.Offset.Value >= 0).ToDictionary(o => From(o.TopicPartition), o => o.Offset.Value);
    }

    public void Close() => Call("Close", consumer.Close);

    public void Dispose() => consumer.Dispose();

    private static Confluent.Kafka.TopicPartition Native(TopicPartition partition) =>
        new(partition.Topic, partition.Partition);

    private static TopicPartition From(Confluent.Kafka.TopicPartition partition) =>
        new(partition.Topic, partition.Partition.Value);

    private static void Call(string name, Action call)
    {
        try
        {
            call();
        }
        catch (TopicPartitionOffsetException error)
        {
            throw FailureClassifier.Consume(name, error.Results.First(r => r.Error.IsError).Error, error);
        }
        catch (TopicPartitionException error)
        {
            throw FailureClassifier.Consume(name, error.Results.First(r => r.Error.IsError).Error, error);
        }
        catch (KafkaException error)
        {
            throw FailureClassifier.Consume(name, error.Error, error);
        }
    }

    private static RecordHeaders? Headers(Headers? headers)
    {
        if (headers is null || headers.Count == 0)
        {
            return null;
        }
        var result = new RecordHeaders();
        foreach (var header in headers)
        {
            result.Add(header.Key, header.GetValueBytes());
        }
        return result;
    }

    /// <summary>Consecutive records are mostly of one partition: its name is kept once.</summary>
    private TopicPartition Seen(Confluent.Kafka.TopicPartition partition)
    {
        if (lastSeen is null || lastSeen.Partition != partition.Partition || lastSeen.Topic != partition.Topic)
        {
            lastSeen = partition;
            lastSeenAs = From(partition);
        }
        return lastSeenAs;
    }

    private Confluent.Kafka.TopicPartitionOffset[] OnAssigned(
        IConsumer<byte[]?, byte[]?> self, List<Confluent.Kafka.TopicPartition> partitions)
    {
        var member = self.MemberId;
        var metadata = string.IsNullOrEmpty(member) ? null : new LogGroupMetadata(member, self.ConsumerGroupMetadata);
        listener?.OnAssigned(partitions.ConvertAll(From), metadata);
        return Nothing;
    }

    private void OnRevoked(List<Confluent.Kafka.TopicPartitionOffset> partitions) =>
        listener?.OnRevoked(partitions.ConvertAll(p => From(p.TopicPartition)));

    private void OnLost(List<Confluent.Kafka.TopicPartitionOffset> partitions) =>
        listener?.OnLost(partitions.ConvertAll(p => From(p.TopicPartition)));
}
