using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Processors.Allocation;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Host;

/// <summary>
/// Follows the topic of policies, so that metrics can say how long a partition has not taken the one that was applied
/// last. Decides nothing: partitions get policies from their own commands. What goes wrong here is tried again.
/// </summary>
internal sealed class PolicyWatch(AllocClientOptions settings, ISchemaRegistryClient registry) : IDisposable
{
    private const int FetchWaitMs = 5_000;
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);
    private readonly CancellationTokenSource stopping = new();
    private readonly string topic = settings.TopicPrefix + TopicNames.Policy;
    private readonly AvroSerde<PolicyInForce> serde =
        new(registry, ConfluentFraming.SubjectOf(settings.TopicPrefix + TopicNames.Policy));

    private volatile PolicyApplication? newest;
    private Task following = Task.CompletedTask;

    /// <summary>The application of the highest version; null: none was read.</summary>
    public PolicyApplication? Newest => newest;

    public void Start() => following = Task.Factory.StartNew(
        Follow, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

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
                using var reader = new KafkaClients(settings).Consumer(fetchWaitMs: FetchWaitMs);
                reader.Assign(new TopicPartitionOffset(topic, 0, Offset.Beginning));
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
            var applied = serde.Deserialize(value);
            if (applied.Version >= (newest?.Version ?? 0))
            {
                newest = new PolicyApplication(applied.Version, record.Message.Timestamp.UnixTimestampMs);
            }
        }
        catch (AvroException)
        {
            // What somebody else wrote there is no policy; alloc policy get names it.
        }
    }
}
