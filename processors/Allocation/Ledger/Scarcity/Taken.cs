namespace Alloc.Processors.Allocation.Ledger.Scarcity;

/// <summary>What others lost so that a decision can grant it; by default nothing.</summary>
/// <param name="Plans">Line by line; empty where the decision may pass others and takes nothing from them; null:
/// nothing was taken.</param>
/// <param name="IsOnPaper">They lost it on paper only: what would be decided then is told, and nothing of it is
/// remembered.</param>
internal readonly record struct Taken(PreemptionPlan[]? Plans, bool IsOnPaper = false);
