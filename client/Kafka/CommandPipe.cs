using System.Text;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Client.Kafka;

/// <summary>
/// Sends commands in bulk and reads the journal, read committed. Batched, compressed, idempotent, partitioned by
/// murmur2 as every other producer of the topic. Used by one thread.
/// </summary>
internal sealed class CommandPipe : IDisposable
{
    private const int QueueFullWaitMs = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly AllocClientOptions settings;
    private readonly int lingerMs;
    private readonly IConsumer<byte[]?, byte[]?> consumer;
    private readonly AvroSerde<AllocationCommand> commands;
    private readonly AvroSerde<AllocationOutcome> outcomes;
    private readonly string commandTopic;
    private readonly string journal;
    private readonly Dictionary<int, long> catchUp = [];
    private IProducer<byte[]?, byte[]?> producer;
    private int failedDeliveries;

    /// <param name="settings">Where Kafka is.</param>
    /// <param name="registry">Where schemas are.</param>
    /// <param name="fromBeginning">Whether the journal is read from its first record, or from where it ends
    /// now.</param>
    /// <param name="lingerMs">How long the producer waits to fill a batch.</param>
    public CommandPipe(AllocClientOptions settings, ISchemaRegistryClient registry, bool fromBeginning, int lingerMs)
    {
        commandTopic = settings.TopicPrefix + "allocation.commands";
        journal = settings.TopicPrefix + "allocation.outcomes";
        this.settings = settings;
        this.lingerMs = lingerMs;
        var clients = new KafkaClients(settings);
        commands = new AvroSerde<AllocationCommand>(registry, commandTopic + "-value");
        outcomes = new AvroSerde<AllocationOutcome>(registry, journal + "-value");
        producer = NewProducer();
        consumer = BulkClients.Consumer(settings, "alloc-replay");
        using var admin = clients.Admin();
        var partitions = Enumerable.Range(0, clients.PartitionCount(admin, journal)).Select(p =>
            new TopicPartition(journal, p)).ToList();
        PartitionCount = partitions.Count;
        var starts = new List<TopicPartitionOffset>();
        foreach (var partition in partitions)
        {
            var ends = consumer.BoundsOf(partition, settings.Timeout);
            if (fromBeginning && ends.High.Value > ends.Low.Value)
            {
                catchUp[partition.Partition.Value] = ends.High.Value;
            }
            starts.Add(new TopicPartitionOffset(partition, fromBeginning ? ends.Low : ends.High));
        }
        consumer.Assign(starts);
    }

    /// <summary>Partitions of the journal.</summary>
    public int PartitionCount { get; }

    /// <summary>Partitions whose journal of earlier runs has not been read to its end yet.</summary>
    public bool IsCaughtUp => catchUp.Count == 0;

    /// <summary>
    /// Whether the client gave a record up since the last <see cref="Renew"/>: it must be sent again.
    /// </summary>
    public bool HasFailedDeliveries => Volatile.Read(ref failedDeliveries) > 0;

    /// <summary>Hands a command to the client, waiting while its queue is full.</summary>
    public void Send(AllocationCommand command)
    {
        var message = new Message<byte[]?, byte[]?>
        {
            Key = Encoding.UTF8.GetBytes(command.PoolId),
            Value = commands.Serialize(command),
        };
        while (true)
        {
            try
            {
                producer.Produce(commandTopic, message, OnDelivery);
                return;
            }
            catch (ProduceException<byte[]?, byte[]?> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Poll(TimeSpan.FromMilliseconds(QueueFullWaitMs));
            }
            catch (KafkaException e) when (e.Error.IsFatal)
            {
                Interlocked.Increment(ref failedDeliveries);
                return;
            }
        }
    }

    /// <summary>
    /// The next outcome of the journal, or null when none came in time. End-of-partition marks are not shown.
    /// </summary>
    public AllocationOutcome? Poll(TimeSpan wait)
    {
        var record = wait == TimeSpan.Zero ? consumer.Consume(0) : consumer.Consume(wait);
        if (record is null)
        {
            return null;
        }
        var partition = record.Partition.Value;
        if (catchUp.TryGetValue(partition, out var end) && (record.IsPartitionEOF || record.Offset.Value + 1 >= end))
        {
            catchUp.Remove(partition);
        }
        if (record.IsPartitionEOF)
        {
            return null;
        }
        try
        {
            return outcomes.Deserialize(record.Message.Value);
        }
        catch (AvroException e)
        {
            throw AllocException.Failed(
                $"{journal}[{partition}]@{record.Offset.Value} is not an outcome: {e.Message}",
                    "Only the engine may write outcomes.", e);
        }
    }

    /// <summary>
    /// Replaces a producer that gave records up. What was under way may have arrived or not: send it again.
    /// </summary>
    public void Renew()
    {
        producer.Dispose();
        Volatile.Write(ref failedDeliveries, 0);
        producer = NewProducer();
    }

    public void Dispose()
    {
        producer.Dispose();
        consumer.Dispose();
    }

    private IProducer<byte[]?, byte[]?> NewProducer() => BulkClients.Producer(settings, lingerMs, Patience);

    private void OnDelivery(DeliveryReport<byte[]?, byte[]?> report)
    {
        if (report.Error.IsError)
        {
            Interlocked.Increment(ref failedDeliveries);
        }
    }
}
