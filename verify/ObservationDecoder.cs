using System.Text;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Verify;

/// <summary>
/// Reads records of the topics and turns them into what the checker looks at.
/// </summary>
/// <param name="registry">Where schemas are.</param>
/// <param name="prefix">What the names of topics begin with.</param>
/// <param name="partitionCount">Partitions of the command topic.</param>
internal sealed class ObservationDecoder(ISchemaRegistryClient registry, string prefix, int partitionCount)
{
    private readonly AvroSerde<AllocationCommand> commands = Serde<AllocationCommand>(
        registry, prefix + "allocation.commands");
    private readonly AvroSerde<AllocationOutcome> outcomes = Serde<AllocationOutcome>(
        registry, prefix + "allocation.outcomes");
    private readonly AvroSerde<AllocationOutcome> shadow = Serde<AllocationOutcome>(
        registry, prefix + "allocation.shadow.outcomes");
    private readonly AvroSerde<PoolAvailability> availability = Serde<PoolAvailability>(registry,
        prefix + "allocation.availability");

    /// <summary>
    /// A command; one that cannot be read is an observation too: it belongs in the dead-letter topic.
    /// </summary>
    public ObservedCommand Command(ConsumeResult<byte[]?, byte[]?> record)
    {
        var at = PositionOf(record);
        var timestampMs = record.Message.Timestamp.UnixTimestampMs;
        AllocationCommand command;
        try
        {
            command = commands.Deserialize(record.Message.Value);
        }
        catch (AvroException)
        {
            return new ObservedCommand { At = at, TimestampMs = timestampMs, IsReadable = false };
        }
        return Observation.Of(command, at, timestampMs, record.Message.Key, partitionCount);
    }

    /// <summary>An outcome; null (and a finding) when it cannot be read.</summary>
    public ObservedOutcome? Outcome(ConsumeResult<byte[]?, byte[]?> record, Findings findings) =>
        Outcome(record, outcomes, findings);

    /// <summary>A decision of the shadow; null (and a finding) when it cannot be read.</summary>
    public ObservedOutcome? ShadowOutcome(ConsumeResult<byte[]?, byte[]?> record, Findings findings) =>
        Outcome(record, shadow, findings);

    private static ObservedOutcome? Outcome(
        ConsumeResult<byte[]?, byte[]?> record, AvroSerde<AllocationOutcome> serde, Findings findings)
    {
        var at = PositionOf(record);
        AllocationOutcome outcome;
        try
        {
            outcome = serde.Deserialize(record.Message.Value);
        }
        catch (AvroException e)
        {
            findings.Add(FindingKind.Unreadable, Key(record), at, e.Message);
            return null;
        }
        return Observation.Of(outcome, at, Key(record));
    }

    /// <summary>An availability record; null (and a finding) when it cannot be read.</summary>
    public ObservedAvailability? Availability(ConsumeResult<byte[]?, byte[]?> record, Findings findings)
    {
        var at = PositionOf(record);
        if (record.Message.Value is null)
        {
            return new ObservedAvailability(at, Key(record), Key(record), 0, default, IsTombstone: true);
        }
        try
        {
            var read = availability.Deserialize(record.Message.Value);
            return new ObservedAvailability(
                at, Key(record), read.PoolId, read.PoolSequence, Observation.Balances(read.Balances),
                IsTombstone: false);
        }
        catch (AvroException e)
        {
            findings.Add(FindingKind.Unreadable, Key(record), at, e.Message);
            return null;
        }
    }

    public static Position PositionOf(ConsumeResult<byte[]?, byte[]?> record) =>
        new(record.Topic, record.Partition.Value, record.Offset.Value);

    private static string Key(ConsumeResult<byte[]?, byte[]?> record) =>
        record.Message.Key is null ? "" : Encoding.UTF8.GetString(record.Message.Key);

    private static AvroSerde<T> Serde<T>(ISchemaRegistryClient registry, string topic)
        where T : class, IAvroRecord<T> => new(registry, topic + "-value");
}
