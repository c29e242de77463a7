using System.Text;
using Alloc.Cli.Commands.Documents;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Operations;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Workflow;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Commands.Catalogues;

/// <summary>Writes a catalogue to its topic and a copy of it to every partition of stages.</summary>
internal sealed class CatalogueFanOut(
    AllocClientOptions settings, CatalogueTopic topic, ISchemaRegistryClient registry) : IDisposable
{
    private readonly string stageTopic = settings.TopicPrefix + TopicNames.Stages;
    private readonly DocumentFanOut transaction = new(settings, "catalogue", "allocation-catalogue-apply");

    private readonly AvroSerde<StageEvent> stages =
        new(registry, ConfluentFraming.SubjectOf(settings.TopicPrefix + TopicNames.Stages));

    /// <summary>Partitions of stages.</summary>
    public static int Partitions(AllocClientOptions settings)
    {
        var clients = new KafkaClients(settings);
        using var admin = clients.Admin();
        return clients.PartitionCount(admin, settings.TopicPrefix + TopicNames.Stages);
    }

    /// <summary>Shuts others out. What the topic holds after this stays until the transaction is over.</summary>
    public async Task BeginAsync(CancellationToken cancellation)
    {
        await stages.InitializeAsync(cancellation).ConfigureAwait(false);
        await topic.Serde.InitializeAsync(cancellation).ConfigureAwait(false);
        await transaction.BeginAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Writes all of it, or nothing.</summary>
    /// <param name="record">The catalogue, as its topic has it.</param>
    /// <param name="isNew">False where the topic has it already: then only the copies are written.</param>
    /// <param name="cancellation">Gives up, and nothing is written.</param>
    /// <exception cref="AllocException">Another apply was quicker.</exception>
    public Task CommitAsync(CatalogueInForce record, bool isNew, CancellationToken cancellation)
    {
        var copy = stages.Serialize(CatalogueRecords.Copy(record));
        var records = Enumerable.Range(0, Partitions(settings))
            .Select(partition => (new TopicPartition(stageTopic, partition), Message(copy)));
        return transaction.CommitAsync(
            isNew
                ? records.Prepend((new TopicPartition(topic.Name, 0), Message(topic.Serde.Serialize(record))))
                : records,
            cancellation);
    }

    public void Dispose() => transaction.Dispose();

    private static Message<byte[]?, byte[]?> Message(byte[] value) =>
        new() { Key = Encoding.UTF8.GetBytes(CatalogueRecords.Key), Value = value };
}
