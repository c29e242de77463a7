using Alloc.Client;
using Alloc.Client.Kafka;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace EndToEnd.Tests.Processes;

/// <summary>Topics of a deployment as bytes: made, written, read.</summary>
internal sealed class RawTopics : IDisposable
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(60);
    private readonly KafkaClients clients;
    private readonly IProducer<byte[]?, byte[]?> producer;

    public RawTopics(Deployment deployment)
    {
        clients = new KafkaClients(new AllocClientOptions
        {
            Bootstrap = deployment.Bootstrap,
            Registry = new Uri(deployment.Registry),
            Timeout = CallTimeout,
        });
        producer = clients.Producer();
    }

    public async Task CreateAsync(string topic, int partitionCount, params (string Name, string Value)[] settings)
    {
        using var admin = clients.Admin();
        await admin.CreateTopicsAsync([new TopicSpecification
        {
            Name = topic,
            NumPartitions = partitionCount,
            ReplicationFactor = 1,
            Configs = settings.ToDictionary(s => s.Name, s => s.Value),
        }]);
    }

    /// <summary>Partitions of a topic; null where there is none.</summary>
    public int? PartitionCount(string topic)
    {
        using var admin = clients.Admin();
        return admin.GetMetadata(CallTimeout).Topics.Find(t => t.Topic == topic)?.Partitions.Count;
    }

    public async Task<string?> SettingAsync(string topic, string name)
    {
        using var admin = clients.Admin();
        var described = await admin.DescribeConfigsAsync(
            [new ConfigResource { Type = ResourceType.Topic, Name = topic }]);
        return described[0].Entries[name].Value;
    }

    public async Task<long> WriteAsync(string topic, int partition, Message<byte[]?, byte[]?> message) =>
        (await producer.ProduceAsync(new TopicPartition(topic, partition), message).WaitAsync(CallTimeout))
            .Offset.Value;

    /// <summary>Writes numbered records, in their order.</summary>
    public async Task WriteManyAsync(string topic, int partition, int count) => await Task.WhenAll(
        Enumerable.Range(0, count).Select(i => producer.ProduceAsync(
            new TopicPartition(topic, partition),
            new Message<byte[]?, byte[]?>
            {
                Key = System.Text.Encoding.UTF8.GetBytes($"k-{i % 7}"),
                Value = System.Text.Encoding.UTF8.GetBytes($"{partition}/{i}"),
            }))).WaitAsync(CallTimeout);

    /// <summary>The committed records, those of a partition in its order.</summary>
    public List<ConsumeResult<byte[]?, byte[]?>> Read(string topic, CancellationToken cancellation) =>
        [.. new TopicTail(clients, CallTimeout).Read(
            new TailPlan { Topic = topic, Partitions = [.. Enumerable.Range(0, PartitionCount(topic)!.Value)] },
            cancellation)
            .OrderBy(r => r.Partition.Value).ThenBy(r => r.Offset.Value)];

    /// <summary>Where the partitions of a topic end, records that are not committed included.</summary>
    public List<long> Ends(string topic)
    {
        using var consumer = clients.Consumer(readCommitted: false);
        return [.. Enumerable.Range(0, PartitionCount(topic)!.Value).Select(
            p => consumer.QueryWatermarkOffsets(new TopicPartition(topic, p), CallTimeout).High.Value)];
    }

    public bool HasGroup(string group)
    {
        using var admin = clients.Admin();
        return admin.ListGroups(CallTimeout).Exists(g => g.Group == group);
    }

    public void Dispose() => producer.Dispose();
}
