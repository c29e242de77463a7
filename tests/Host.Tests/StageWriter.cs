using System.Text;
using Alloc.Client;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Workflow;
using Confluent.Kafka;

namespace Host.Tests;

/// <summary>An event that was written, and when the broker took it: what is true about an age.</summary>
internal readonly record struct Written(string WorkId, int Partition, long AtMs);

/// <summary>
/// Writes stage events as any service does, each record stamped by a clock of its own, and reads the alerts.
/// </summary>
internal sealed class StageWriter : IDisposable
{
    public const int PartitionCount = 4;
    private const string Stages = "workflow.stages", Aging = "backlog.aging";
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(60);
    private readonly AllocClientOptions client;
    private readonly GuardedRegistryClient registry;
    private readonly IProducer<byte[], byte[]> producer;
    private readonly AvroSerde<StageEvent> events;
    private readonly AvroSerde<AgingAlert> alerts;

    private StageWriter(AllocClientOptions client)
    {
        this.client = client;
        registry = Registries.Client(client, TimeProvider.System);
        events = new(registry, ConfluentFraming.SubjectOf(Stages));
        alerts = new(registry, ConfluentFraming.SubjectOf(Aging));
        producer = new ProducerBuilder<byte[], byte[]>(Config()).Build();
    }

    public static async Task<StageWriter> StartAsync(AllocClientOptions client, CancellationToken cancellation)
    {
        var writer = new StageWriter(client);
        await writer.events.InitializeAsync(cancellation);
        return writer;
    }

    /// <summary>An id of a piece of work that belongs into a partition.</summary>
    public static string WorkIn(int partition, string prefix)
    {
        for (var n = 0; ; n++)
        {
            if (PartitionOf($"{prefix}{n}") == partition)
            {
                return $"{prefix}{n}";
            }
        }
    }

    /// <param name="workId">What waits.</param>
    /// <param name="stageId">Where.</param>
    /// <param name="kind">Whether it enters or leaves.</param>
    /// <param name="clockOff">How far the writer's clock is ahead.</param>
    /// <param name="through">Another producer.</param>
    public async Task<Written> WriteAsync(
        string workId, string stageId, StageEventKind kind, TimeSpan clockOff = default,
        IProducer<byte[], byte[]>? through = null)
    {
        var saysMs = (DateTimeOffset.UtcNow + clockOff).ToUnixTimeMilliseconds();
        var taken = await (through ?? producer).ProduceAsync(
            new TopicPartition(Stages, PartitionOf(workId)), new Message<byte[], byte[]>
            {
                Key = Encoding.UTF8.GetBytes(workId),
                Value = events.Serialize(new StageEvent
                {
                    WorkId = workId,
                    StageId = stageId,
                    Kind = kind,
                    Result = kind == StageEventKind.Left ? StageResult.Completed : null,
                    OccurredAtMs = saysMs,
                }),
                Timestamp = new Timestamp(saysMs, TimestampType.CreateTime),
            });
        Assert.Equal(TimestampType.LogAppendTime, taken.Timestamp.Type);
        return new Written(workId, taken.Partition.Value, taken.Timestamp.UnixTimestampMs);
    }

    /// <summary>A producer that is ready to begin a transaction; the caller's to dispose of.</summary>
    public IProducer<byte[], byte[]> PrepareTransaction(string id)
    {
        var config = Config();
        config.TransactionalId = id;
        config.TransactionTimeoutMs = 300_000;
        var transactional = new ProducerBuilder<byte[], byte[]>(config).Build();
        transactional.InitTransactions(CallTimeout);
        return transactional;
    }

    /// <summary>Every alert that was committed so far.</summary>
    public List<AgingAlert> Alerts()
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
        {
            BootstrapServers = client.Bootstrap,
            BrokerAddressFamily = BrokerAddressFamily.V4,
            GroupId = "alerts",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            IsolationLevel = IsolationLevel.ReadCommitted,
        }).Build();
        consumer.Assign(Enumerable.Range(0, PartitionCount).Select(
            p => new TopicPartitionOffset(Aging, p, Offset.Beginning)));
        var found = new List<AgingAlert>();
        var ended = 0;
        while (ended < PartitionCount)
        {
            var record = consumer.Consume(CallTimeout);
            Assert.NotNull(record);
            if (record.IsPartitionEOF)
            {
                ended++;
            }
            else
            {
                found.Add(alerts.Deserialize(record.Message.Value));
            }
        }
        return found;
    }

    public void Dispose()
    {
        producer.Dispose();
        registry.Dispose();
    }

    private static int PartitionOf(string workId) =>
        PoolPartition.OfKey(Encoding.UTF8.GetBytes(workId), PartitionCount);

    private ProducerConfig Config() => new()
    {
        BootstrapServers = client.Bootstrap,
        BrokerAddressFamily = BrokerAddressFamily.V4,
        LingerMs = 0,
    };
}
