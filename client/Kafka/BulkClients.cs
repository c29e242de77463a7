using Confluent.Kafka;

namespace Alloc.Client.Kafka;

/// <summary>
/// Clients for millions of records: large batches, deep queues, and only what is used copied into a result.
/// </summary>
internal static class BulkClients
{
    /// <summary>An idempotent producer that places keys by murmur2, as every producer of the topics does.</summary>
    /// <param name="settings">Where Kafka is.</param>
    /// <param name="lingerMs">How long it waits to fill a batch.</param>
    /// <param name="patience">How long a record may wait for the broker before it is given up.</param>
    public static IProducer<byte[]?, byte[]?> Producer(AllocClientOptions settings, int lingerMs, TimeSpan patience) =>
        With(settings with { Timeout = patience }, new()
        {
            ["partitioner"] = "murmur2_random",
            ["linger.ms"] = $"{lingerMs}",
            ["batch.size"] = "262144",
            ["compression.type"] = "lz4",
            ["queue.buffering.max.messages"] = "200000",
            ["reconnect.backoff.max.ms"] = "1000",
            ["dotnet.producer.delivery.report.fields"] = "status",
        }).Producer();

    /// <summary>A consumer of raw records.</summary>
    /// <param name="settings">Where Kafka is.</param>
    /// <param name="group">Its group; partitions are assigned, so it only names the client.</param>
    /// <param name="readCommitted">Whether records of open and aborted transactions stay unseen.</param>
    /// <param name="fields">What a result carries besides key, value and position: none, topic, timestamp, headers,
    /// all.</param>
    public static IConsumer<byte[]?, byte[]?> Consumer(
        AllocClientOptions settings, string group, bool readCommitted = true, string fields = "none") =>
        With(settings, new()
        {
            ["dotnet.consumer.consume.result.fields"] = fields,
            ["queued.max.messages.kbytes"] = "32768",
            ["fetch.wait.max.ms"] = "20",
            ["reconnect.backoff.max.ms"] = "1000",
            ["check.crcs"] = "true",
        }).Consumer(readCommitted, group);

    private static KafkaClients With(AllocClientOptions settings, Dictionary<string, string> properties)
    {
        foreach (var (key, value) in settings.KafkaProperties)
        {
            properties[key] = value;
        }
        return new KafkaClients(settings with { KafkaProperties = properties });
    }
}
