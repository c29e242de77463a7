using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Operations;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Replays;

/// <summary>
/// <c>operations.audit</c>: what people did by hand that no journal tells. It is also what a later run knows of an
/// earlier one.
/// </summary>
internal sealed class OperatorAudit(AllocClientOptions settings, ISchemaRegistryClient registry, TimeProvider time)
{
    private const string Name = "operations.audit";
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private readonly AvroSerde<OperatorAction> serde =
        new(registry, ConfluentFraming.SubjectOf(settings.TopicPrefix + Name));

    /// <summary>The topic, with the prefix.</summary>
    public string Topic { get; } = settings.TopicPrefix + Name;

    /// <summary>Told of each record that is no action; it is passed over.</summary>
    public Action<string> OnUnusable { get; init; } = static _ => { };

    /// <summary>Resolves the schema, so that no transaction waits for it.</summary>
    public async Task PrepareAsync(CancellationToken cancellation) =>
        await serde.InitializeAsync(cancellation).ConfigureAwait(false);

    /// <summary>Every action, in the order they were written.</summary>
    /// <exception cref="AllocException">The topic is not there, or an open transaction hides its end.</exception>
    public IReadOnlyList<OperatorAction> Read(CancellationToken cancellation)
    {
        var clients = new KafkaClients(settings);
        using (var admin = clients.Admin())
        {
            clients.PartitionCount(admin, Topic);
        }
        var partition = new TopicPartition(Topic, 0);
        WatermarkOffsets ends;
        using (var uncommitted = clients.Consumer(readCommitted: false))
        {
            ends = uncommitted.BoundsOf(partition, settings.Timeout);
        }
        var actions = new List<OperatorAction>();
        if (ends.High.Value <= ends.Low.Value)
        {
            return actions;
        }
        using var reader = clients.Consumer();
        reader.Assign(new TopicPartitionOffset(partition, ends.Low));
        // The end of what is committed is not enough: an action behind somebody's open transaction would be done again.
        var begun = time.GetTimestamp();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var record = reader.Consume(Look);
            if (record is { IsPartitionEOF: false })
            {
                begun = time.GetTimestamp();
                Add(actions, record);
            }
            if (record is not null && record.Offset.Value + (record.IsPartitionEOF ? 0 : 1) >= ends.High.Value)
            {
                return actions;
            }
            if (time.GetElapsedTime(begun) > settings.Timeout)
            {
                throw AllocException.Unavailable(
                    $"{Topic} cannot be read to its end within {settings.Timeout.TotalSeconds:0} s.",
                    "Somebody's transaction stands open there, and ends within a minute; ask again.");
            }
        }
    }

    /// <summary>The record of an action.</summary>
    public (TopicPartition To, Message<byte[]?, byte[]?> Record) Write(OperatorAction action) =>
        (new TopicPartition(Topic, 0), new Message<byte[]?, byte[]?>
        {
            Key = System.Text.Encoding.UTF8.GetBytes(action.ActionId),
            Value = serde.Serialize(action),
        });

    private void Add(List<OperatorAction> actions, ConsumeResult<byte[]?, byte[]?> record)
    {
        try
        {
            if (record.Message.Value is { } value)
            {
                actions.Add(serde.Deserialize(value));
            }
        }
        catch (AvroException error)
        {
            OnUnusable($"{Topic} holds at offset {record.Offset.Value} what is no action, and is passed over: "
                + error.Message);
        }
    }
}
