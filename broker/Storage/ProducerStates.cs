using Alloc.Broker.Protocol;

namespace Alloc.Broker.Storage;

/// <summary>What one partition knows of one producer (KIP-98): its epoch, its last five batches, its open
/// transaction.</summary>
internal sealed class ProducerState(long producerId)
{
    /// <summary>Batches that an exact repeat is recognised among; clients have at most five in flight.</summary>
    public const int RememberedBatchCount = 5;

    public long ProducerId { get; } = producerId;

    /// <summary>Highest epoch seen; -1 before the first batch.</summary>
    public short Epoch { get; set; } = -1;

    /// <summary>Epoch of the coordinator that wrote the last marker; -1 if there was none.</summary>
    public int CoordinatorEpoch { get; set; } = -1;

    /// <summary>When the last batch or marker came, by the broker's clock, in milliseconds since 1970: what the
    /// records' own times say does not age a producer.</summary>
    public long LastTimestampMs { get; set; } = -1;

    /// <summary>Offset of the open transaction's first batch in this partition; -1 if none is open.</summary>
    public long TransactionStartOffset { get; set; } = -1;

    /// <summary>The last batches of this epoch, oldest first.</summary>
    public Queue<ProducedBatch> Batches { get; } = new(RememberedBatchCount);

    /// <summary>Sequence of the last record of this epoch; -1 if there is none.</summary>
    public int LastSequence { get; set; } = -1;
}

/// <summary>One remembered batch of a producer.</summary>
internal readonly record struct ProducedBatch(int BaseSequence, int LastSequence, long BaseOffset, long TimestampMs);

/// <summary>The producers of one partition, their open transactions and the transactions that were aborted.</summary>
internal sealed class ProducerStates
{
    private readonly Dictionary<long, ProducerState> producers = [];
    private readonly SortedDictionary<long, long> openTransactions = [];

    /// <summary>All producers that wrote and have not expired.</summary>
    public IReadOnlyCollection<ProducerState> All => producers.Values;

    /// <summary>Transactions that ended in abort, by rising last offset.</summary>
    public AbortedTransactions Aborted { get; } = new();

    /// <summary>Offset of the first batch of the oldest open transaction, or null.</summary>
    public long? FirstOpenOffset
    {
        get
        {
            foreach (var first in openTransactions)
            {
                return first.Key;
            }
            return null;
        }
    }

    public ProducerState? Find(long producerId) => producers.GetValueOrDefault(producerId);

    /// <summary>Takes a producer's state over from a checkpoint.</summary>
    public void Restore(ProducerState state)
    {
        producers[state.ProducerId] = state;
        if (state.TransactionStartOffset >= 0)
        {
            openTransactions[state.TransactionStartOffset] = state.ProducerId;
        }
    }

    /// <summary>
    /// Judges a client's batch. <see cref="ErrorCode.None"/> with a <paramref name="duplicate"/> means: an exact
    /// repeat, answer the original's offset and append nothing.
    /// </summary>
    public ErrorCode Check(in RecordBatch batch, out ProducedBatch? duplicate)
    {
        duplicate = null;
        if (batch.ProducerId < 0 || !producers.TryGetValue(batch.ProducerId, out var state) || state.Epoch < 0)
        {
            return ErrorCode.None;
        }
        if (batch.ProducerEpoch < state.Epoch)
        {
            return ErrorCode.InvalidProducerEpoch;
        }
        if (batch.ProducerEpoch > state.Epoch)
        {
            return batch.BaseSequence == 0 ? ErrorCode.None : ErrorCode.OutOfOrderSequenceNumber;
        }
        foreach (var known in state.Batches)
        {
            if (known.BaseSequence == batch.BaseSequence
                && known.LastSequence == AddSequence(batch.BaseSequence, batch.LastOffsetDelta))
            {
                duplicate = known;
                return ErrorCode.None;
            }
        }
        if (batch.BaseSequence != AddSequence(state.LastSequence, 1))
        {
            return ErrorCode.OutOfOrderSequenceNumber;
        }
        return state.TransactionStartOffset >= 0 && !batch.IsTransactional ? ErrorCode.InvalidTxnState : ErrorCode.None;
    }

    /// <summary>Takes note of a batch that was appended.</summary>
    public void Appended(in RecordBatch batch, long nowMs)
    {
        if (batch.ProducerId < 0)
        {
            return;
        }
        var state = GetOrAdd(batch.ProducerId);
        if (batch.ProducerEpoch != state.Epoch)
        {
            StartEpoch(state, batch.ProducerEpoch);
        }
        if (batch.BaseSequence >= 0)
        {
            var lastSequence = AddSequence(batch.BaseSequence, batch.LastOffsetDelta);
            if (state.Batches.Count == ProducerState.RememberedBatchCount)
            {
                state.Batches.Dequeue();
            }
            state.Batches.Enqueue(new ProducedBatch(
                batch.BaseSequence, lastSequence, batch.BaseOffset, batch.MaxTimestampMs));
            state.LastSequence = lastSequence;
        }
        state.LastTimestampMs = nowMs;
        if (batch.IsTransactional && state.TransactionStartOffset < 0)
        {
            state.TransactionStartOffset = batch.BaseOffset;
            openTransactions[batch.BaseOffset] = batch.ProducerId;
        }
    }

    /// <summary>Takes note of an end marker that was appended at <paramref name="offset"/>.</summary>
    public void AppendedMarker(
        long producerId, short epoch, int coordinatorEpoch, bool isCommit, long offset, long nowMs)
    {
        var state = GetOrAdd(producerId);
        if (epoch != state.Epoch)
        {
            StartEpoch(state, epoch);
        }
        state.CoordinatorEpoch = coordinatorEpoch;
        state.LastTimestampMs = nowMs;
        if (state.TransactionStartOffset < 0)
        {
            return;
        }
        if (!isCommit)
        {
            Aborted.Add(new AbortedTransaction(producerId, state.TransactionStartOffset, offset));
        }
        openTransactions.Remove(state.TransactionStartOffset);
        state.TransactionStartOffset = -1;
    }

    /// <summary>Forgets producers that wrote nothing since <paramref name="beforeMs"/> and have no open
    /// transaction.</summary>
    public void Expire(long beforeMs)
    {
        foreach (var state in producers.Values)
        {
            if (state.LastTimestampMs < beforeMs && state.TransactionStartOffset < 0)
            {
                producers.Remove(state.ProducerId);
            }
        }
    }

    /// <summary>Sequences run from 0 to 2³¹−1 and start at 0 again.</summary>
    public static int AddSequence(int sequence, int count) => (int)((sequence + (long)count) & int.MaxValue);

    private static void StartEpoch(ProducerState state, short epoch)
    {
        state.Epoch = epoch;
        state.Batches.Clear();
        state.LastSequence = -1;
    }

    private ProducerState GetOrAdd(long producerId)
    {
        if (!producers.TryGetValue(producerId, out var state))
        {
            producers[producerId] = state = new ProducerState(producerId);
        }
        return state;
    }
}
