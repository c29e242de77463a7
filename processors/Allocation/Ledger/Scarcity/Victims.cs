using Alloc.Processors.Allocation.Ledger.Partition;

namespace Alloc.Processors.Allocation.Ledger.Scarcity;

/// <summary>Those who lose units to a grant: before the one for whom they do is granted them.</summary>
internal static class Victims
{
    /// <summary>Nothing is taken from a hold that is due: it expires. How many did.</summary>
    public static int ExpireDue(RecordFold fold, string poolId, PreemptionPlan[] plans)
    {
        var expired = 0;
        foreach (var plan in plans)
        {
            foreach (var take in plan.Takes)
            {
                if (OwnExpiry.Of(fold.State, poolId, take.ReservationId, fold.T) is { } timer)
                {
                    fold.Commit(fold.Consequences.Timer(fold.Now, fold.Record, timer));
                    expired++;
                }
            }
        }
        return expired;
    }

    /// <summary>Each loses what was planned.</summary>
    public static void Take(RecordFold fold, string poolId, PreemptionPlan[] plans)
    {
        foreach (var plan in plans)
        {
            foreach (var take in plan.Takes)
            {
                fold.Commit(fold.Consequences.Take(fold.Now, fold.Record, poolId, plan, take));
            }
        }
    }
}
