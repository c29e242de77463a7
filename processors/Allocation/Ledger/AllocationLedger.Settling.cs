using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// What follows from outcomes for a pool: what was promised beyond supply, and who waits. No more is done for one
/// record than its policy says; the rest goes on with the next one.
/// </summary>
public sealed partial class AllocationLedger
{
    private const int FirstLook = 4;
    private readonly List<WaiterPlace> places = [];
    private readonly List<string> poolIds = [];
    private readonly HashSet<string> goingOn = new(StringComparer.Ordinal);
    private long work;
    private bool mayHaveRoom;
    private bool isShort;
    private bool mayTake;

    // Commits an outcome and all that follows from it for its pool.
    private void CommitAndSettle(
        in LedgerRecord record, AllocationOutcome outcome, long t, List<AllocationOutcome> outcomes)
    {
        Commit(record, outcome, t, outcomes);
        Settle(record, outcome.PoolId, t, outcomes);
    }

    // Victims lose their units before the one for whom they do is granted them.
    private AllocationOutcome Answer(in LedgerRecord record, long t, List<AllocationOutcome> outcomes)
    {
        var poolId = record.Command.PoolId;
        while (true)
        {
            if (decide.Record(record, t) is { } outcome)
            {
                return outcome;
            }
            var plans = decide.ToTake!;
            if (ExpireVictims(record, poolId, plans, t, outcomes) == 0)
            {
                Preempt(record, poolId, plans, t, outcomes);
                return decide.Record(record, t, plans)!;
            }
            // What they had is free now, for whoever is first in line: it is decided anew.
            Settle(record, poolId, t, outcomes);
        }
    }

    // Nothing is taken from a hold that is due: it expires. How many did.
    private int ExpireVictims(
        in LedgerRecord record, string poolId, PreemptionPlan[] plans, long t, List<AllocationOutcome> outcomes)
    {
        var expired = 0;
        foreach (var plan in plans)
        {
            foreach (var take in plan.Takes)
            {
                if (OwnExpiry.Of(state, poolId, take.ReservationId, t) is { } timer)
                {
                    Commit(record, decide.Timer(record, timer, t), t, outcomes);
                    expired++;
                }
            }
        }
        return expired;
    }

    private void Preempt(
        in LedgerRecord record, string poolId, PreemptionPlan[] plans, long t, List<AllocationOutcome> outcomes)
    {
        foreach (var plan in plans)
        {
            foreach (var take in plan.Takes)
            {
                Commit(record, decide.Preempt(record, poolId, plan, take, t), t, outcomes);
            }
        }
    }

    private void Note(AllocationOutcome outcome)
    {
        // Who has more, less or other units may be somebody to take from; so may one who has a new owner, one for whom
        // no command waits any more, and a part.
        if (mayTake && (outcome.Entries.Count > 0 || outcome.Charges.Count > 0
            || outcome is { CommandId: not null, CausedBy: not null }
            || outcome.Event is AllocationOutcomeEvent.ReservationSplit))
        {
            mayHaveRoom = true;
            return;
        }
        // What is overbooked by percent grows with all that there is, FREE or not.
        if (outcome.BalancesAfter.Free > outcome.BalancesBefore.Free
            || Elsewhere(outcome.BalancesAfter) < Elsewhere(outcome.BalancesBefore)
            || outcome.Event is AllocationOutcomeEvent.Waitlisted or AllocationOutcomeEvent.PoolConfigured)
        {
            mayHaveRoom = true;
            return;
        }
        if (outcome.CommandId is null && outcome.Event is AllocationOutcomeEvent.NoOp)
        {
            mayHaveRoom = true;
            return;
        }
        for (var index = 0; index < outcome.Charges.Count && !mayHaveRoom; index++)
        {
            mayHaveRoom = outcome.Charges[index].Delta < 0 || outcome.Charges[index].Consumed < 0;
        }
        for (var index = 0; index < outcome.After.Count && !mayHaveRoom; index++)
        {
            // One who waited, and waits no longer or for less, may have stood in the way.
            mayHaveRoom = outcome.After[index].EnqueuedAtMs is not null && outcome.Entries.Count == 0;
        }
    }

    // Balances sum to zero: what is not here is what the pool's own accounts lack.
    private static long Elsewhere(Balances balances) => balances.External + balances.Blocked;

    private void Settle(in LedgerRecord record, string poolId, long t, List<AllocationOutcome> outcomes)
    {
        while (isShort || mayHaveRoom)
        {
            var wasShort = isShort;
            isShort = false;
            mayHaveRoom = false;
            if (state.GetPool(poolId) is not { } pool)
            {
                return;
            }
            if (work <= 0)
            {
                GoOnLater(record, pool, wasShort, t, outcomes);
                return;
            }
            var before = outcomes.Count;
            if (wasShort && pool.Deficit > 0)
            {
                ExpireForDeficit(record, pool, t, outcomes);
            }
            if (pool.Waiters > 0 && outcomes.Count == before && decide.EndsWaiting(pool, t))
            {
                EndWaiting(record, poolId, t, outcomes);
            }
            else if (pool.Waiters > 0 && outcomes.Count == before)
            {
                Promote(record, poolId, t, outcomes);
                if (mayTake && outcomes.Count == before)
                {
                    TakeForWaiter(record, poolId, t, outcomes);
                }
            }
        }
    }

    // Another pool took all that is done for one record: this one is looked at with the next.
    private void GoOnLater(
        in LedgerRecord record, PoolState pool, bool wasShort, long t, List<AllocationOutcome> outcomes)
    {
        var isWaitedFor = pool.Waiters > 0 && (decide.EndsWaiting(pool, t)
            || (mayTake ? decide.IsOffered(pool.PoolId, t) : !decide.IsHopeless(pool.PoolId, t)));
        var isToExpire = wasShort && pool.Deficit > 0
            && policy.DeficitFor(pool.PoolId) is { Action: DeficitAction.ExpireNewestHeld };
        if ((isWaitedFor || isToExpire) && goingOn.Add(pool.PoolId))
        {
            Commit(record, decide.GoOn(record, pool.PoolId, "", t), t, outcomes);
            mayHaveRoom = false;
        }
    }

    // A line whose last promotion for this record set the timer already needs no other.
    private void NoteGoingOn(AllocationOutcome outcome)
    {
        foreach (var timer in outcome.Timers)
        {
            if (timer is { Kind: TimerKind.Promotion, Set: true } && timer.DueAtMs <= outcome.TMs)
            {
                goingOn.Add(outcome.PoolId);
            }
        }
    }

    // One who waits takes what a hold would; what is left over goes to those who wait, in their order.
    private void TakeForWaiter(in LedgerRecord record, string poolId, long t, List<AllocationOutcome> outcomes)
    {
        if (work <= 0)
        {
            return;
        }
        if (decide.NextTaker(poolId, t, out var lookAgainAtMs) is { } place)
        {
            var plans = decide.ToTake!;
            if (ExpireVictims(record, poolId, plans, t, outcomes) is > 0 and var expired)
            {
                // The line is looked at anew.
                work = Math.Max(0, work - expired);
                return;
            }
            work = Math.Max(0, work - 1 - plans.Sum(p => p.Takes.Count));
            Preempt(record, poolId, plans, t, outcomes);
            Commit(
                record, decide.Promotion(record, poolId, place, work == 0, t, out var bar, plans)
                    ?? throw new LedgerFaultException(
                        $"Pool {poolId}: units were taken for the waiter {place.ReservationId}, but {bar} bars it."),
                t, outcomes);
        }
        else if (lookAgainAtMs is { } atMs && decide.LookAgain(record, poolId, atMs, t) is { } later)
        {
            Commit(record, later, t, outcomes);
            mayHaveRoom = false;
        }
    }

    // A pool that is closed grants nothing any more: nobody waits for it, or stands in the way if it opens again.
    private void EndWaiting(in LedgerRecord record, string poolId, long t, List<AllocationOutcome> outcomes)
    {
        places.Clear();
        places.AddRange(state.GetWaiters(poolId).Take((int)Math.Min(work, int.MaxValue)));
        foreach (var place in places)
        {
            work--;
            Commit(
                record, OwnExpiry.Of(state, poolId, place.ReservationId, t) is { } timer
                    ? decide.Timer(record, timer, t)
                    : decide.StopWaiting(record, poolId, place.ReservationId, t),
                t, outcomes);
        }
    }

    // The first in line are looked at first: mostly what became free is for one of them.
    private void Promote(in LedgerRecord record, string poolId, long t, List<AllocationOutcome> outcomes)
    {
        var looked = policy.Limits.WaitersLookedAt;
        var isStrict = policy.WaitlistFor(poolId)?.Order != WaitlistOrder.BestEffort;
        // One who gets what is kept for its class may let a lower one that was passed be overbooked.
        var mayUnblock = policy.OverbookingFor(poolId) is not null && !policy.ProtectionsFor(poolId).IsEmpty;
        var passed = 0;
        var size = FirstLook;
        while (passed < looked && work > 0 && !decide.IsHopeless(poolId, t))
        {
            places.Clear();
            var window = Math.Min(looked - passed, size);
            size = looked;
            places.AddRange(state.GetWaiters(poolId).Skip(passed).Take(window));
            foreach (var place in places)
            {
                var outcome = decide.Promotion(record, poolId, place, work == 1, t, out var bar);
                if (outcome is null)
                {
                    passed++;
                    if (bar == GrantBar.Units && isStrict)
                    {
                        return;
                    }
                    continue;
                }
                work--;
                Commit(record, outcome, t, outcomes);
                if (passed > 0 && mayUnblock)
                {
                    mayHaveRoom = true;
                    return;
                }
                if (work == 0 || decide.IsHopeless(poolId, t))
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

    private void ExpireForDeficit(in LedgerRecord record, PoolState pool, long t, List<AllocationOutcome> outcomes)
    {
        if (policy.DeficitFor(pool.PoolId) is not { Action: DeficitAction.ExpireNewestHeld } row)
        {
            return;
        }
        foreach (var holder in decide.NewestHeld(pool.PoolId))
        {
            if (work <= 0 || state.GetPool(pool.PoolId)!.Deficit == 0)
            {
                return;
            }
            work--;
            if (OwnExpiry.Of(state, pool.PoolId, holder.ReservationId, t) is { } timer)
            {
                Commit(record, decide.Timer(record, timer, t), t, outcomes);
                if (state.GetReservation(pool.PoolId, holder.ReservationId) is not { Held: > 0 }
                    || state.GetPool(pool.PoolId)!.Deficit == 0)
                {
                    continue;
                }
            }
            Commit(
                record, decide.ExpireForDeficit(record, pool.PoolId, holder.ReservationId, row, work == 0, t), t,
                outcomes);
        }
    }

    partial void SweepPools(in LedgerRecord record, long t, List<AllocationOutcome> outcomes) =>
        Sweep(record, "", t, outcomes);

    // Pools in the order of their ids, so many for one record.
    private void Sweep(in LedgerRecord record, string after, long t, List<AllocationOutcome> outcomes)
    {
        poolIds.Clear();
        foreach (var pool in state.GetPools(after))
        {
            if (pool.PoolId == after || pool.PoolId[0] == '$' || !decide.Decides(pool.PoolId))
            {
                continue;
            }
            poolIds.Add(pool.PoolId);
            if (poolIds.Count == policy.Limits.TimersPerRecord)
            {
                break;
            }
        }
        foreach (var poolId in poolIds)
        {
            if (decide.BeginCurve(record, poolId, t) is { } step)
            {
                Commit(record, step, t, outcomes);
            }
            CommitDeficit(record, poolId, t, outcomes);
            mayHaveRoom = true;
            isShort = true;
            Settle(record, poolId, t, outcomes);
        }
        if (poolIds.Count == policy.Limits.TimersPerRecord)
        {
            Commit(record, decide.GoOn(record, partitionPoolId, poolIds[^1], t), t, outcomes);
            mayHaveRoom = false;
        }
    }
}
