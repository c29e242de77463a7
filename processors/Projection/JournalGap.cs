using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Projection;

/// <summary>What is said where a pool's outcomes do not follow on.</summary>
internal static class JournalGap
{
    /// <summary>What becomes of a scope that cannot be built.</summary>
    public const string InScope = "What searches show of it stays as it is.";

    /// <summary>Pool, what was expected and found, where, why that may be, and what to do.</summary>
    /// <param name="outcome">The outcome that was found.</param>
    /// <param name="known">Sequence of the last outcome before it; 0 for none.</param>
    /// <param name="place">Where it is.</param>
    /// <param name="remedy">What to do.</param>
    public static string Describe(AllocationOutcome outcome, long known, string place, string remedy) =>
        $"The projection of pool {outcome.PoolId} expects outcome {known + 1} and found {outcome.Sequence} at "
        + $"{place}: " + (known == 0
            ? "the pool's first outcomes are missing. Where the journal's retention deleted them, no search can be "
                + "built from it: keep allocation.outcomes for ever. "
            : "outcomes are missing. ")
        + "alloc verify tells whether the journal is whole. " + remedy;
}
