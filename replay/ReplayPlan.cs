namespace Alloc.Replay;

/// <summary>What becomes of a hold once it is granted. The file does not say; it is drawn from the seed.</summary>
internal enum Fate
{
    /// <summary>Confirmed in full as soon as it is granted, shipped on the next day.</summary>
    Confirm,

    /// <summary>
    /// Confirmed for less than was held, the remainder released; what is confirmed ships on the next day.
    /// </summary>
    ConfirmPart,

    /// <summary>Released by the customer before it is confirmed.</summary>
    Release,

    /// <summary>Held for a short time and never touched again: it expires.</summary>
    Lapse,
}

/// <summary>A sale and what the plan makes of it.</summary>
internal sealed class PlannedSale
{
    /// <summary>The invoice line.</summary>
    public required RetailLine Line { get; init; }

    /// <summary>Position in <see cref="ReplayPlan.Sales"/>.</summary>
    public required int Index { get; init; }

    /// <summary>What becomes of the hold.</summary>
    public required Fate Fate { get; init; }

    /// <summary>Pieces confirmed and then shipped; 0 when nothing is.</summary>
    public required int ConfirmQuantity { get; set; }

    /// <summary>Cancellations of the same day, which come before the confirmation.</summary>
    public int EarlyCancellationCount { get; set; }

    /// <summary>Pieces that later cancellations bring back after they were shipped.</summary>
    public int ReturnedQuantity { get; set; }

    /// <summary>Pieces that a cancellation can still take back.</summary>
    public int OpenQuantity => ConfirmQuantity - ReturnedQuantity;
}

/// <summary>One thing to do, in the order of the file.</summary>
internal abstract record PlanStep(long Row)
{
    /// <summary>A new day begins: what was confirmed the day before ships.</summary>
    public sealed record DayBegins(long Row, DateOnly Day) : PlanStep(Row);

    /// <summary>A stock code is met for the first time: pool and opening stock.</summary>
    public sealed record OpenPool(long Row, string Pool, int Quantity) : PlanStep(Row);

    /// <summary>New stock of a pool; sequence 1, 2, 3, … within the pool.</summary>
    public sealed record Restock(long Row, string Pool, int Sequence, int Quantity) : PlanStep(Row);

    /// <summary>One request for all lines of an invoice on one pool.</summary>
    public sealed record Hold(long Row, string Pool, IReadOnlyList<PlannedSale> Sales) : PlanStep(Row);

    /// <summary>A cancellation of the same day: the held pieces are released.</summary>
    public sealed record CancelEarly(long Row, RetailLine Line, PlannedSale Sale, int Quantity) : PlanStep(Row);

    /// <summary>A cancellation of a later day: the shipped pieces come back.</summary>
    /// <param name="Row">Line of the file.</param>
    /// <param name="Line">The cancelling line.</param>
    /// <param name="Sale">What it cancels; null when the file does not have the sale.</param>
    /// <param name="Part">Number of the part of the line, from 1.</param>
    /// <param name="Quantity">Pieces.</param>
    /// <param name="IsDamaged">Whether the pieces are blocked instead of put on sale again.</param>
    public sealed record Return(
        long Row, RetailLine Line, PlannedSale? Sale, int Part, int Quantity, bool IsDamaged) : PlanStep(Row);
}

/// <summary>Everything a replay does, computed from the whole file and a seed alone.</summary>
/// <param name="Steps">In the order of the file.</param>
/// <param name="Sales">All sales, by <see cref="PlannedSale.Index"/>.</param>
/// <param name="LineCount">Lines of the file that are replayed or rejected.</param>
/// <param name="Rejected">Lines that are not replayed, by reason.</param>
internal sealed record ReplayPlan(
    IReadOnlyList<PlanStep> Steps,
    IReadOnlyList<PlannedSale> Sales,
    long LineCount,
    IReadOnlyDictionary<RejectReason, long> Rejected);
