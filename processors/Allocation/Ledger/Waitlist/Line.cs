using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Waitlist;

/// <summary>Serves those who wait in a pool, in their order.</summary>
internal static class Line
{
    // The first in line are looked at first: mostly what became free is for one of them.
    private const int FirstLook = 4;

    /// <summary>
    /// Who waits for a closed pool does so no longer; else those are granted what they wait for whom nothing bars; else
    /// the first may take what it lacks.
    /// </summary>
    public static void Serve(RecordFold fold, PoolState pool)
    {
        if (fold.Consequences.EndsWaiting(fold.Now, pool))
        {
            EndWaiting(fold, pool.PoolId);
            return;
        }
        var before = fold.Count;
        Promote(fold, pool.PoolId);
        if (fold.MayTake && fold.Count == before && !fold.IsSpent)
        {
            TakeForFirst(fold, pool.PoolId);
        }
    }

    /// <summary>Whether a look at the line may come to anything.</summary>
    public static bool MayBeServed(RecordFold fold, PoolState pool) => fold.Consequences.EndsWaiting(fold.Now, pool)
        || (fold.MayTake
            ? fold.Consequences.IsOffered(fold.Now, pool.PoolId)
            : !fold.Consequences.IsHopeless(fold.Now, pool.PoolId));

    // A pool that is closed grants nothing any more: nobody waits for it, or stands in the way if it opens again.
    private static void EndWaiting(RecordFold fold, string poolId)
    {
        var places = fold.State.GetWaiters(poolId).Take((int)Math.Min(fold.Left, int.MaxValue)).ToList();
        foreach (var place in places)
        {
            fold.Spend();
            fold.Commit(OwnExpiry.Of(fold.State, poolId, place.ReservationId, fold.T) is { } timer
                ? fold.Consequences.Timer(fold.Now, fold.Record, timer)
                : fold.Consequences.StopWaiting(fold.Now, fold.Record, poolId, place.ReservationId));
        }
    }

    private static void Promote(RecordFold fold, string poolId)
    {
        var looked = fold.Policy.Limits.WaitersLookedAt;
        var isStrict = fold.Policy.WaitlistFor(poolId)?.Order != WaitlistOrder.BestEffort;
        // One who gets what is kept for its class may let a lower one that was passed be overbooked.
        var mayUnblock = fold.Policy.OverbookingFor(poolId) is not null
            && !fold.Policy.ProtectionsFor(poolId).IsEmpty;
        var passed = 0;
        var size = FirstLook;
        while (passed < looked && !fold.IsSpent && !fold.Consequences.IsHopeless(fold.Now, poolId))
        {
            var window = Math.Min(looked - passed, size);
            size = looked;
            var places = fold.Consequences.PlacesInLine(fold.Now, poolId, passed, window);
            foreach (var place in places)
            {
                var look = fold.Consequences.Look(fold.Now, fold.Record, poolId, place, goesOn: fold.Left == 1);
                if (look.Granted is not { } granted)
                {
                    passed++;
                    if (look.Bar == GrantBar.Units && isStrict)
                    {
                        return;
                    }
                    continue;
                }
                fold.Spend();
                fold.Commit(granted);
                if (passed > 0 && mayUnblock)
                {
                    fold.Ask(PoolQuestions.Room);
                    return;
                }
                if (fold.IsSpent || fold.Consequences.IsHopeless(fold.Now, poolId))
                {
                    return;
                }
            }
            if (places.Count < window || places.Count == 0)
            {
                return;
            }
        }
    }

    // One who waits takes what a hold would; what is left over goes to those who wait, in their order.
    private static void TakeForFirst(RecordFold fold, string poolId)
    {
        var turn = fold.Consequences.NextTurn(fold.Now, poolId);
        if (turn.Place is not { } place)
        {
            if (turn.LookAgainAtMs is { } atMs
                && fold.Consequences.LookAgain(fold.Now, fold.Record, poolId, atMs) is { } later)
            {
                fold.Commit(later);
                fold.Withdraw(PoolQuestions.Room);
            }
            return;
        }
        if (Victims.ExpireDue(fold, poolId, turn.Takes) is > 0 and var expired)
        {
            // The line is looked at anew.
            fold.Spend(expired);
            return;
        }
        fold.Spend(1 + turn.Takes.Sum(p => p.Takes.Count));
        Victims.Take(fold, poolId, turn.Takes);
        var look = fold.Consequences.Look(
            fold.Now, fold.Record, poolId, place, goesOn: fold.IsSpent, new Taken(turn.Takes));
        fold.Commit(look.Granted ?? throw new LedgerFaultException(
            $"Pool {poolId}: units were taken for the waiter {place.ReservationId}, but {look.Bar} bars it."));
    }
}
