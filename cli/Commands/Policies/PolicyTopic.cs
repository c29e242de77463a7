using Alloc.Cli.CommandLine;
using Alloc.Cli.Kafka;
using Alloc.Cli.Outcomes;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;

namespace Alloc.Cli.Commands.Policies;

/// <summary>A policy that was applied.</summary>
/// <param name="Record">What the topic says of it.</param>
/// <param name="Policy">It, read.</param>
/// <param name="WrittenAtMs">When it was written, by the clock of who wrote it.</param>
internal sealed record AppliedPolicy(PolicyInForce Record, AllocationPolicy Policy, long WrittenAtMs);

/// <summary>The topic of policies: which was applied last, and those before it that compaction has left.</summary>
internal sealed class PolicyTopic(ClientSettings settings, ISchemaRegistryClient registry)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public string Name { get; } = settings.TopicPrefix + TopicNames.Policy;

    public AvroSerde<PolicyInForce> Serde { get; } =
        new(registry, ConfluentFraming.SubjectOf(settings.TopicPrefix + TopicNames.Policy));

    /// <summary>The policy that was applied last; null: none, so that version 0 is in force.</summary>
    public AppliedPolicy? Newest(CancellationToken cancellation) => Read(cancellation) is [.., var last] ? last : null;

    /// <summary>What the topic has, the newest last.</summary>
    /// <exception cref="CliException">The topic is missing, or holds what is no policy.</exception>
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
            var record = reader.Consume(Patience) ?? throw CliException.Unavailable(
                $"The broker gave no record of {Name} for {Patience.TotalSeconds:0} s.", "Ask again.");
            if (record.IsPartitionEOF)
            {
                break;
            }
            if (record.Message.Value is { } value)
            {
                found.Add(Decode(value, record));
            }
        }
        return found;
    }

    private AppliedPolicy Decode(byte[] value, ConsumeResult<byte[]?, byte[]?> record)
    {
        PolicyInForce applied;
        try
        {
            applied = Serde.Deserialize(value);
        }
        catch (AvroException error)
        {
            throw CliException.Failed(
                $"{Name} holds at offset {record.Offset.Value} what is no policy: {error.Message}",
                "Only alloc policy apply may write to it.", error);
        }
        var reading = PolicyDocument.Parse(applied.Document);
        return new AppliedPolicy(
            applied,
            reading.Policy ?? throw CliException.Failed(
                $"The policy of version {applied.Version} in {Name} is not valid: {reading.Errors[0].Show()}",
                "A newer version of alloc may run here; alloc version tells."),
            record.Message.Timestamp.UnixTimestampMs);
    }
}
