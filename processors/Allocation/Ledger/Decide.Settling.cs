using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>Decisions about a pool that no command asks for.</summary>
public sealed partial class Decide
{
    private bool isTrial;

    /// <summary>Who has to lose units before the last decision can be made; null: nobody.</summary>
    internal PreemptionPlan[]? ToTake => d.ToTake;

    /// <summary>What the last decision would be once others had lost the units; nothing moves.</summary>
    internal AllocationOutcome AfterPreemption(in LedgerRecord record, long t)
    {
        isTrial = true;
        try
        {
            return Record(record, t, d.ToTake)!;
        }
        finally
        {
            isTrial = false;
        }
    }

    /// <summary>A victim of a preemption loses its units.</summary>
    internal AllocationOutcome Preempt(
        in LedgerRecord record, string poolId, PreemptionPlan plan, in PreemptionTake take, long t)
    {
        d.BeginTimer(t);
        d.UsePool(poolId, state.GetPool(poolId));
        return d.Consequence(record, PreemptionRules.Take(d, plan, take));
    }

    /// <summary>Looks at one who waits.</summary>
    /// <returns>The outcome; null when it goes on waiting.</returns>
    internal AllocationOutcome? Promotion(
        in LedgerRecord record, string poolId, WaiterPlace place, bool goesOn, long t,
        out GrantBar bar, PreemptionPlan[]? taken = null)
    {
        d.BeginTimer(t);
        d.Taken = taken;
        d.UsePool(poolId, state.GetPool(poolId));
        return Waitlist.Promotion.Decide(d, place, goesOn, out bar) is { } happened
            ? d.Consequence(record, happened)
            : null;
    }

    /// <summary>
    /// The first in line who may take from others what it lacks; <see cref="ToTake"/> says from whom. Null: nobody.
    /// </summary>
    /// <param name="poolId">The pool.</param>
    /// <param name="t">The partition's clock.</param>
    /// <param name="lookAgainAtMs">When that may be another answer although nothing happens; null: never.</param>
    internal WaiterPlace? NextTaker(string poolId, long t, out long? lookAgainAtMs)
    {
        d.BeginTimer(t);
        d.UsePool(poolId, state.GetPool(poolId));
        return Turns.Next(d, out lookAgainAtMs);
    }

    /// <summary>The line of a pool is looked at again at a time; null when it is already.</summary>
    internal AllocationOutcome? LookAgain(in LedgerRecord record, string poolId, long lookAgainAtMs, long t)
    {
        d.BeginTimer(t);
        d.UsePool(poolId, state.GetPool(poolId));
        return Turns.TryLookAgain(d, lookAgainAtMs)
            ? d.Consequence(record, new AllocationOutcomeEvent.NoOp { Why = NoOpWhy.PromotionGoesOn })
            : null;
    }

    /// <summary>Whether no waiter can be granted anything, whoever it is.</summary>
    internal bool IsHopeless(string poolId, long t)
    {
        var pool = state.GetPool(poolId)!;
        d.BeginTimer(t);
        d.UsePool(poolId, pool);
        return GrantBars.OfPool(d) != GrantBar.None || Waitlist.Promotion.IsHopeless(d.Policy, pool, t);
    }

    /// <summary>Whether anybody can be granted anything of a pool, if there is enough.</summary>
    internal bool IsOffered(string poolId, long t)
    {
        d.BeginTimer(t);
        d.UsePool(poolId, state.GetPool(poolId));
        return GrantBars.OfPool(d) == GrantBar.None;
    }

    /// <summary>Whether those who wait for a pool wait in vain, so that their waiting ends.</summary>
    internal bool EndsWaiting(PoolState pool, long t)
    {
        if (!(pool.Settings.ClosesAtMs <= t))
        {
            return false;
        }
        d.BeginTimer(t);
        d.UsePool(pool.PoolId, pool);
        return !AuthorityRules.IsElsewhere(d);
    }

    /// <summary>The pool is closed: one who waits does so no longer.</summary>
    internal AllocationOutcome StopWaiting(in LedgerRecord record, string poolId, string reservationId, long t)
    {
        d.BeginTimer(t);
        d.UsePool(poolId, state.GetPool(poolId));
        return d.Consequence(record, TimerRules.StopWaitingForClosing(d, reservationId));
    }

    /// <summary>Those who hold units of a pool, the newest first, at most as many as a decision looks at.</summary>
    internal List<HolderPlace> NewestHeld(string poolId)
    {
        var limit = d.Policy.Limits.VictimsLookedAt;
        var holders = DeficitRules.Newest(state, d.Policy, poolId);
        holders.RemoveAll(h => state.GetReservation(poolId, h.ReservationId) is not { Held: > 0 });
        return holders.Count > limit ? holders[..limit] : holders;
    }

    /// <summary>The held part of a reservation expires because promises are not covered.</summary>
    internal AllocationOutcome ExpireForDeficit(
        in LedgerRecord record, string poolId, string reservationId, DeficitRow row, bool goesOn, long t)
    {
        d.BeginTimer(t);
        d.UsePool(poolId, state.GetPool(poolId));
        return d.Consequence(record, DeficitRules.Expire(d, reservationId, row, goesOn));
    }

    /// <summary>
    /// A pool whose overbooking follows a curve is looked at when it next changes; null: no other is.
    /// </summary>
    internal AllocationOutcome? BeginCurve(in LedgerRecord record, string poolId, long t)
    {
        var pool = state.GetPool(poolId)!;
        if (d.Policy.OverbookingFor(poolId)?.NextChangeAfter(pool.Settings.ServiceAtMs, t) is not { } next)
        {
            return null;
        }
        d.BeginTimer(t);
        d.UsePool(poolId, pool);
        d.SetTimer(next, TimerKind.OverbookingStep, "");
        return d.Consequence(record, new AllocationOutcomeEvent.NoOp { Why = NoOpWhy.OverbookingStepped });
    }

    /// <summary>What could not be done for this record goes on with the next.</summary>
    internal AllocationOutcome GoOn(in LedgerRecord record, string poolId, string id, long t)
    {
        d.BeginTimer(t);
        d.UsePool(poolId, state.GetPool(poolId));
        d.SetTimer(t, TimerKind.Promotion, id);
        return d.Consequence(record, new AllocationOutcomeEvent.NoOp { Why = NoOpWhy.PromotionGoesOn });
    }
}
