using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// What follows from outcomes for their pool: promises that supply does not cover are ended, and who waits is served.
/// No more is done for one record than its policy says; the rest goes on with the next one.
/// </summary>
internal static class Settlement
{
    /// <summary>Asks the open questions of a pool until no answer opens another.</summary>
    public static void Settle(RecordFold fold, string poolId)
    {
        while (fold.TakeQuestions() is not PoolQuestions.None and var asked)
        {
            if (fold.State.GetPool(poolId) is not { } pool)
            {
                return;
            }
            var isShort = asked.HasFlag(PoolQuestions.Shortage) && pool.Deficit > 0;
            if (fold.IsSpent)
            {
                GoOnLater(fold, pool, isShort);
                return;
            }
            var before = fold.Count;
            if (isShort)
            {
                Shortfall.Cover(fold, poolId);
            }
            if (pool.Waiters > 0 && fold.Count == before)
            {
                Line.Serve(fold, pool);
            }
        }
    }

    // Another pool took all that is done for one record: this one is looked at with the next.
    private static void GoOnLater(RecordFold fold, PoolState pool, bool isShort)
    {
        var isWaitedFor = pool.Waiters > 0 && Line.MayBeServed(fold, pool);
        var isToExpire = isShort
            && fold.Policy.DeficitFor(pool.PoolId) is { Action: DeficitAction.ExpireNewestHeld };
        if ((isWaitedFor || isToExpire) && fold.TryGoOn(pool.PoolId))
        {
            fold.Commit(fold.Consequences.GoOn(fold.Now, fold.Record, pool.PoolId, id: ""));
            fold.Withdraw(PoolQuestions.Room);
        }
    }
}
