using System.Collections.Immutable;
using Alloc.Broker.Protocol;
using Alloc.Broker.Storage;

namespace Alloc.Broker.Transactions;

/// <summary>
/// Ends transactions: data durable, the Prepare record appended and durable, then in one turn of the loop the markers,
/// the groups' offsets, the Complete record and the answers.
/// </summary>
/// <remarks>
/// The data of the transaction comes with the markers of the one before, so that only the last decision ever needs
/// its markers written again. An abort is not made durable: if it is lost, so is all that came after it, and what is
/// then still open is aborted anyway.
/// </remarks>
internal sealed class TransactionEnding(TransactionTable transactions, ITransactionStorage storage)
{
    /// <summary>Transactional ids whose transaction is ending, with those who wait for the end.</summary>
    private readonly Dictionary<string, List<Action<ErrorCode>>> waiting = [];

    /// <summary>Those whose decision is made but could not be carried out for lack of space.</summary>
    private readonly HashSet<string> stuck = [];

    public bool IsEnding(string transactionalId) => waiting.ContainsKey(transactionalId);

    /// <summary>Calls <paramref name="action"/> when the end that is under way is through.</summary>
    public void Wait(string transactionalId, Action<ErrorCode> action) => waiting[transactionalId].Add(action);

    /// <summary>Begins the end of an open transaction.</summary>
    public void End(Transaction transaction, bool isCommit, long nowMs, Action<ErrorCode> reply)
    {
        var id = transaction.TransactionalId;
        waiting.Add(id, [reply]);
        var partitions = transaction.Decision is { Partitions: var marked }
            ? transaction.Partitions.Union(marked.Select(m => m.Partition))
            : transaction.Partitions;
        storage.WhenDataDurable(partitions, () => Prepare(id, isCommit, nowMs));
    }

    /// <summary>Carries out what was decided: markers where they are missing, offsets, the Complete record.</summary>
    /// <exception cref="StorageException">The disk did not take it; it may be called again.</exception>
    public void Complete(string transactionalId, long nowMs)
    {
        var transaction = transactions[transactionalId];
        var decision = transaction.Decision!;
        WriteMarkers(decision);
        transactions.Put(transaction with
        {
            State = decision.IsCommit ? TransactionState.CompleteCommit : TransactionState.CompleteAbort,
            Partitions = [],
            Groups = [],
            StartedAtMs = -1,
            UpdatedAtMs = nowMs,
        });
        storage.CompleteOffsets(decision.ProducerId, transaction.Groups, decision.IsCommit);
    }

    /// <summary>Writes the markers of a decision where they are missing.</summary>
    public void WriteMarkers(Decision decision)
    {
        foreach (var (partition, endOffset) in decision.Partitions)
        {
            storage.AppendMarker(partition, endOffset, decision.ProducerId, decision.Epoch, decision.IsCommit);
        }
    }

    /// <summary>Tries again what the disk had no space for.</summary>
    public void RetryStuck(long nowMs)
    {
        foreach (var id in stuck.ToList())
        {
            Finish(id, nowMs);
        }
    }

    private void Prepare(string transactionalId, bool isCommit, long nowMs)
    {
        var transaction = transactions[transactionalId];
        var ends = transaction.Partitions.Select(p => new LogEnd(p, storage.EndOffset(p))).ToImmutableArray();
        try
        {
            transactions.Put(transaction with
            {
                State = isCommit ? TransactionState.PrepareCommit : TransactionState.PrepareAbort,
                Decision = new Decision(transaction.ProducerId, transaction.Epoch, isCommit, ends),
                UpdatedAtMs = nowMs,
            });
        }
        catch (StorageException)
        {
            // Nothing is decided; the client may ask again.
            Answer(transactionalId, ErrorCode.CoordinatorNotAvailable);
            return;
        }

        if (isCommit)
        {
            storage.WhenJournalDurable(() => Finish(transactionalId, nowMs));
        }
        else
        {
            Finish(transactionalId, nowMs);
        }
    }

    private void Finish(string transactionalId, long nowMs)
    {
        try
        {
            Complete(transactionalId, nowMs);
        }
        catch (StorageException)
        {
            stuck.Add(transactionalId);
            return;
        }

        stuck.Remove(transactionalId);
        Answer(transactionalId, ErrorCode.None);
    }

    private void Answer(string transactionalId, ErrorCode error)
    {
        if (waiting.Remove(transactionalId, out var actions))
        {
            actions.ForEach(action => action(error));
        }
    }
}
