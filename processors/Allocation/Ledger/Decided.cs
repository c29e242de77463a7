using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// What a decision comes to, one of three: its outcome; what others have to lose before it can be made; or nothing yet,
/// since the command goes on waiting for what it needs.
/// </summary>
internal readonly record struct Decided
{
    private Decided(AllocationOutcome? outcome, PreemptionPlan[]? takeFirst)
    {
        Outcome = outcome;
        TakeFirst = takeFirst;
    }

    /// <summary>The outcome; null in the other cases.</summary>
    public AllocationOutcome? Outcome { get; }

    /// <summary>What others have to lose first, line by line; null in the other cases.</summary>
    public PreemptionPlan[]? TakeFirst { get; }

    /// <summary>The outcome of a decision that is final: nothing can be taken for it, and it may not wait.</summary>
    /// <exception cref="LedgerFaultException">The rules left it open.</exception>
    public AllocationOutcome Final => Outcome ?? throw new LedgerFaultException(
        "A command that may neither take from others nor wait was left undecided.");

    /// <summary>The command goes on waiting.</summary>
    public static Decided GoesOnWaiting => default;

    /// <summary>Others have to lose units first.</summary>
    public static Decided First(PreemptionPlan[] plans) => new(null, plans);

    /// <summary>This is the outcome.</summary>
    public static implicit operator Decided(AllocationOutcome outcome) => new(outcome, null);
}
