using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Commands.Documents;

/// <summary>
/// A topic of documents, one partition: which was applied last, and those before it that compaction has left.
/// </summary>
/// <param name="settings">Where.</param>
/// <param name="registry">Schemas.</param>
/// <param name="name">The topic, without the prefix.</param>
/// <param name="kind">What kind of documents they are, in the command's word.</param>
internal abstract class DocumentTopic<TRecord, TApplied>(
    AllocClientOptions settings, ISchemaRegistryClient registry, string name, string kind)
    where TRecord : class, IAvroRecord<TRecord>
    where TApplied : class
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly HashSet<long> unusable = [];

    public string Name { get; } = settings.TopicPrefix + name;

    public AvroSerde<TRecord> Serde { get; } = new(registry, ConfluentFraming.SubjectOf(settings.TopicPrefix + name));

    /// <summary>Told once of each record that is no valid document; it is passed over.</summary>
    public Action<string> OnUnusable { get; init; } = static _ => { };

    /// <summary>What was applied last; null: nothing, so that version 0 is in force.</summary>
    public TApplied? Newest(CancellationToken cancellation) => Read(cancellation) is [.., var last] ? last : null;

    /// <summary>What the topic has, the newest last.</summary>
    /// <exception cref="AllocException">The topic is missing.</exception>
    public IReadOnlyList<TApplied> Read(CancellationToken cancellation)
    {
        var clients = new KafkaClients(settings);
        using (var admin = clients.Admin())
        {
            clients.PartitionCount(admin, Name);
        }
        using var reader = clients.Consumer();
        var partition = new TopicPartition(Name, 0);
        var ends = reader.BoundsOf(partition, settings.Timeout);
        var found = new List<TApplied>();
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

    /// <summary>Reads the document of a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="writtenAtMs">When it was written, by the clock of who wrote it.</param>
    /// <param name="problem">Why it is none; null: it is one.</param>
    private protected abstract TApplied? Applied(TRecord record, long writtenAtMs, out string? problem);

    // Only somebody else can have written what is no document. Nobody decides by it, and it must not stand in the way
    // of the next one that is applied.
    private TApplied? Decode(byte[] value, ConsumeResult<byte[]?, byte[]?> record)
    {
        string? reason;
        try
        {
            if (Applied(Serde.Deserialize(value), record.Message.Timestamp.UnixTimestampMs, out reason) is { } applied)
            {
                return applied;
            }
        }
        catch (AvroException error)
        {
            reason = error.Message;
        }
        if (unusable.Add(record.Offset.Value))
        {
            OnUnusable(
                $"{Name} holds at offset {record.Offset.Value} what is no valid {kind}, and is passed over: {reason} "
                + $"Only alloc {kind} apply should write there.");
        }
        return null;
    }
}
