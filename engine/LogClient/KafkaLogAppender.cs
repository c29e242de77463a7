using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Alloc.Engine.LogClient;

/// <summary>
/// An idempotent producer outside any transaction: an open one would hide all that comes after from read-committed
/// readers.
/// </summary>
internal sealed class KafkaLogAppender : ILogAppender
{
    private readonly IProducer<byte[]?, byte[]?> producer;

    public KafkaLogAppender(Dictionary<string, string> settings, ILogger logger) =>
        producer = new ProducerBuilder<byte[]?, byte[]?>(settings)
            .SetKeySerializer(Serializers.ByteArray)
            .SetValueSerializer(Serializers.ByteArray)
            .SetErrorHandler((_, error) => Log.ClientError(logger, settings["client.id"], error.Reason))
            .SetLogHandler((_, message) => Log.ClientMessage(logger, message.Name, message.Facility, message.Message))
            .Build();

    public void Append(in OutgoingRecord record, DeliveryHandler handler)
    {
        var partition = new Confluent.Kafka.TopicPartition(record.Partition.Topic, record.Partition.Partition);
        try
        {
            producer.Produce(partition, KafkaMessages.Of(in record), KafkaMessages.Report(record.Partition, handler));
        }
        catch (KafkaException error)
        {
            throw FailureClassifier.Send(record.Partition, error.Error);
        }
    }

    public void Dispose() => producer.Dispose();
}

/// <summary>Between the seam's records and the client's.</summary>
internal static class KafkaMessages
{
    // The client would make empty ones for each record that has none.
    private static readonly Headers None = [];

    public static Message<byte[]?, byte[]?> Of(in OutgoingRecord record)
    {
        var message = new Message<byte[]?, byte[]?> { Key = record.Key, Value = record.Value, Headers = None };
        if (record.TimestampMs >= 0)
        {
            message.Timestamp = new Timestamp(record.TimestampMs, TimestampType.CreateTime);
        }
        if (record.Headers is not null)
        {
            message.Headers = [];
            foreach (var (key, value) in record.Headers)
            {
                message.Headers.Add(key, value);
            }
        }
        return message;
    }

    public static Action<DeliveryReport<byte[]?, byte[]?>> Report(
        TopicPartition partition, DeliveryHandler handler) => report =>
        handler(report.Offset.Value, report.Message?.Timestamp.UnixTimestampMs ?? -1,
            report.Error.IsError ? FailureClassifier.Send(partition, report.Error) : null);
}
