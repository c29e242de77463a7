namespace Alloc.Replay;

/// <summary>What an item of a trace takes of one pool.</summary>
/// <param name="Pool">The pool.</param>
/// <param name="Held">Units asked for when the item begins.</param>
/// <param name="Used">Units confirmed and used, at most those held.</param>
internal sealed record TraceShare(string Pool, long Held, long Used);

/// <summary>
/// One pod or one request of a trace: it takes a share of each of its pools, for a time. All shares or none.
/// </summary>
internal sealed record TraceItem
{
    /// <summary>Line of the file, from 1 (the header).</summary>
    public required long Row { get; init; }

    /// <summary>Its name: the reservation in each of its pools.</summary>
    public required string Id { get; init; }

    /// <summary>Channel of its commands, from which a policy derives the class.</summary>
    public required string Channel { get; init; }

    /// <summary>What it takes.</summary>
    public required IReadOnlyList<TraceShare> Shares { get; init; }

    /// <summary>When it asks.</summary>
    public required DateTime BeginsAt { get; init; }

    /// <summary>When what it asked for is confirmed; null when that never happens.</summary>
    public required DateTime? ConfirmedAt { get; init; }

    /// <summary>When it gives everything back.</summary>
    public required DateTime EndsAt { get; init; }
}

/// <summary>A pool of a trace: a capacity of which parts are in use.</summary>
/// <param name="Id">The pool.</param>
/// <param name="Unit">What is counted.</param>
/// <param name="Capacity">Units that can be in use at once.</param>
internal sealed record TracePool(string Id, string Unit, long Capacity);

/// <summary>A trace as it is replayed.</summary>
/// <param name="Pools">Its pools.</param>
/// <param name="Items">Its items, in file order.</param>
/// <param name="LineCount">Lines of the file that are replayed or rejected.</param>
/// <param name="Rejected">Lines that are not replayed, by reason.</param>
internal sealed record TracePlan(
    IReadOnlyList<TracePool> Pools,
    IReadOnlyList<TraceItem> Items,
    long LineCount,
    IReadOnlyDictionary<RejectReason, long> Rejected);
