using System.Text;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Effects;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Warehouse;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Demo;

/// <summary>The topics that the services around the demo's shop write to.</summary>
internal sealed class DemoServiceTopics(
    KafkaClients clients, AllocClientOptions settings, ISchemaRegistryClient registry)
{
    /// <summary>Records that are looked at for what an earlier run left; holds live too short for more.</summary>
    private const int LookedAt = 20_000;

    private const string OwnPrefix = "demo-order-";
    private readonly Dictionary<Type, Target> targets = [];
    private AvroSerde<OrderStatus> orders = null!;

    public async Task InitializeAsync(CancellationToken cancellation)
    {
        orders = await AddAsync<OrderStatus>("orders.status", cancellation).ConfigureAwait(false);
        await AddAsync<PaymentStatus>("payments.status", cancellation).ConfigureAwait(false);
        await AddAsync<WarehouseMovement>("warehouse.movements", cancellation).ConfigureAwait(false);
        await AddAsync<EffectReceipt>("effects.receipts", cancellation).ConfigureAwait(false);
    }

    public void Send(IProducer<byte[]?, byte[]?> producer, DemoWord word)
    {
        var target = targets[word.Value.GetType()];
        var key = Encoding.UTF8.GetBytes(word.Key);
        producer.Produce(
            new TopicPartition(target.Topic, PoolPartition.OfKey(key, target.PartitionCount)),
            new Message<byte[]?, byte[]?> { Key = key, Value = target.Write(word.Value) });
    }

    /// <summary>Orders of earlier runs that nobody works on any more, given up.</summary>
    public IReadOnlyCollection<DemoWord> LeftUnderWay(CancellationToken cancellation)
    {
        var (topic, partitionCount, _) = targets[typeof(OrderStatus)];
        var newest = new Dictionary<string, OrderStatus>(StringComparer.Ordinal);
        var plan = new TailPlan
        {
            Topic = topic,
            Partitions = [.. Enumerable.Range(0, partitionCount)],
            From = StartAt.Last,
            Count = LookedAt,
        };
        foreach (var record in new TopicTail(clients, settings.Timeout).Read(plan, cancellation))
        {
            if (Read(record.Message.Value) is { } status
                && status.OrderRef.StartsWith(OwnPrefix, StringComparison.Ordinal))
            {
                newest[status.OrderRef] = status;
            }
        }
        return
        [
            .. newest.Values.Where(s => DemoServices.IsUnderWay(s.State)).Select(s => new DemoWord(
                s.OrderRef, s with { Version = s.Version + 1, State = DemoServices.GivenUp })),
        ];
    }

    private OrderStatus? Read(byte[]? value)
    {
        try
        {
            return value is null ? null : orders.Deserialize(value);
        }
        catch (AvroException)
        {
            // Not ours: a demo looks on, it does not judge.
            return null;
        }
    }

    private async Task<AvroSerde<T>> AddAsync<T>(string name, CancellationToken cancellation)
        where T : class, IAvroRecord<T>
    {
        var topic = settings.TopicPrefix + name;
        var serde = new AvroSerde<T>(registry, ConfluentFraming.SubjectOf(topic));
        await serde.InitializeAsync(cancellation).ConfigureAwait(false);
        using var admin = clients.Admin();
        targets[typeof(T)] = new Target(
            topic, clients.PartitionCount(admin, topic), value => serde.Serialize((T)value));
        return serde;
    }

    private sealed record Target(string Topic, int PartitionCount, Func<object, byte[]> Write);
}
