using System.Text;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Bench;

/// <summary>Writes records of one type to a topic, in the order in which they are given.</summary>
internal sealed class RecordSender<T> : IDisposable
    where T : class, IAvroRecord<T>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly IProducer<byte[]?, byte[]?> producer;
    private readonly AvroSerde<T> serde;
    private readonly string topic;
    private int failures;

    /// <param name="settings">The cluster and the topics' prefix.</param>
    /// <param name="registry">The schema registry.</param>
    /// <param name="topic">The topic, without its prefix.</param>
    /// <param name="isPaced">Whether each record counts on its own: none waits for a batch to fill.</param>
    public RecordSender(AllocClientOptions settings, ISchemaRegistryClient registry, string topic, bool isPaced)
    {
        this.topic = settings.TopicPrefix + topic;
        serde = new AvroSerde<T>(registry, this.topic + "-value");
        producer = BulkClients.Producer(settings, isPaced ? 0 : 20, Patience);
    }

    /// <summary>Sends one record, waiting while the client's queue is full.</summary>
    public void Send(string key, T value)
    {
        var message = new Message<byte[]?, byte[]?>
        {
            Key = Encoding.UTF8.GetBytes(key),
            Value = serde.Serialize(value),
        };
        while (true)
        {
            try
            {
                producer.Produce(topic, message, OnDelivery);
                return;
            }
            catch (ProduceException<byte[]?, byte[]?> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Poll(TimeSpan.FromMilliseconds(10));
            }
        }
    }

    /// <summary>Waits until everything sent was taken by the broker.</summary>
    public void Flush()
    {
        producer.Flush(Patience);
        if (Volatile.Read(ref failures) > 0)
        {
            throw AllocException.Unavailable($"Kafka did not take {failures:N0} records of {topic}.");
        }
    }

    public void Dispose() => producer.Dispose();

    private void OnDelivery(DeliveryReport<byte[]?, byte[]?> report)
    {
        if (report.Error.IsError)
        {
            Interlocked.Increment(ref failures);
        }
    }
}
