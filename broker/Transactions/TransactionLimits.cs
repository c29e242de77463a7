namespace Alloc.Broker.Transactions;

/// <summary>Bounds on transactions.</summary>
internal sealed record TransactionLimits
{
    /// <summary>
    /// Longest time in milliseconds that a producer may ask to keep a transaction open; Kafka's default.
    /// </summary>
    public int MaximumTimeoutMs { get; init; } = 900_000;

    /// <summary>
    /// After how many idle milliseconds a transactional id is forgotten; Kafka's default of seven days.
    /// </summary>
    public long IdleRetentionMs { get; init; } = 604_800_000;
}
