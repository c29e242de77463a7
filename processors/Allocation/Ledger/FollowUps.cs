using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>What an outcome makes worth asking.</summary>
internal static class FollowUps
{
    /// <summary>What is to be asked of its pool.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="mayTake">The policy lets some take from others.</param>
    public static PoolQuestions Of(AllocationOutcome outcome, bool mayTake) =>
        (mayTake && ChangesWhoHasUnits(outcome)) || MayServeSomebody(outcome) ? PoolQuestions.Room : PoolQuestions.None;

    /// <summary>Whether the deficit of its pool may be another now. A pool that has free units has none.</summary>
    public static bool MayChangeDeficit(AllocationOutcome outcome) =>
        (outcome.BalancesAfter.Free < 0 || outcome.BalancesBefore.Free < 0)
        && (outcome.Entries.Count > 0 || outcome.Event is AllocationOutcomeEvent.PoolConfigured || IsLook(outcome));

    // Who has more, less or other units may be somebody to take from; so may one who has a new owner, one for whom no
    // command waits any more, and a part.
    private static bool ChangesWhoHasUnits(AllocationOutcome outcome) =>
        outcome.Entries.Count > 0 || outcome.Charges.Count > 0
        || outcome is { CommandId: not null, CausedBy: not null }
        || outcome.Event is AllocationOutcomeEvent.ReservationSplit;

    private static bool MayServeSomebody(AllocationOutcome outcome)
    {
        // What is overbooked by percent grows with all that there is, FREE or not.
        if (outcome.BalancesAfter.Free > outcome.BalancesBefore.Free
            || Elsewhere(outcome.BalancesAfter) < Elsewhere(outcome.BalancesBefore)
            || outcome.Event is AllocationOutcomeEvent.Waitlisted or AllocationOutcomeEvent.PoolConfigured
            || IsLook(outcome))
        {
            return true;
        }
        for (var index = 0; index < outcome.Charges.Count; index++)
        {
            if (outcome.Charges[index].Delta < 0 || outcome.Charges[index].Consumed < 0)
            {
                return true;
            }
        }
        for (var index = 0; index < outcome.After.Count; index++)
        {
            // One who waited, and waits no longer or for less, may have stood in the way.
            if (outcome.After[index].EnqueuedAtMs is not null && outcome.Entries.Count == 0)
            {
                return true;
            }
        }
        return false;
    }

    // A timer that makes the ledger look again.
    private static bool IsLook(AllocationOutcome outcome) =>
        outcome.CommandId is null && outcome.Event is AllocationOutcomeEvent.NoOp;

    // Balances sum to zero: what is not here is what the pool's own accounts lack.
    private static long Elsewhere(Balances balances) => balances.External + balances.Blocked;
}
