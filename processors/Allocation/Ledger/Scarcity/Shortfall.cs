using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Policy;

namespace Alloc.Processors.Allocation.Ledger.Scarcity;

/// <summary>Ends promises that supply does not cover, where the policy says so.</summary>
internal static class Shortfall
{
    /// <summary>The newest holds of a pool expire until its deficit is covered.</summary>
    public static void Cover(RecordFold fold, string poolId)
    {
        if (fold.Policy.DeficitFor(poolId) is not { Action: DeficitAction.ExpireNewestHeld } row)
        {
            return;
        }
        foreach (var holder in DeficitRules.NewestHeld(fold.State, fold.Policy, poolId))
        {
            if (fold.IsSpent || IsCovered(fold, poolId))
            {
                return;
            }
            fold.Spend();
            if (OwnExpiry.Of(fold.State, poolId, holder.ReservationId, fold.T) is { } timer)
            {
                fold.Commit(fold.Consequences.Timer(fold.Now, fold.Record, timer));
                if (!DeficitRules.Holds(fold.State, poolId, holder) || IsCovered(fold, poolId))
                {
                    continue;
                }
            }
            fold.Commit(fold.Consequences.ExpireForDeficit(
                fold.Now, fold.Record, poolId, holder.ReservationId, row, goesOn: fold.IsSpent));
        }
    }

    private static bool IsCovered(RecordFold fold, string poolId) => fold.State.GetPool(poolId)!.Deficit == 0;
}
