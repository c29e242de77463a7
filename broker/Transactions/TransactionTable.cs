using Alloc.Broker.Coordination;

namespace Alloc.Broker.Transactions;

/// <summary>
/// Every transactional id, found by its name or its producer; a change is in the journal before it is here.
/// </summary>
internal sealed class TransactionTable(IStateJournal journal)
{
    private readonly RecordWriter writer = new();
    private readonly Dictionary<string, Transaction> transactions = [];
    private readonly Dictionary<long, string> idsByProducer = [];

    public IReadOnlyCollection<Transaction> All => transactions.Values;

    public Transaction this[string transactionalId] => transactions[transactionalId];

    public Transaction? Find(string transactionalId) => transactions.GetValueOrDefault(transactionalId);

    public Transaction? FindByProducer(long producerId) =>
        idsByProducer.TryGetValue(producerId, out var id) ? transactions[id] : null;

    /// <exception cref="Storage.StorageException">The journal did not take it; nothing has changed.</exception>
    public Transaction Put(Transaction transaction)
    {
        TransactionRecords.Write(writer, transaction);
        journal.Append(writer.Written);
        Remember(transaction);
        return transaction;
    }

    public void Forget(Transaction transaction)
    {
        journal.Append(
            writer.Start(JournalRecordKind.TransactionExpired).String(transaction.TransactionalId).Written);
        Remove(transaction.TransactionalId);
    }

    /// <summary>Takes back what <see cref="Put"/> wrote, telling what it replaces; null for another record.</summary>
    public (Transaction? Before, Transaction After)? Replay(ReadOnlySpan<byte> record)
    {
        var reader = new RecordReader(record);
        switch ((JournalRecordKind)reader.Byte())
        {
            case JournalRecordKind.Transaction:
                var after = TransactionRecords.Read(ref reader);
                var before = Find(after.TransactionalId);
                Remember(after);
                return (before, after);
            case JournalRecordKind.TransactionExpired:
                Remove(reader.String());
                return null;
            default:
                return null;
        }
    }

    /// <summary>Writes every record that a new journal file must open with.</summary>
    public void WriteSnapshot(IStateJournal target)
    {
        foreach (var transaction in transactions.Values)
        {
            TransactionRecords.Write(writer, transaction);
            target.Append(writer.Written);
        }
    }

    private void Remember(Transaction transaction)
    {
        if (transactions.TryGetValue(transaction.TransactionalId, out var before) &&
            before.ProducerId != transaction.ProducerId)
        {
            idsByProducer.Remove(before.ProducerId);
        }

        transactions[transaction.TransactionalId] = transaction;
        idsByProducer[transaction.ProducerId] = transaction.TransactionalId;
    }

    private void Remove(string transactionalId)
    {
        if (transactions.Remove(transactionalId, out var transaction))
        {
            idsByProducer.Remove(transaction.ProducerId);
        }
    }
}
