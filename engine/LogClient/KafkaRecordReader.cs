using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Alloc.Engine.LogClient;

/// <summary>
/// Reads single records for their time, committed or not; joins no group. Made when it is first asked, because few
/// partitions ever stand still; then kept. Used by one thread.
/// </summary>
internal sealed class KafkaRecordReader(Dictionary<string, string> settings, string group, ILogger logger) : IDisposable
{
    private IConsumer<Ignore, Ignore>? consumer;

    /// <summary>
    /// Timestamp of the first record at or after an offset, in milliseconds since 1970 UTC; null at the end.
    /// </summary>
    /// <exception cref="KafkaException">The broker does not answer in time, or refuses.</exception>
    public long? TimestampAt(Confluent.Kafka.TopicPartition partition, long offset, TimeSpan patience)
    {
        consumer ??= Build();
        consumer.Assign(new Confluent.Kafka.TopicPartitionOffset(partition, offset));
        try
        {
            return consumer.Consume(patience) switch
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
    }

    public void Dispose() => consumer?.Dispose();

    private IConsumer<Ignore, Ignore> Build() => new ConsumerBuilder<Ignore, Ignore>(
        new Dictionary<string, string>(settings)
        {
            ["group.id"] = group,
            ["isolation.level"] = "read_uncommitted",
            ["enable.auto.commit"] = "false",
            ["enable.auto.offset.store"] = "false",
            ["auto.offset.reset"] = "error",
            ["enable.partition.eof"] = "true",
            // One record is read, if any: nothing is to be fetched ahead.
            ["queued.max.messages.kbytes"] = "1024",
            ["fetch.message.max.bytes"] = "65536",
        })
        .SetErrorHandler((_, error) => Log.ClientError(logger, settings["client.id"], error.Reason))
        .SetLogHandler((_, message) => Log.ClientMessage(logger, message.Name, message.Facility, message.Message))
        .Build();
}
