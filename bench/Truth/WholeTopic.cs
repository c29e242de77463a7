using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Bench.Truth;

/// <summary>Reads all that is committed in a topic of records of one type.</summary>
internal static class WholeTopic
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    /// <summary>The records, each partition in its order; those without a value left out.</summary>
    public static IReadOnlyList<T> Read<T>(
        AllocClientOptions settings, ISchemaRegistryClient registry, string topic, CancellationToken cancellation)
        where T : class, IAvroRecord<T>
    {
        var name = settings.TopicPrefix + topic;
        var serde = new AvroSerde<T>(registry, ConfluentFraming.SubjectOf(name));
        var clients = new KafkaClients(settings);
        using var consumer = BulkClients.Consumer(settings, "alloc-bench-judge");
        using var admin = clients.Admin();
        var found = new List<T>();
        for (var number = 0; number < clients.PartitionCount(admin, name); number++)
        {
            var partition = new TopicPartition(name, number);
            consumer.Assign(new TopicPartitionOffset(partition, Offset.Beginning));
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                var record = consumer.Consume(Step);
                if (record is { IsPartitionEOF: true })
                {
                    break;
                }
                if (record?.Message.Value is { } value)
                {
                    found.Add(serde.Deserialize(value));
                }
            }
        }
        return found;
    }
}
