using System.Text;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Processors.Shadow.Differences;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Commands.Shadow;

/// <summary>
/// Reads both journals, partition by partition: the shadow's, then the authority's from where it began.
/// </summary>
internal sealed class ShadowJournals : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly AllocClientOptions settings;
    private readonly string shadowTopic;
    private readonly string outcomeTopic;
    private readonly AvroSerde<AllocationOutcome> shadowSerde;
    private readonly AvroSerde<AllocationOutcome> outcomeSerde;
    private readonly IConsumer<byte[]?, byte[]?> reader;
    private readonly int partitionCount;

    public ShadowJournals(AllocClientOptions settings, ISchemaRegistryClient registry)
    {
        this.settings = settings;
        shadowTopic = settings.TopicPrefix + TopicNames.ShadowOutcomes;
        outcomeTopic = settings.TopicPrefix + TopicNames.Outcomes;
        shadowSerde = new AvroSerde<AllocationOutcome>(registry, ConfluentFraming.SubjectOf(shadowTopic));
        outcomeSerde = new AvroSerde<AllocationOutcome>(registry, ConfluentFraming.SubjectOf(outcomeTopic));
        reader = BulkClients.Consumer(settings, "alloc-shadow-report", readCommitted: true);
        var clients = new KafkaClients(settings);
        using var admin = clients.Admin();
        partitionCount = clients.PartitionCount(admin, shadowTopic);
    }

    /// <summary>Told now and then: what is read, how many records of it, how many there are.</summary>
    public Action<string, long, long> OnProgress { get; init; } = static (_, _, _) => { };

    /// <summary>
    /// Hands everything about pools that begin with a prefix to a comparison, and what was decided about no pool.
    /// </summary>
    public void Compare(string prefix, ShadowComparison comparison, CancellationToken cancellation)
    {
        var prefixBytes = Encoding.UTF8.GetBytes(prefix);
        for (var partition = 0; partition < partitionCount; partition++)
        {
            long? firstMs = null;
            foreach (var outcome in Read(shadowTopic, partition, fromMs: null, prefixBytes, shadowSerde, cancellation))
            {
                firstMs ??= outcome.TMs;
                comparison.Shadow(outcome);
            }
            if (firstMs is not null)
            {
                foreach (var outcome in Read(outcomeTopic, partition, firstMs, prefixBytes, outcomeSerde, cancellation))
                {
                    comparison.Authority(outcome);
                }
            }
            comparison.FinishPartition();
        }
    }

    public void Dispose() => _ = Task.Run(reader.Dispose);

    private IEnumerable<AllocationOutcome> Read(
        string topic, int partition, long? fromMs, byte[] prefix, AvroSerde<AllocationOutcome> serde,
        CancellationToken cancellation)
    {
        var at = new TopicPartition(topic, partition);
        var ends = reader.BoundsOf(at, settings.Timeout);
        var (low, high) = (ends.Low.Value, ends.High.Value);
        var from = low;
        if (fromMs is { } t)
        {
            var found = reader.OffsetsForTimes(
                [new TopicPartitionTimestamp(at, new Timestamp(t, TimestampType.CreateTime))],
                settings.Timeout)[0].Offset.Value;
            from = found >= 0 ? found : high;
        }
        if (from >= high)
        {
            yield break;
        }
        reader.Assign(new TopicPartitionOffset(at, from));
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var record = reader.Consume(Patience) ?? throw AllocException.Unavailable(
                $"{topic}[{partition}] gave no record for {Patience.TotalSeconds:0} s.",
                "Is the broker still running? Ask again.");
            if (record.IsPartitionEOF || record.Offset.Value >= high)
            {
                yield break;
            }
            OnProgress($"reading {topic}[{partition}]", record.Offset.Value - from, high - from);
            if (record.Message is { Key: { } key, Value: { } value }
                && (key.AsSpan().StartsWith(prefix) || key.AsSpan().StartsWith("$"u8)))
            {
                yield return serde.Deserialize(value);
            }
            if (record.Offset.Value == high - 1)
            {
                yield break;
            }
        }
    }
}
