using System.Collections.Immutable;

namespace Alloc.Broker.Transactions;

/// <summary>
/// Everything about one transactional id that survives a restart. It is replaced, never changed: the new one takes
/// effect when the journal has it.
/// </summary>
internal sealed record Transaction
{
    /// <summary>Epoch and id of nobody.</summary>
    public const short NoEpoch = -1;

    /// <inheritdoc cref="NoEpoch"/>
    public const long NoProducerId = -1;

    /// <summary>The highest epoch that a producer is given; the one above is left for fencing it.</summary>
    public const short LastEpoch = short.MaxValue - 1;

    public required string TransactionalId { get; init; }

    public long ProducerId { get; init; } = NoProducerId;

    public short Epoch { get; init; } = NoEpoch;

    /// <summary>
    /// The producer id before the last change of it, so that a repeated request for the change is recognised.
    /// </summary>
    public long PreviousProducerId { get; init; } = NoProducerId;

    /// <summary>
    /// The epoch that a producer named when it asked for the present one; none when another took over.
    /// </summary>
    public short PreviousEpoch { get; init; } = NoEpoch;

    /// <summary>How long a transaction may stay open, in milliseconds.</summary>
    public required int TimeoutMs { get; init; }

    public TransactionState State { get; init; } = TransactionState.Empty;

    /// <summary>Partitions of the open transaction.</summary>
    public ImmutableHashSet<TopicPartition> Partitions { get; init; } = [];

    /// <summary>Groups whose offsets the open transaction commits.</summary>
    public ImmutableHashSet<string> Groups { get; init; } = [];

    /// <summary>
    /// What was decided last; kept until the next decision, since its markers may not be on disk yet.
    /// </summary>
    public Decision? Decision { get; init; }

    /// <summary>When the open transaction began, in milliseconds since 1970; −1 if none is open.</summary>
    public long StartedAtMs { get; init; } = -1;

    /// <summary>When anything changed last, in milliseconds since 1970.</summary>
    public long UpdatedAtMs { get; init; }

    public bool IsOpen => State == TransactionState.Ongoing;

    public bool IsPrepared => State is TransactionState.PrepareCommit or TransactionState.PrepareAbort;

    public bool IsEpochExhausted => Epoch >= LastEpoch;
}

/// <summary>The end of a transaction, with what it takes to write its markers again after a crash.</summary>
/// <param name="ProducerId">Whose transaction it was.</param>
/// <param name="Epoch">Epoch of the markers.</param>
/// <param name="IsCommit">False for an abort.</param>
/// <param name="Partitions">
/// Where it ends, each with the end of the log when that was decided: a transaction of the producer that is open
/// there and began below that offset is this one, a later one is not.
/// </param>
internal sealed record Decision(long ProducerId, short Epoch, bool IsCommit, ImmutableArray<LogEnd> Partitions);

/// <param name="EndOffset">Offset after the last record.</param>
internal readonly record struct LogEnd(TopicPartition Partition, long EndOffset);
