using Avro.Generic;
using Confluent.Kafka;
using Confluent.Kafka.SyncOverAsync;
using Confluent.SchemaRegistry;
using Confluent.SchemaRegistry.Serdes;

namespace Alloc.Samples.ConfluentKafka;

/// <summary>
/// Keeps a view of its own of what was decided. Positions and sequences are in the transaction of the view: however
/// often it is killed, each outcome acts on it once, and none is missed unnoticed.
/// </summary>
internal static class OutcomeSubscriber
{
    private const string Topic = "allocation.outcomes";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static void Run(
        string bootstrap, ISchemaRegistryClient registry, ReservationView view, CancellationToken cancellation)
    {
        using var consumer = new ConsumerBuilder<string, GenericRecord>(new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            // Needed by the client; nothing is committed under it.
            GroupId = "confluent-kafka-sample",
            EnableAutoCommit = false,
            // What is not committed was not decided.
            IsolationLevel = IsolationLevel.ReadCommitted,
            // A position that the journal no longer has is an error, not a reason to jump.
            AutoOffsetReset = AutoOffsetReset.Error,
        })
            .SetValueDeserializer(new AvroDeserializer<GenericRecord>(registry).AsSyncOverAsync())
            .Build();
        using (var admin = new DependentAdminClientBuilder(consumer.Handle).Build())
        {
            var partitions = admin.GetMetadata(Topic, Patience).Topics.Single().Partitions;
            consumer.Assign(partitions.Select(p => new TopicPartitionOffset(
                Topic, p.PartitionId, view.PositionOf(p.PartitionId) ?? Offset.Beginning)));
        }
        while (!cancellation.IsCancellationRequested)
        {
            // What cannot be read throws and ends the program: only the engine writes here, nothing may be passed over.
            if (consumer.Consume(TimeSpan.FromSeconds(1)) is not { } record)
            {
                continue;
            }
            if (view.Apply(record.Message.Value, record.TopicPartitionOffset))
            {
                Console.WriteLine(Text(record.Message.Value));
            }
        }
    }

    private static string Text(GenericRecord outcome)
    {
        var kind = ((GenericRecord)outcome["event"]).Schema.Name;
        var balances = (GenericRecord)outcome["balancesAfter"];
        return $"{outcome["poolId"]}#{outcome["sequence"]} {kind}, {balances["free"]} free";
    }
}
