namespace Alloc.Replay;

/// <summary>What a command of the replay asks, before it becomes a record of the contract.</summary>
/// <param name="CommandId">The same in every run of the same file and seed.</param>
/// <param name="PoolId">The pool.</param>
internal abstract record ReplayIntent(string CommandId, string PoolId)
{
    /// <summary>Channel of the actor: policy derives the class from it. Null: the service's usual one.</summary>
    public string? Channel { get; init; }

    /// <summary>Create the pool: stock counted in pieces, or capacity counted in its own unit.</summary>
    public sealed record Configure(string CommandId, string PoolId, string Unit = "piece", bool IsCapacity = false)
        : ReplayIntent(CommandId, PoolId);

    /// <summary>What lies in the warehouse, or what can be in use at once, when the pool opens.</summary>
    public sealed record OpeningStock(string CommandId, string PoolId, long Quantity) : ReplayIntent(CommandId, PoolId);

    /// <summary>New stock; sequence 1, 2, 3, … within the pool.</summary>
    public sealed record NewStock(string CommandId, string PoolId, long Sequence, long Quantity)
        : ReplayIntent(CommandId, PoolId);

    /// <summary>Hold all lines or none.</summary>
    public sealed record Hold(string CommandId, string PoolId, string Invoice, string? Customer,
        IReadOnlyList<(string ReservationId, long Quantity)> Lines, TimeSpan Ttl) : ReplayIntent(CommandId, PoolId)
    {
        /// <summary>The request over several pools that this one belongs to.</summary>
        public string? GroupId { get; init; }
    }

    /// <summary>Confirm this total; the rest of what is held is released.</summary>
    public sealed record Confirm(string CommandId, string PoolId, string ReservationId, long Total)
        : ReplayIntent(CommandId, PoolId);

    /// <summary>Release what is held: all of it, or a part; or whatever there is.</summary>
    public sealed record Release(string CommandId, string PoolId, string ReservationId, long? Quantity, string Why)
        : ReplayIntent(CommandId, PoolId)
    {
        /// <summary>Whether confirmed units are released too.</summary>
        public bool IsWhole { get; init; }
    }

    /// <summary>Shipped.</summary>
    public sealed record Consume(
        string CommandId, string PoolId, string ReservationId, long Quantity, DateTime OccurredAt)
        : ReplayIntent(CommandId, PoolId);

    /// <summary>Came back.</summary>
    public sealed record Return(string CommandId, string PoolId, string ReservationId, long Quantity, bool IsDamaged)
        : ReplayIntent(CommandId, PoolId);
}

/// <summary>The decision on a command, as far as the replay cares.</summary>
/// <param name="IsApplied">Whether the command took effect (a duplicate answers what its original did).</param>
internal readonly record struct ReplayAnswer(bool IsApplied);
