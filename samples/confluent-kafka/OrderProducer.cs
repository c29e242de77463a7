using Avro;
using Avro.Generic;
using Confluent.Kafka;
using Confluent.SchemaRegistry;
using Confluent.SchemaRegistry.Serdes;
using AvroSchema = Avro.Schema;

namespace Alloc.Samples.ConfluentKafka;

/// <summary>
/// Writes commands with Confluent's Avro serializer. That a command is on the log says nothing about what is decided:
/// outcomes do.
/// </summary>
internal sealed class OrderProducer : IDisposable
{
    private const string Topic = "allocation.commands";
    private const int Attempts = 5;
    private readonly RecordSchema command;
    private readonly IProducer<string, GenericRecord> producer;

    private OrderProducer(string bootstrap, ISchemaRegistryClient registry, RecordSchema command)
    {
        this.command = command;
        producer = new ProducerBuilder<string, GenericRecord>(new ProducerConfig
        {
            BootstrapServers = bootstrap,
            ClientId = "confluent-kafka-sample",
            EnableIdempotence = true,
            // Where Kafka's Java clients would put a key: a command elsewhere than its pool is refused.
            Partitioner = Partitioner.Murmur2Random,
        })
            // The contract is Alloc's: it is used as registered, and never registered from here.
            .SetValueSerializer(new AvroSerializer<GenericRecord>(
                registry, new AvroSerializerConfig { AutoRegisterSchemas = false, UseLatestVersion = true }))
            .Build();
    }

    public static async Task<OrderProducer> OpenAsync(string bootstrap, ISchemaRegistryClient registry)
    {
        var latest = await registry.GetLatestSchemaAsync($"{Topic}-value");
        return new OrderProducer(bootstrap, registry, (RecordSchema)AvroSchema.Parse(latest.SchemaString));
    }

    /// <summary>Says what there is to sell; said again it changes nothing.</summary>
    public async Task OpenPoolAsync(string pool, long seats, CancellationToken cancellation)
    {
        var settings = Of(
            Field(Body("PoolConfigure"), "settings"), ("unit", "seat"), ("snapshotSource", "box-office"),
            ("kind", Symbol(Field(Field(Body("PoolConfigure"), "settings"), "kind"), "Capacity")));
        await SendAsync($"{pool}/configure", pool, Of(Body("PoolConfigure"), ("settings", settings)), cancellation);
        await SendAsync(
            $"{pool}/seats/{seats}", pool,
            Of(Body("SupplySnapshot"), ("source", "box-office"), ("version", -1L), ("quantity", seats)), cancellation);
    }

    /// <summary>Asks for seats while the customer pays.</summary>
    public Task HoldAsync(string pool, string order, long seats, CancellationToken cancellation) => SendAsync(
        $"{order}/hold", pool,
        Of(Body("Hold"), ("reservationId", order), ("quantity", seats), ("lines", Array.Empty<object>()),
            ("mode", Symbol(Field(Body("Hold"), "mode"), "AllOrNothing")),
            ("attributes", new Dictionary<string, object>())),
        cancellation);

    /// <summary>Makes the promise a commitment.</summary>
    public Task ConfirmAsync(string pool, string order, CancellationToken cancellation) => SendAsync(
        $"{order}/confirm", pool,
        Of(Body("Confirm"), ("reservationId", order),
            ("remainder", Symbol(Field(Body("Confirm"), "remainder"), "Release"))),
        cancellation);

    public void Dispose() => producer.Dispose();

    /// <summary>
    /// Sends until Kafka has it. A time-out does not say that it failed; with the same command id it may be sent as
    /// often as one likes, and is decided once.
    /// </summary>
    /// <param name="commandId">An id that the business action has anyway.</param>
    private async Task SendAsync(string commandId, string pool, GenericRecord body, CancellationToken cancellation)
    {
        var actor = Of(Field(command, "actor"), ("id", "box-office"), ("channel", "web"),
            ("type", Symbol(Field(Field(command, "actor"), "type"), "Service")));
        var message = new Message<string, GenericRecord>
        {
            Key = pool,
            Value = Of(command, ("commandId", commandId), ("poolId", pool), ("actor", actor),
                ("correlationId", commandId), ("issuedAt", DateTime.UtcNow), ("body", body)),
        };
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var report = await producer.ProduceAsync(Topic, message, cancellation);
                Console.WriteLine($"{commandId} is at {report.TopicPartitionOffset.Partition}:{report.Offset}");
                return;
            }
            catch (ProduceException<string, GenericRecord> e) when (!e.Error.IsFatal && attempt < Attempts)
            {
                await Console.Error.WriteLineAsync($"{commandId}: {e.Error.Reason}, once more");
            }
        }
    }

    private RecordSchema Body(string name) => ((UnionSchema)command["body"].Schema).Schemas
        .Cast<RecordSchema>().Single(s => s.Name == name);

    private static AvroSchema Field(AvroSchema record, string name) => ((RecordSchema)record)[name].Schema;

    private static GenericEnum Symbol(AvroSchema of, string name) => new((EnumSchema)of, name);

    /// <summary>A record of a schema; fields that are not given are null.</summary>
    private static GenericRecord Of(AvroSchema schema, params (string Name, object? Value)[] fields)
    {
        var record = new GenericRecord((RecordSchema)schema);
        foreach (var (name, value) in fields)
        {
            record.Add(name, value);
        }
        return record;
    }
}
