using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>Decisions about a pool that no command asks for.</summary>
public sealed partial class Decide
{
    private readonly List<HolderPlace> holders = [];

    /// <summary>Who has to lose units before the last decision can be made; null: nobody.</summary>
    internal PreemptionPlan? Plan => d.Plan;

    /// <summary>What the last decision would be once others had lost the units; nothing moves.</summary>
    internal AllocationOutcome AfterPreemption(in LedgerRecord record)
    {
        var hold = (AllocationCommandBody.Hold)record.Command.Body;
        var plan = d.Plan!;
        d.DropEffects();
        PreemptionRules.Tell(d, plan);
        d.DropEffects();
        var lines = HoldRules.LinesOf(hold);
        var granted = new GrantedLine[lines.Count];
        for (var index = 0; index < granted.Length; index++)
        {
            granted[index] = new GrantedLine
            {
                ReservationId = lines[index].ReservationId,
                Requested = lines[index].Quantity,
                Granted = hold.Mode == HoldMode.Partial ? lines[index].MinQuantity ?? 1 : lines[index].Quantity,
            };
        }
        var ttlMs = hold.TtlMs ?? d.Policy.TtlFor(d.Pool.PoolId, plan.ByClass).DefaultMs;
        var happened = new AllocationOutcomeEvent.Held
        {
            Lines = granted,
            Class = plan.ByClass,
            ExpiresAtMs = checked(d.T + ttlMs),
        };
        return d.Answer(record, happened, AnswerKind.Unremembered, d.Hash, cause: null);
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
        out PromotionVerdict verdict, string? preempting = null, PreemptionPlan? preemption = null)
    {
        d.BeginTimer(t);
        d.Preemption = preemption;
        d.UsePool(poolId, state.GetPool(poolId));
        return Ledger.Promotion.Decide(d, place, goesOn, preempting, out verdict) is { } happened
            ? d.Consequence(record, happened)
            : null;
    }

    /// <summary>Whether no waiter can be granted anything, whoever it is.</summary>
    internal bool IsHopeless(string poolId, long t)
    {
        var pool = state.GetPool(poolId)!;
        d.BeginTimer(t);
        d.UsePool(poolId, pool);
        return d.Slice.Mode != AuthorityMode.Authoritative || Ledger.Promotion.IsHopeless(d.Policy, pool, t);
    }

    /// <summary>Those who hold units of a pool, the newest first, at most as many as a decision looks at.</summary>
    internal List<HolderPlace> NewestHeld(string poolId)
    {
        holders.Clear();
        var limit = d.Policy.Limits.VictimsLookedAt;
        foreach (var priorityClass in DeficitRules.ClassesOf(d.Policy))
        {
            holders.AddRange(state.GetHolders(poolId, priorityClass).Take(limit));
        }
        holders.RemoveAll(h => state.GetReservation(poolId, h.ReservationId) is not { Held: > 0 });
        holders.Sort(DeficitRules.NewestFirst);
        return holders.Count > limit ? holders[..limit] : [.. holders];
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
