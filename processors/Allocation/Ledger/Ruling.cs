using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// What the rules say of a command, one of three: what happens; what others have to lose before it is decided; or that
/// it goes on waiting for what it needs.
/// </summary>
internal readonly record struct Ruling
{
    private Ruling(AllocationOutcomeEvent? happened, PreemptionPlan[]? takeFirst)
    {
        Happened = happened;
        TakeFirst = takeFirst;
    }

    /// <summary>What happens; null in the other cases.</summary>
    public AllocationOutcomeEvent? Happened { get; }

    /// <summary>What others have to lose first, line by line; null in the other cases.</summary>
    public PreemptionPlan[]? TakeFirst { get; }

    /// <summary>A command that waits already goes on waiting.</summary>
    public static Ruling GoesOnWaiting => default;

    /// <summary>Others have to lose units first.</summary>
    public static Ruling First(PreemptionPlan[] plans) => new(null, plans);

    /// <summary>This happens.</summary>
    public static implicit operator Ruling(AllocationOutcomeEvent happened) => new(happened, null);
}
