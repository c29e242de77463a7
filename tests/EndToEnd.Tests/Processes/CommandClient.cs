using System.Text;
using Alloc.Client;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.Kafka;

namespace EndToEnd.Tests.Processes;

/// <summary>
/// A producer and subscriber of a deployment's topics, as any service would have one; it can also write rubbish.
/// </summary>
internal sealed class CommandClient : IDisposable
{
    public const string Commands = "allocation.commands";
    public const string Outcomes = "allocation.outcomes";
    public const string DeadLetters = "allocation.commands.dlq";
    public const int PartitionCount = 4;
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(60);
    private readonly string bootstrap;
    private readonly GuardedRegistryClient registry;
    private readonly IProducer<byte[]?, byte[]?> producer;
    private readonly AvroSerde<AllocationCommand> commands;
    private readonly AvroSerde<AllocationOutcome> outcomes;

    public CommandClient(Deployment deployment)
    {
        bootstrap = deployment.Bootstrap;
        registry = new GuardedRegistryClient(
            new SchemaRegistryOptions { Urls = [new Uri(deployment.Registry)] }, TimeProvider.System);
        commands = new AvroSerde<AllocationCommand>(registry, Commands + "-value");
        outcomes = new AvroSerde<AllocationOutcome>(registry, Outcomes + "-value");
        producer = NewProducer();
    }

    public static Actor Tester { get; } = new() { Type = ActorType.Service, Id = "test" };

    public static AllocationCommand Command(string id, string pool, AllocationCommandBody body) => new()
    {
        CommandId = id,
        PoolId = pool,
        Actor = Tester,
        CorrelationId = id,
        IssuedAtMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        Body = body,
    };

    public static AllocationCommandBody.Hold Hold(string reservation, long quantity) => new()
    {
        ReservationId = reservation,
        Quantity = quantity,
        TtlMs = 600_000,
    };

    public byte[] Encode(AllocationCommand command) => commands.Serialize(command);

    public static int PartitionOf(string pool) => PoolPartition.Of(pool, PartitionCount);

    /// <summary>Writes a record and returns where it lies.</summary>
    public async Task<TopicPartitionOffset> WriteAsync(
        byte[]? key, byte[]? value, int partition, Timestamp timestamp = default)
    {
        var message = new Message<byte[]?, byte[]?> { Key = key, Value = value };
        if (timestamp != default)
        {
            message.Timestamp = timestamp;
        }
        var report = await producer.ProduceAsync(new TopicPartition(Commands, partition), message)
            .WaitAsync(CallTimeout);
        return report.TopicPartitionOffset;
    }

    /// <summary>Sends a command where it belongs and returns its record's position.</summary>
    public Task<TopicPartitionOffset> SendAsync(AllocationCommand command) =>
        WriteAsync(Encoding.UTF8.GetBytes(command.PoolId), Encode(command), PartitionOf(command.PoolId));

    /// <summary>Sends a command and waits for the outcome that answers it.</summary>
    public async Task<AllocationOutcome> AskAsync(AllocationCommand command)
    {
        var at = await SendAsync(command);
        return await AnswerAsync(at);
    }

    /// <summary>The outcome whose source is the record, not counting what it caused besides.</summary>
    public Task<AllocationOutcome> AnswerAsync(TopicPartitionOffset at) => Task.Run(() =>
    {
        foreach (var record in Read(Outcomes, at.Partition.Value, CallTimeout))
        {
            var outcome = outcomes.Deserialize(record.Message.Value);
            if (outcome.Source.Offset == at.Offset.Value && outcome.CommandId is not null && outcome.CausedBy is null)
            {
                return outcome;
            }
        }
        throw new TimeoutException($"No outcome for {at} came within {CallTimeout.TotalSeconds:0} s.");
    });

    /// <summary>A pool with stock.</summary>
    public async Task StockAsync(string pool, long quantity)
    {
        await AskAsync(Command($"{pool}-configure", pool, new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings { Unit = "piece", Kind = PoolKind.Stock, SnapshotSource = "test" },
        }));
        var supplied = await AskAsync(Command($"{pool}-supply", pool, new AllocationCommandBody.SupplySnapshot
        {
            Source = "test",
            Version = 1,
            Quantity = quantity,
            Through = 0,
        }));
        Assert.Equal(quantity, supplied.BalancesAfter.Free);
    }

    /// <summary>The dead letter of a record, with its headers as text.</summary>
    public Task<Dictionary<string, string>> DeadLetterAsync(TopicPartitionOffset origin) => Task.Run(() =>
    {
        foreach (var record in Read(DeadLetters, origin.Partition.Value, CallTimeout))
        {
            var headers = record.Message.Headers.ToDictionary(
                h => h.Key, h => Encoding.UTF8.GetString(h.GetValueBytes() ?? []));
            if (headers.GetValueOrDefault("__streams.errors.offset") == $"{origin.Offset.Value}")
            {
                return headers;
            }
        }
        throw new TimeoutException($"No dead letter for {origin} came within {CallTimeout.TotalSeconds:0} s.");
    });

    /// <summary>All outcomes of a partition, read committed, until nothing comes for the time given.</summary>
    public IEnumerable<AllocationOutcome> Journal(int partition, TimeSpan quiet) =>
        Read(Outcomes, partition, quiet).Select(r => outcomes.Deserialize(r.Message.Value));

    public IProducer<byte[]?, byte[]?> NewProducer() => new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig
    {
        BootstrapServers = bootstrap,
        EnableIdempotence = true,
        LingerMs = 0,
        BrokerAddressFamily = BrokerAddressFamily.V4,
    }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();

    public void Dispose()
    {
        producer.Dispose();
        registry.Dispose();
    }

    /// <summary>All records of a partition, read committed, until nothing comes for the time given.</summary>
    public IEnumerable<ConsumeResult<byte[]?, byte[]?>> Read(string topic, int partition, TimeSpan quiet)
    {
        using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = "test-reader",
            EnableAutoCommit = false,
            IsolationLevel = IsolationLevel.ReadCommitted,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            FetchWaitMaxMs = 50,
            BrokerAddressFamily = BrokerAddressFamily.V4,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        consumer.Assign(new TopicPartitionOffset(topic, partition, Offset.Beginning));
        while (consumer.Consume(quiet) is { } record)
        {
            yield return record;
        }
    }
}
