using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Commands.Policies;

/// <summary>A policy that was applied.</summary>
/// <param name="Record">What the topic says of it.</param>
/// <param name="Policy">It, read.</param>
/// <param name="WrittenAtMs">When it was written, by the clock of who wrote it.</param>
internal sealed record AppliedPolicy(PolicyInForce Record, AllocationPolicy Policy, long WrittenAtMs);

/// <summary>The topic of policies: which was applied last, and those before it that compaction has left.</summary>
internal sealed class PolicyTopic(AllocClientOptions settings, ISchemaRegistryClient registry)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly HashSet<long> unusable = [];

    public string Name { get; } = settings.TopicPrefix + TopicNames.Policy;

    public AvroSerde<PolicyInForce> Serde { get; } =
        new(registry, ConfluentFraming.SubjectOf(settings.TopicPrefix + TopicNames.Policy));

    /// <summary>Told once of each record that is no valid policy; it is passed over.</summary>
    public Action<string> OnUnusable { get; init; } = static _ => { };

    /// <summary>The policy that was applied last; null: none, so that version 0 is in force.</summary>
    public AppliedPolicy? Newest(CancellationToken cancellation) => Read(cancellation) is [.., var last] ? last : null;

    /// <summary>What the topic has, the newest last.</summary>
    /// <exception cref="AllocException">The topic is missing.</exception>
    public IReadOnlyList<AppliedPolicy> Read(CancellationToken cancellation)
    {
        var clients = new KafkaClients(settings);
        using (var admin = clients.Admin())
        {
            clients.PartitionCount(admin, Name);
        }
        using var reader = clients.Consumer();
        var partition = new TopicPartition(Name, 0);
        var ends = reader.QueryWatermarkOffsets(partition, settings.Timeout);
        var found = new List<AppliedPolicy>();
        reader.Assign(new TopicPartitionOffset(partition, ends.Low));
        while (ends.High > ends.Low)
        {
            cancellation.ThrowIfCancellationRequested();
            var record = reader.Consume(Patience) ?? throw AllocException.Unavailable(
                $"The broker gave no record of {Name} for {Patience.TotalSeconds:0} s.", "Ask again.");
            if (record.IsPartitionEOF)
            {
                break;
            }
            if (record.Message.Value is { } value && Decode(value, record) is { } applied)
            {
                found.Add(applied);
            }
        }
        return found;
    }

    // Only somebody else can have written what is no policy. No partition decides by it, and it must not stand in the
    // way of the next one that is applied.
    private AppliedPolicy? Decode(byte[] value, ConsumeResult<byte[]?, byte[]?> record)
    {
        string reason;
        try
        {
            var applied = Serde.Deserialize(value);
            var reading = PolicyDocument.Parse(applied.Document);
            if (reading.Policy is { } policy)
            {
                return new AppliedPolicy(applied, policy, record.Message.Timestamp.UnixTimestampMs);
            }
            reason = reading.Errors[0].Show();
        }
        catch (AvroException error)
        {
            reason = error.Message;
        }
        if (unusable.Add(record.Offset.Value))
        {
            OnUnusable(
                $"{Name} holds at offset {record.Offset.Value} what is no valid policy, and is passed over: {reason} "
                + "Only alloc policy apply should write there.");
        }
        return null;
    }
}
