namespace Alloc.Broker.Transactions;

/// <summary>The states of a transactional id. The numbers are on disk.</summary>
internal enum TransactionState : byte
{
    /// <summary>A producer is known; it has begun nothing since it was initialised.</summary>
    Empty = 0,

    /// <summary>Partitions or groups were added.</summary>
    Ongoing = 1,

    /// <summary>Committed: the decision is durable, the markers may not be written yet.</summary>
    PrepareCommit = 2,

    /// <summary>Aborted; the markers may not be written yet.</summary>
    PrepareAbort = 3,

    /// <summary>The last transaction was committed and all its markers are written.</summary>
    CompleteCommit = 4,

    /// <summary>The last transaction was aborted and all its markers are written.</summary>
    CompleteAbort = 5,
}
