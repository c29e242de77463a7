namespace Alloc.Processors.Allocation.Ledger.PolicyInForce;

/// <summary>
/// Another policy is in force, another system has authority, or a mode is over: what that changes for pools as they are
/// is decided.
/// </summary>
internal static class Sweep
{
    /// <summary>
    /// Looks at pools in the order of their ids, at so many for one record; the rest goes on with the next one.
    /// </summary>
    /// <param name="fold">The record.</param>
    /// <param name="after">The pool after which it goes on; empty: from the first.</param>
    public static void Pools(RecordFold fold, string after)
    {
        var limit = fold.Policy.Limits.TimersPerRecord;
        var poolIds = fold.State.GetPools(after).Select(p => p.PoolId)
            .Where(id => id != after && id[0] != '$' && fold.Decides(id)).Take(limit).ToList();
        foreach (var poolId in poolIds)
        {
            if (fold.Consequences.BeginCurve(fold.Now, fold.Record, poolId) is { } step)
            {
                fold.Commit(step);
            }
            fold.CommitDeficit(poolId);
            fold.Ask(PoolQuestions.Room | PoolQuestions.Shortage);
            Settlement.Settle(fold, poolId);
        }
        if (poolIds.Count == limit)
        {
            fold.Commit(fold.Consequences.GoOn(fold.Now, fold.Record, fold.PartitionPoolId, poolIds[^1]));
            fold.Withdraw(PoolQuestions.Room);
        }
    }
}
