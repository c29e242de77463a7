using Alloc.Client;
using Alloc.Schemas.Avro;
using Confluent.Kafka;
using Confluent.SchemaRegistry;
using EndToEnd.Tests.Processes;

namespace Samples.Tests;

/// <summary>Reads and writes the records of a topic, as another service would.</summary>
internal sealed class TopicRecords<T> : IDisposable
    where T : class, IAvroRecord<T>
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(200);
    private readonly string topic;
    private readonly CachedSchemaRegistryClient registry;
    private readonly IConsumer<string, T?> consumer;
    private readonly IProducer<string, T> producer;
    private readonly List<T> read = [];

    public TopicRecords(Deployment deployment, string topic)
    {
        this.topic = topic;
        registry = new CachedSchemaRegistryClient(new SchemaRegistryConfig { Url = deployment.Registry });
        consumer = new ConsumerBuilder<string, T?>(new ConsumerConfig
        {
            BootstrapServers = deployment.Bootstrap,
            GroupId = "samples-tests",
            EnableAutoCommit = false,
            IsolationLevel = IsolationLevel.ReadCommitted,
            AutoOffsetReset = AutoOffsetReset.Earliest,
        }).SetValueDeserializer(new ContractDeserializer<T>(registry)).Build();
        using (var admin = new DependentAdminClientBuilder(consumer.Handle).Build())
        {
            consumer.Assign(admin.GetMetadata(topic, SampleProgram.Deadline).Topics.Single().Partitions
                .Select(p => new TopicPartitionOffset(topic, p.PartitionId, Offset.Beginning)));
        }
        producer = new ProducerBuilder<string, T>(new ProducerConfig
        {
            BootstrapServers = deployment.Bootstrap,
            EnableIdempotence = true,
            Partitioner = Partitioner.Murmur2Random,
        }).SetValueSerializer((IAsyncSerializer<T>)new ContractSerializer<T>(registry)).Build();
    }

    public Task WriteAsync(string key, T value) =>
        producer.ProduceAsync(topic, new Message<string, T> { Key = key, Value = value });

    /// <summary>All records so far, once enough of them are there; those of a partition in its order.</summary>
    public IReadOnlyList<T> ReadUntil(Func<IReadOnlyList<T>, bool> isEnough)
    {
        var end = DateTime.UtcNow + SampleProgram.Deadline;
        while (!isEnough(read))
        {
            if (consumer.Consume(Step)?.Message.Value is { } value)
            {
                read.Add(value);
            }
            else
            {
                Assert.True(DateTime.UtcNow < end, $"{topic} has only:\n{string.Join('\n', read)}");
            }
        }
        return read;
    }

    /// <summary>All records up to where the topic ends now.</summary>
    public IReadOnlyList<T> ReadToEnd()
    {
        var ends = consumer.Assignment.ToDictionary(
            p => p, p => consumer.QueryWatermarkOffsets(p, SampleProgram.Deadline).High.Value);
        return ReadUntil(_ => ends.All(e => Math.Max(consumer.Position(e.Key).Value, 0) >= e.Value));
    }

    public void Dispose()
    {
        producer.Dispose();
        consumer.Dispose();
        registry.Dispose();
    }
}
