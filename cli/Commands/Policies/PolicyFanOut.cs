using System.Text;
using Alloc.Cli.Commands.Documents;
using Alloc.Client;
using Alloc.Client.Outcomes;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Commands.Policies;

/// <summary>Writes a policy to its topic and its activation to every partition of commands.</summary>
internal sealed class PolicyFanOut(AllocClientOptions settings, PolicyTopic topic, ISchemaRegistryClient registry)
    : IDisposable
{
    private readonly string commandTopic = settings.TopicPrefix + TopicNames.Commands;
    private readonly DocumentFanOut transaction = new(settings, "policy", "allocation-policy-apply");

    private readonly AvroSerde<AllocationCommand> commands =
        new(registry, ConfluentFraming.SubjectOf(settings.TopicPrefix + TopicNames.Commands));

    /// <summary>Shuts others out. What the topic holds after this stays until the transaction is over.</summary>
    public async Task BeginAsync(CancellationToken cancellation)
    {
        await commands.InitializeAsync(cancellation).ConfigureAwait(false);
        await topic.Serde.InitializeAsync(cancellation).ConfigureAwait(false);
        await transaction.BeginAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Writes all of it, or nothing.</summary>
    /// <param name="policy">What to write to the topic of policies; null: it is there already.</param>
    /// <param name="activations">The activation of each partition that is to have one.</param>
    /// <param name="cancellation">Gives up, and nothing is written.</param>
    /// <exception cref="AllocException">Another apply was quicker.</exception>
    public Task CommitAsync(
        PolicyInForce? policy, IReadOnlyDictionary<int, AllocationCommand> activations, CancellationToken cancellation)
    {
        var records = activations.Select(activation => (
            new TopicPartition(commandTopic, activation.Key), Message(commands.Serialize(activation.Value))));
        return transaction.CommitAsync(
            policy is null
                ? records
                : records.Prepend((new TopicPartition(topic.Name, 0), Message(topic.Serde.Serialize(policy)))),
            cancellation);
    }

    public void Dispose() => transaction.Dispose();

    private static Message<byte[]?, byte[]?> Message(byte[] value) =>
        new() { Key = Encoding.UTF8.GetBytes(ReservedKeys.Policy), Value = value };
}
