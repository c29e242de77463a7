using System.Text;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Workflow;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Demo;

/// <summary>The topic of stage events, as the demo's orders write to it.</summary>
internal sealed class DemoStageTopic(KafkaClients clients, AllocClientOptions settings, ISchemaRegistryClient registry)
{
    /// <summary>Records that are looked at for what an earlier run left; holds live too short for more.</summary>
    private const int LookedAt = 20_000;

    private const string OwnPrefix = "demo-order-";
    private readonly string topic = settings.TopicPrefix + "workflow.stages";
    private AvroSerde<StageEvent> events = null!;
    private int partitionCount;

    public async Task InitializeAsync(CancellationToken cancellation)
    {
        events = new AvroSerde<StageEvent>(registry, ConfluentFraming.SubjectOf(topic));
        await events.InitializeAsync(cancellation).ConfigureAwait(false);
        using var admin = clients.Admin();
        partitionCount = clients.PartitionCount(admin, topic);
    }

    public void Send(IProducer<byte[]?, byte[]?> producer, StageEvent happened)
    {
        var key = Encoding.UTF8.GetBytes(happened.WorkId);
        producer.Produce(
            new TopicPartition(topic, PoolPartition.OfKey(key, partitionCount)),
            new Message<byte[]?, byte[]?> { Key = key, Value = events.Serialize(happened) });
    }

    /// <summary>What orders of earlier runs entered and did not leave.</summary>
    public IReadOnlyCollection<StageEvent> LeftWaiting(CancellationToken cancellation)
    {
        var open = new Dictionary<(string Work, string Stage), StageEvent>();
        var plan = new TailPlan
        {
            Topic = topic,
            Partitions = [.. Enumerable.Range(0, partitionCount)],
            From = StartAt.Last,
            Count = LookedAt,
        };
        foreach (var record in new TopicTail(clients, settings.Timeout).Read(plan, cancellation))
        {
            if (Read(record.Message.Value) is not { } happened
                || !happened.WorkId.StartsWith(OwnPrefix, StringComparison.Ordinal))
            {
                continue;
            }
            if (happened.Kind == StageEventKind.Entered)
            {
                open[(happened.WorkId, happened.StageId)] = happened;
            }
            else
            {
                open.Remove((happened.WorkId, happened.StageId));
            }
        }
        return open.Values;
    }

    private StageEvent? Read(byte[]? value)
    {
        try
        {
            return value is null ? null : events.Deserialize(value);
        }
        catch (AvroException)
        {
            // Not ours: a demo looks on, it does not judge.
            return null;
        }
    }
}
