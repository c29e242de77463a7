using Alloc.Processors.Allocation.Trial;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Shadow.Differences;

/// <summary>What is compared of an answer: the decision, and the units it moved.</summary>
internal sealed record ShadowAnswer(CommandKind Command, string Kind, string Units)
{
    /// <summary>When, in milliseconds since 1970 UTC.</summary>
    public required long TMs { get; init; }

    /// <summary>Units that it moved, of all accounts.</summary>
    public required long Moved { get; init; }

    /// <summary>Units that were lacking where nothing else stood in the way.</summary>
    public required long Missing { get; init; }

    public required RequestClass Class { get; init; }

    // A fact of supply: its source, its number, and whether it was known.
    private (string Source, long Number, bool IsKnown)? Fact { get; init; }

    public static ShadowAnswer Of(AllocationOutcome outcome) => new(
        outcome.CommandKind, TrialDecision.Of(outcome).Kind,
        string.Join(", ", outcome.Entries.Select(e => $"{e.Quantity} {e.From} to {e.To}")))
    {
        TMs = outcome.TMs,
        Moved = outcome.Entries.Sum(e => e.Quantity),
        Missing = DecisionSteps.Missing(outcome),
        Class = DecisionSteps.Class(outcome),
        Fact = outcome.Event switch
        {
            AllocationOutcomeEvent.SupplyApplied applied =>
                (applied.Source, applied.SourceSequence ?? applied.Version ?? 0, false),
            AllocationOutcomeEvent.SupplyIgnored ignored =>
                (ignored.Source, ignored.SourceSequence ?? ignored.Version ?? 0,
                    ignored.Why is SupplyIgnoredWhy.Duplicate or SupplyIgnoredWhy.Reflected or SupplyIgnoredWhy.Stale),
            _ => null,
        },
    };

    public bool IsSameAs(ShadowAnswer other) =>
        Command == other.Command && Kind == other.Kind && Units == other.Units;

    /// <summary>The fact that one of the two had been told before this command.</summary>
    /// <param name="recorded">The other answer; this is the shadow's.</param>
    public ToldBefore? ToldBefore(ShadowAnswer recorded) =>
        Fact is { } mine && recorded.Fact is { } theirs && mine.IsKnown != theirs.IsKnown
            ? new ToldBefore(mine.Source, Math.Max(mine.Number, theirs.Number), mine.IsKnown) : null;

    public override string ToString() => Units.Length > 0 ? $"{Kind}: {Units}" : Kind;
}
