using Alloc.Client;
using Alloc.Client.Kafka;
using Confluent.Kafka;

namespace Alloc.Cli.Commands.Documents;

/// <summary>
/// Writes a document to its topic together with its copies for every partition, all in one transaction. One
/// transactional id for the deployment: whoever begins shuts out whoever began before, so that no two are written upon
/// the same base.
/// </summary>
/// <param name="settings">Where.</param>
/// <param name="kind">What kind of document it is, in the command's word.</param>
/// <param name="transactionalId">Whose transactions, without the prefix of topics.</param>
internal sealed class DocumentFanOut(AllocClientOptions settings, string kind, string transactionalId) : IDisposable
{
    private readonly IProducer<byte[]?, byte[]?> producer =
        new KafkaClients(settings).TransactionalProducer(settings.TopicPrefix + transactionalId);

    /// <summary>Shuts others out. What the topic holds after this stays until the transaction is over.</summary>
    public async Task BeginAsync(CancellationToken cancellation)
    {
        await Task.Run(() => producer.InitTransactions(settings.Timeout), cancellation).ConfigureAwait(false);
        producer.BeginTransaction();
    }

    /// <summary>Writes all of it, or nothing.</summary>
    /// <exception cref="AllocException">Another apply was quicker, or nobody answers.</exception>
    public async Task CommitAsync(
        IEnumerable<(TopicPartition To, Message<byte[]?, byte[]?> Record)> records, CancellationToken cancellation)
    {
        try
        {
            await Task.WhenAll(records.Select(r => producer.ProduceAsync(r.To, r.Record, cancellation)))
                .ConfigureAwait(false);
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
                $"It is unknown whether the {kind} was written: {error.Error.Reason}",
                $"alloc {kind} get tells; the same command again finishes it.");
        }
        catch (KafkaException error)
        {
            throw NothingWritten(error);
        }
    }

    public void Dispose() => producer.Dispose();

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

    private AllocException NothingWritten(KafkaException error) => error.Error.Code
        is ErrorCode.Local_Fenced or ErrorCode.InvalidProducerEpoch or ErrorCode.ProducerFenced
            ? AllocException.Failed(
                $"Another alloc {kind} apply was quicker; nothing of this one was written.",
                $"alloc {kind} get shows what is there now.", error)
            : AllocException.Unavailable(
                $"Nothing was written: {error.Error.Reason}", "Is the broker still running? Try again.");
}
