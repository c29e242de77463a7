using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Operations;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;
using Microsoft.Extensions.Logging;

namespace Alloc.Host.Shadow;

/// <summary>
/// The operations catalogue in force, as its topic grows; the shipped one until another is applied. Not thread-safe.
/// </summary>
internal sealed class CatalogueFollower
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);
    private readonly AvroSerde<CatalogueInForce> serde;
    private readonly TopicPartition partition;
    private readonly ILogger logger;
    private long next;

    public CatalogueFollower(AllocClientOptions settings, ISchemaRegistryClient registry, ILogger logger)
    {
        partition = new TopicPartition(settings.TopicPrefix + TopicNames.Catalogue, 0);
        serde = new AvroSerde<CatalogueInForce>(registry, ConfluentFraming.SubjectOf(partition.Topic));
        this.logger = logger;
    }

    public OperationsCatalogue InForce { get; private set; } = OperationsCatalogue.Shipped;

    /// <summary>Reads the topic on to its end; false where that took too long: to be tried again.</summary>
    public bool Follow(IConsumer<byte[]?, byte[]?> reader, CancellationToken cancellation)
    {
        var ends = reader.BoundsOf(partition, CallTimeout);
        if (ends.High.Value <= next)
        {
            return true;
        }
        reader.Assign(new TopicPartitionOffset(partition, Math.Max(next, ends.Low.Value)));
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (reader.Consume(CallTimeout) is not { } record)
            {
                return false;
            }
            if (record.IsPartitionEOF)
            {
                next = record.Offset.Value;
                return true;
            }
            next = record.Offset.Value + 1;
            if (record.Message.Value is { } value)
            {
                Take(value, record.Offset.Value);
            }
        }
    }

    // Only somebody else can have written what is no catalogue; it must not stand in the way of the next one.
    private void Take(byte[] value, long offset)
    {
        try
        {
            var record = serde.Deserialize(value);
            var reading = CatalogueRecords.Read(record);
            if (reading.Catalogue is null)
            {
                Log.CatalogueUnusable(logger, partition.Topic, offset, reading.Errors[0].Show());
            }
            else if (record.Version > InForce.Version)
            {
                InForce = reading.Catalogue;
            }
        }
        catch (AvroException error)
        {
            Log.CatalogueUnusable(logger, partition.Topic, offset, error.Message);
        }
    }
}
