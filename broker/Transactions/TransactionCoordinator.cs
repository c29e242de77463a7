using Alloc.Broker.Coordination;
using Alloc.Broker.Protocol;

namespace Alloc.Broker.Transactions;

/// <summary>
/// The coordinator of all transactional producers (KIP-98, KIP-360, and KIP-890's check of what producers append).
/// </summary>
/// <remarks>
/// Empty → Ongoing → PrepareCommit or PrepareAbort → CompleteCommit or CompleteAbort. The answer to EndTxn comes when
/// all is complete, so the producer's next request never meets CONCURRENT_TRANSACTIONS. Who asks to be initialised
/// while a transaction is open or ending does not either: the open one is fenced and aborted, and the answer waits.
/// Wrong epochs are answered with <see cref="ErrorCode.ProducerFenced"/>; the APIs translate it for older clients. Runs
/// on the owner loop only.
/// </remarks>
internal sealed class TransactionCoordinator
{
    private readonly TransactionLimits limits;
    private readonly ITransactionStorage storage;
    private readonly ProducerIds producerIds;
    private readonly TransactionTable transactions;
    private readonly TransactionEnding ending;

    public TransactionCoordinator(TransactionLimits limits, IStateJournal journal, ITransactionStorage storage)
    {
        this.limits = limits;
        this.storage = storage;
        producerIds = new ProducerIds(journal);
        transactions = new TransactionTable(journal);
        ending = new TransactionEnding(transactions, storage);
    }

    public IReadOnlyCollection<Transaction> Transactions => transactions.All;

    public Transaction? Find(string transactionalId) => transactions.Find(transactionalId);

    /// <summary>Gives a producer its id and epoch, fencing whoever used the transactional id before.</summary>
    public void InitProducerId(InitProducerIdRequest request, long nowMs, Action<InitProducerIdResponse> reply)
    {
        if (request.TransactionalId is not { } id)
        {
            var producerId = producerIds.Next();
            storage.WhenJournalDurable(() => reply(new InitProducerIdResponse(ErrorCode.None, producerId, 0)));
            return;
        }

        var transaction = transactions.Find(id);
        var error = id.Length == 0 ? ErrorCode.InvalidRequest
            : request.TimeoutMs <= 0 || request.TimeoutMs > limits.MaximumTimeoutMs
                ? ErrorCode.InvalidTransactionTimeout
                : transaction is null ? ErrorCode.None
                : CheckExpected(transaction, request);
        if (error != ErrorCode.None)
        {
            reply(InitProducerIdResponse.Failed(error));
        }
        else if (ending.IsEnding(id))
        {
            ending.Wait(id, InitialiseThen);
        }
        else if (transaction is { IsOpen: true })
        {
            var fenced = Fence(transaction, isItsOwn: request.IsRecovery && request.ExpectedEpoch == transaction.Epoch);
            ending.End(fenced, isCommit: false, nowMs, InitialiseThen);
        }
        else
        {
            var (producerId, epoch) = Initialise(transaction, id, request, nowMs);
            storage.WhenJournalDurable(() => reply(new InitProducerIdResponse(ErrorCode.None, producerId, epoch)));
        }

        void InitialiseThen(ErrorCode endError)
        {
            if (endError == ErrorCode.None)
            {
                InitProducerId(request, nowMs, reply);
            }
            else
            {
                reply(InitProducerIdResponse.Failed(endError));
            }
        }
    }

    /// <summary>Makes partitions part of the producer's transaction, beginning one if none is open.</summary>
    public ErrorCode AddPartitions(
        TransactionalProducer producer, IReadOnlyCollection<TopicPartition> partitions, long nowMs)
    {
        var error = CheckCanBegin(producer, out var transaction);
        if (error == ErrorCode.None)
        {
            var all = transaction!.Partitions.Union(partitions);
            if (!transaction.IsOpen || all.Count > transaction.Partitions.Count)
            {
                transactions.Put(Open(transaction, nowMs) with { Partitions = all });
            }
        }

        return error;
    }

    /// <summary>Makes a group's offsets part of the producer's transaction, beginning one if none is open.</summary>
    public ErrorCode AddGroup(TransactionalProducer producer, string groupId, long nowMs)
    {
        var error = CheckCanBegin(producer, out var transaction);
        if (error == ErrorCode.None && !(transaction!.IsOpen && transaction.Groups.Contains(groupId)))
        {
            transactions.Put(Open(transaction, nowMs) with { Groups = transaction.Groups.Add(groupId) });
        }

        return error;
    }

    /// <summary>
    /// Whether a producer may commit a group's offsets in its transaction now (47 for a wrong epoch).
    /// </summary>
    public ErrorCode CheckGroup(TransactionalProducer producer, string groupId)
    {
        var error = Check(producer, out var transaction);
        return error == ErrorCode.ProducerFenced ? ErrorCode.InvalidProducerEpoch
            : error != ErrorCode.None ? error
            : IsWritable(transaction!) && transaction!.Groups.Contains(groupId) ? ErrorCode.None
            : ErrorCode.InvalidTxnState;
    }

    /// <summary>
    /// Whether a producer may append a transactional batch to a partition now (47 for a wrong epoch).
    /// </summary>
    public ErrorCode CheckAppend(long producerId, short epoch, TopicPartition partition)
    {
        if (transactions.FindByProducer(producerId) is not { } transaction)
        {
            return ErrorCode.InvalidProducerIdMapping;
        }

        return transaction.Epoch != epoch ? ErrorCode.InvalidProducerEpoch
            : IsWritable(transaction) && transaction.Partitions.Contains(partition) ? ErrorCode.None
            : ErrorCode.InvalidTxnState;
    }

    /// <summary>Commits or aborts; the answer comes when every marker is written.</summary>
    public void EndTransaction(TransactionalProducer producer, bool isCommit, long nowMs, Action<ErrorCode> reply)
    {
        var error = Check(producer, out var transaction);
        if (error != ErrorCode.None)
        {
            reply(error);
        }
        else if (ending.IsEnding(producer.TransactionalId))
        {
            // The same request on another connection: it is judged when the first one is through.
            ending.Wait(producer.TransactionalId, _ => EndTransaction(producer, isCommit, nowMs, reply));
        }
        else if (transaction!.IsOpen)
        {
            ending.End(transaction, isCommit, nowMs, reply);
        }
        else
        {
            var repeated = isCommit ? TransactionState.CompleteCommit : TransactionState.CompleteAbort;
            reply(transaction.State == repeated ? ErrorCode.None : ErrorCode.InvalidTxnState);
        }
    }

    /// <summary>Aborts transactions that were open for too long, and forgets ids that nobody used for long.</summary>
    public void Tick(long nowMs)
    {
        ending.RetryStuck(nowMs);
        List<Transaction>? late = null;
        foreach (var transaction in transactions.All)
        {
            var isLate = transaction.IsOpen
                ? nowMs - transaction.StartedAtMs >= transaction.TimeoutMs
                : !transaction.IsPrepared && nowMs - transaction.UpdatedAtMs >= limits.IdleRetentionMs;
            if (isLate && !ending.IsEnding(transaction.TransactionalId))
            {
                (late ??= []).Add(transaction);
            }
        }

        foreach (var transaction in late ?? [])
        {
            if (transaction.IsOpen)
            {
                ending.End(Fence(transaction, isItsOwn: false), isCommit: false, nowMs, static _ => { });
            }
            else
            {
                transactions.Forget(transaction);
            }
        }
    }

    /// <summary>Forgets partitions that were deleted.</summary>
    public void OnPartitionsDeleted(IReadOnlyCollection<TopicPartition> partitions)
    {
        foreach (var transaction in transactions.All.Where(t => t.Partitions.Overlaps(partitions)).ToList())
        {
            transactions.Put(transaction with { Partitions = transaction.Partitions.Except(partitions) });
        }
    }

    /// <summary>True if the partition belongs to the producer's transaction, which is open or ending.</summary>
    public bool IsOpenIn(long producerId, TopicPartition partition) =>
        IsOpen(producerId) && transactions.FindByProducer(producerId)!.Partitions.Contains(partition);

    /// <summary>True if the producer's transaction is open or ending.</summary>
    public bool IsOpen(long producerId) =>
        transactions.FindByProducer(producerId) is { } transaction && (transaction.IsOpen || transaction.IsPrepared);

    /// <summary>Takes back a record of the journal, if it is about transactions.</summary>
    public void Replay(ReadOnlySpan<byte> record)
    {
        if (!producerIds.Replay(record)
            && transactions.Replay(record) is ({ IsPrepared: true } before, { IsPrepared: false }))
        {
            storage.CompleteOffsets(before.ProducerId, before.Groups, before.Decision!.IsCommit);
        }
    }

    /// <summary>
    /// After recovery, with the logs open: finishes what was decided, and writes again the markers of last decisions
    /// that did not reach the disk.
    /// </summary>
    /// <param name="nowMs">Milliseconds since 1970.</param>
    /// <param name="abortOpen">
    /// True after a restart of the machine: records that were acknowledged in an open transaction but not synced may be
    /// lost, so such a transaction must not commit what is left of it.
    /// </param>
    /// <param name="highestProducerId">The highest producer id that is found in the logs.</param>
    public void FinishAfterRecovery(long nowMs, bool abortOpen, long highestProducerId)
    {
        producerIds.SkipPast(highestProducerId);
        foreach (var transaction in transactions.All.ToList())
        {
            if (transaction.IsPrepared)
            {
                ending.Complete(transaction.TransactionalId, nowMs);
            }
            else if (transaction.Decision is { } decision)
            {
                ending.WriteMarkers(decision);
            }

            if (transaction.IsOpen && abortOpen)
            {
                ending.End(Fence(transaction, isItsOwn: false), isCommit: false, nowMs, static _ => { });
            }
        }
    }

    /// <summary>Writes every record that a new journal file must open with.</summary>
    public void WriteSnapshot(IStateJournal target)
    {
        producerIds.WriteSnapshot(target);
        transactions.WriteSnapshot(target);
    }

    private static ErrorCode CheckExpected(Transaction transaction, InitProducerIdRequest request)
    {
        if (!request.IsRecovery || transaction.Epoch == Transaction.NoEpoch)
        {
            return ErrorCode.None;
        }

        var isCurrent = request.ExpectedProducerId == transaction.ProducerId &&
            (request.ExpectedEpoch == transaction.Epoch || request.ExpectedEpoch == transaction.PreviousEpoch);
        var isRepeatedRotation = request.ExpectedProducerId == transaction.PreviousProducerId &&
            request.ExpectedEpoch == transaction.PreviousEpoch;
        return isCurrent || isRepeatedRotation ? ErrorCode.None : ErrorCode.ProducerFenced;
    }

    private static Transaction Open(Transaction transaction, long nowMs) => transaction.IsOpen
        ? transaction with { UpdatedAtMs = nowMs }
        : transaction with { State = TransactionState.Ongoing, StartedAtMs = nowMs, UpdatedAtMs = nowMs };

    private bool IsWritable(Transaction transaction) =>
        transaction.IsOpen && !ending.IsEnding(transaction.TransactionalId);

    private ErrorCode Check(TransactionalProducer producer, out Transaction? transaction)
    {
        transaction = transactions.Find(producer.TransactionalId);
        return producer.TransactionalId.Length == 0 ? ErrorCode.InvalidRequest
            : transaction is null || transaction.ProducerId != producer.ProducerId ? ErrorCode.InvalidProducerIdMapping
            : transaction.Epoch != producer.Epoch ? ErrorCode.ProducerFenced
            : ErrorCode.None;
    }

    private ErrorCode CheckCanBegin(TransactionalProducer producer, out Transaction? transaction)
    {
        var error = Check(producer, out transaction);
        return error == ErrorCode.None && (transaction!.IsPrepared || ending.IsEnding(producer.TransactionalId))
            ? ErrorCode.ConcurrentTransactions
            : error;
    }

    /// <summary>Raises the epoch, so that the producer of an open transaction can do nothing more with it.</summary>
    /// <param name="transaction">An open transaction.</param>
    /// <param name="isItsOwn">True if the producer itself asks to go on with the next epoch.</param>
    private Transaction Fence(Transaction transaction, bool isItsOwn) => transactions.Put(transaction with
    {
        Epoch = (short)int.Min(transaction.Epoch + 1, short.MaxValue),
        PreviousEpoch = isItsOwn ? transaction.Epoch : Transaction.NoEpoch,
    });

    private (long ProducerId, short Epoch) Initialise(
        Transaction? transaction, string id, InitProducerIdRequest request, long nowMs)
    {
        transaction ??= new Transaction { TransactionalId = id, TimeoutMs = request.TimeoutMs };
        var isNew = transaction.Epoch == Transaction.NoEpoch;
        if (request.IsRecovery && !isNew && request.ExpectedEpoch != transaction.Epoch && !transaction.IsEpochExhausted)
        {
            // The answer to the same request was lost, or the transaction that it found open was aborted first.
            return (transaction.ProducerId, transaction.Epoch);
        }

        var changesId = isNew || transaction.IsEpochExhausted;
        transaction = transactions.Put(transaction with
        {
            State = TransactionState.Empty,
            ProducerId = changesId ? producerIds.Next() : transaction.ProducerId,
            Epoch = changesId ? (short)0 : (short)(transaction.Epoch + 1),
            PreviousProducerId = changesId ? transaction.ProducerId : transaction.PreviousProducerId,
            PreviousEpoch = request.IsRecovery ? transaction.Epoch : Transaction.NoEpoch,
            TimeoutMs = request.TimeoutMs,
            UpdatedAtMs = nowMs,
        });
        return (transaction.ProducerId, transaction.Epoch);
    }
}
