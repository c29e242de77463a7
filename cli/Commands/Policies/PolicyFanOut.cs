using System.Text;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Client.Outcomes;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Commands.Policies;

/// <summary>
/// Writes a policy to its topic and its activation to every partition of commands, all in one transaction. One
/// transactional id for the deployment: whoever begins shuts out whoever began before, so that no two are written upon
/// the same base.
/// </summary>
internal sealed class PolicyFanOut(AllocClientOptions settings, PolicyTopic topic, ISchemaRegistryClient registry)
    : IDisposable
{
    private readonly string commandTopic = settings.TopicPrefix + TopicNames.Commands;
    private readonly IProducer<byte[]?, byte[]?> producer =
        new KafkaClients(settings).TransactionalProducer($"{settings.TopicPrefix}allocation-policy-apply");

    private readonly AvroSerde<AllocationCommand> commands =
        new(registry, ConfluentFraming.SubjectOf(settings.TopicPrefix + TopicNames.Commands));

    /// <summary>Shuts others out. What the topic holds after this stays until the transaction is over.</summary>
    public async Task BeginAsync(CancellationToken cancellation)
    {
        await commands.InitializeAsync(cancellation).ConfigureAwait(false);
        await topic.Serde.InitializeAsync(cancellation).ConfigureAwait(false);
        await Task.Run(() => producer.InitTransactions(settings.Timeout), cancellation).ConfigureAwait(false);
        producer.BeginTransaction();
    }

    /// <summary>Writes all of it, or nothing.</summary>
    /// <param name="policy">What to write to the topic of policies; null: it is there already.</param>
    /// <param name="activations">The activation of each partition that is to have one.</param>
    /// <param name="cancellation">Gives up, and nothing is written.</param>
    /// <exception cref="AllocException">Another apply was quicker.</exception>
    public async Task CommitAsync(
        PolicyInForce? policy, IReadOnlyDictionary<int, AllocationCommand> activations, CancellationToken cancellation)
    {
        try
        {
            await ProduceAsync(policy, activations, cancellation).ConfigureAwait(false);
        }
        catch (KafkaException error)
        {
            // What is in the queue is purged when the transaction fails; why it failed is what ending it says.
            throw NothingWritten(Why(error));
        }
        try
        {
            await Task.Run(() => producer.CommitTransaction(settings.Timeout), cancellation).ConfigureAwait(false);
        }
        catch (KafkaRetriableException error)
        {
            throw AllocException.Unavailable(
                $"It is unknown whether the policy was written: {error.Error.Reason}",
                "alloc policy get tells; the same command again finishes it.");
        }
        catch (KafkaException error)
        {
            throw NothingWritten(error);
        }
    }

    public void Dispose() => producer.Dispose();

    private async Task ProduceAsync(
        PolicyInForce? policy, IReadOnlyDictionary<int, AllocationCommand> activations, CancellationToken cancellation)
    {
        var key = Encoding.UTF8.GetBytes(ReservedKeys.Policy);
        if (policy is not null)
        {
            var value = topic.Serde.Serialize(policy);
            await producer.ProduceAsync(
                new TopicPartition(topic.Name, 0), new Message<byte[]?, byte[]?> { Key = key, Value = value },
                cancellation).ConfigureAwait(false);
        }
        await Task.WhenAll(activations.Select(activation => producer.ProduceAsync(
            new TopicPartition(commandTopic, activation.Key),
            new Message<byte[]?, byte[]?> { Key = key, Value = commands.Serialize(activation.Value) },
            cancellation))).ConfigureAwait(false);
    }

    private KafkaException Why(KafkaException error)
    {
        try
        {
            producer.AbortTransaction(settings.Timeout);
            return error;
        }
        catch (KafkaException cause)
        {
            return cause;
        }
    }

    private static AllocException NothingWritten(KafkaException error) => error.Error.Code
        is ErrorCode.Local_Fenced or ErrorCode.InvalidProducerEpoch or ErrorCode.ProducerFenced
            ? AllocException.Failed(
                "Another alloc policy apply was quicker; nothing of this one was written.",
                "alloc policy get shows what is there now.", error)
            : AllocException.Unavailable(
                $"Nothing was written: {error.Error.Reason}", "Is the broker still running? Try again.");
}
