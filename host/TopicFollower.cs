using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Engine.Runtime;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Host;

/// <summary>
/// Reads the first partition of a topic again and again, for what is only shown: whatever goes wrong is tried again,
/// and what is no such record is passed over. Decides nothing.
/// </summary>
/// <param name="settings">How Kafka is reached.</param>
/// <param name="registry">The schema registry.</param>
/// <param name="topic">The topic.</param>
/// <param name="from">Where it begins, each time.</param>
/// <param name="fetchWait">How long a fetch may wait for a record.</param>
/// <param name="observe">Takes a record and its timestamp, milliseconds since 1970 UTC; on the reading thread.</param>
internal sealed class TopicFollower<T>(
    AllocClientOptions settings, ISchemaRegistryClient registry, string topic, Offset from, TimeSpan fetchWait,
    Action<T, long> observe)
    : IDisposable
    where T : class, IAvroRecord<T>
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);
    private readonly CancellationTokenSource stopping = new();
    private readonly AvroSerde<T> serde = new(registry, ConfluentFraming.SubjectOf(topic));
    private Task following = Task.CompletedTask;

    /// <summary>Reads from now on, on a thread of its own.</summary>
    public void Start() => following = BlockingWork.Run(Follow);

    public void Dispose()
    {
        stopping.Cancel();
        following.GetAwaiter().GetResult();
        stopping.Dispose();
    }

    private void Follow()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                using var reader = new KafkaClients(settings).Consumer(fetchWaitMs: (int)fetchWait.TotalMilliseconds);
                reader.Assign(new TopicPartitionOffset(topic, 0, from));
                while (true)
                {
                    Observe(reader.Consume(stopping.Token));
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e)
                when (e is KafkaException or RegistryRefusedException or RegistryUnavailableException)
            {
                stopping.Token.WaitHandle.WaitOne(RetryPause);
            }
        }
    }

    private void Observe(ConsumeResult<byte[]?, byte[]?> record)
    {
        if (record.IsPartitionEOF || record.Message.Value is not { } value)
        {
            return;
        }
        try
        {
            observe(serde.Deserialize(value), record.Message.Timestamp.UnixTimestampMs);
        }
        catch (AvroException)
        {
            // What somebody else wrote there; who looks for it finds it with the commands of that topic.
        }
    }
}
