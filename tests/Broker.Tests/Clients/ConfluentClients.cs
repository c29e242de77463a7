using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Broker.Tests.Clients;

/// <summary>Clients of the library that the product uses, as the tests of groups and transactions need them.</summary>
internal static class ConfluentClients
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task CreateTopicAsync(TestBroker broker, string topic, int partitions = 1)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.Servers }).Build();
        await admin.CreateTopicsAsync(
            [new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = 1 }]);
    }

    public static IProducer<string, string> Producer(TestBroker broker) => new ProducerBuilder<string, string>(
        new ProducerConfig { BootstrapServers = broker.Servers, LingerMs = 0 }).Build();

    public static IProducer<string, string> Transactional(TestBroker broker, string id, int timeoutMs = 60_000)
    {
        var producer = new ProducerBuilder<string, string>(new ProducerConfig
        {
            BootstrapServers = broker.Servers,
            TransactionalId = id,
            TransactionTimeoutMs = timeoutMs,
            MessageTimeoutMs = timeoutMs,
            LingerMs = 0,
            RetryBackoffMs = 1,
        }).Build();
        producer.InitTransactions(Patience);
        return producer;
    }

    public static IConsumer<string, string> Consumer(
        TestBroker broker, string group, string? instanceId = null,
        Action<ConsumerBuilder<string, string>>? configure = null)
    {
        var builder = new ConsumerBuilder<string, string>(new ConsumerConfig
        {
            BootstrapServers = broker.Servers,
            GroupId = group,
            GroupInstanceId = instanceId,
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            IsolationLevel = IsolationLevel.ReadCommitted,
            PartitionAssignmentStrategy = PartitionAssignmentStrategy.Range,
            SessionTimeoutMs = 6_000,
            HeartbeatIntervalMs = 200,
        });
        configure?.Invoke(builder);
        return builder.Build();
    }

    public static void Send(IProducer<string, string> producer, string topic, int partition, string value) =>
        producer.Produce(
            new TopicPartition(topic, partition), new Message<string, string> { Key = value, Value = value });

    /// <summary>Every value that a read-committed reader sees in a topic, up to its end.</summary>
    public static List<string> ReadAll(TestBroker broker, string topic, int partitions = 1)
    {
        using var consumer = new ConsumerBuilder<string, string>(new ConsumerConfig
        {
            BootstrapServers = broker.Servers,
            GroupId = "read-all",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            IsolationLevel = IsolationLevel.ReadCommitted,
            AutoOffsetReset = AutoOffsetReset.Earliest,
        }).Build();
        consumer.Assign(Enumerable.Range(0, partitions)
            .Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        var values = new List<string>();
        var ended = new HashSet<int>();
        Until(() =>
        {
            if (consumer.Consume(TimeSpan.FromMilliseconds(100)) is { } record)
            {
                if (record.IsPartitionEOF)
                {
                    ended.Add(record.Partition.Value);
                }
                else
                {
                    values.Add(record.Message.Value);
                }
            }

            return ended.Count == partitions;
        });
        return values;
    }

    /// <summary>The offset that a group committed, −1 if none.</summary>
    public static long Committed(TestBroker broker, string group, string topic, int partition = 0)
    {
        using var consumer = Consumer(broker, group);
        var offset = consumer.Committed([new TopicPartition(topic, partition)], Patience)[0].Offset;
        return offset == Offset.Unset ? -1 : offset.Value;
    }

    /// <summary>Repeats a step that does some of the work, such as a poll, until it says that all is done.</summary>
    public static void Until(Func<bool> step)
    {
        var clock = Stopwatch.StartNew();
        while (!step())
        {
            Assert.True(clock.Elapsed < Patience, "it did not happen in time");
        }
    }
}
