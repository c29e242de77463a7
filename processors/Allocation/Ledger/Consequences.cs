using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.PolicyInForce;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// Decisions that no command asks for: what a timer causes, what others lose to a grant, whose turn it is in line. They
/// are functions like <see cref="Decide"/>: state, time and policy in, an outcome out, nothing written. An instance
/// keeps lists between decisions and is not thread-safe.
/// </summary>
/// <param name="book">The policies of the partition.</param>
/// <param name="partition">The partition, for what belongs to no pool.</param>
/// <param name="role">For whom is decided.</param>
internal sealed class Consequences(PolicyBook book, int partition, LedgerRole role)
{
    private readonly Decision d = new(book, partition, role);

    /// <summary>What a timer causes: the expiry of a hold, the report of a gap, another look.</summary>
    public AllocationOutcome Timer(in Moment now, in LedgerRecord source, in LedgerTimer timer)
    {
        d.BeginPool(now, timer.PoolId);
        return Outcomes.Consequence(d, source, timer.Kind switch
        {
            TimerKind.Expiry => TimerRules.Expire(d, timer),
            TimerKind.PolicyStep => PolicyRules.TakeForce(d, timer),
            TimerKind.GapGrace => TimerRules.ReportGap(d, timer),
            TimerKind.Promotion or TimerKind.OverbookingStep or TimerKind.CooldownEnd => TimerRules.LookAgain(d, timer),
            _ => throw new LedgerFaultException(
                $"Pool {timer.PoolId}: no rule sets a timer {timer.Kind}, but one is due."),
        });
    }

    /// <summary>Promises exceed supply by another number than before.</summary>
    public AllocationOutcome Deficit(in Moment now, in LedgerRecord source, string poolId, long deficit)
    {
        d.BeginPool(now, poolId);
        return Outcomes.Consequence(d, source, TimerRules.ReportDeficit(d, deficit));
    }

    /// <summary>The held part of a reservation expires because promises are not covered.</summary>
    /// <param name="now">State, time and policy.</param>
    /// <param name="source">The record that is folded.</param>
    /// <param name="poolId">The pool.</param>
    /// <param name="reservationId">The reservation.</param>
    /// <param name="row">The row of the policy that says so.</param>
    /// <param name="goesOn">The pool is looked at again with the next record.</param>
    public AllocationOutcome ExpireForDeficit(
        in Moment now, in LedgerRecord source, string poolId, string reservationId, DeficitRow row, bool goesOn)
    {
        d.BeginPool(now, poolId);
        return Outcomes.Consequence(d, source, DeficitRules.Expire(d, reservationId, row, goesOn));
    }

    /// <summary>One from whom others take loses its units.</summary>
    public AllocationOutcome Take(
        in Moment now, in LedgerRecord source, string poolId, PreemptionPlan plan, in PreemptionTake take)
    {
        d.BeginPool(now, poolId);
        return Outcomes.Consequence(d, source, PreemptionRules.Take(d, plan, take));
    }

    /// <summary>Looks at one who waits: it is granted what it waits for, or something bars it.</summary>
    /// <param name="now">State, time and policy.</param>
    /// <param name="source">The record that is folded.</param>
    /// <param name="poolId">The pool.</param>
    /// <param name="place">Its place.</param>
    /// <param name="goesOn">The line is looked at again with the next record.</param>
    /// <param name="taken">What others lost for it.</param>
    public LineLook Look(
        in Moment now, in LedgerRecord source, string poolId, WaiterPlace place, bool goesOn, Taken taken = default)
    {
        d.BeginWaiter(now, poolId, taken);
        var waiter = d.Find(place.ReservationId)!;
        var bar = GrantBars.Of(d, waiter);
        return bar == GrantBar.None
            ? new LineLook(Outcomes.Consequence(d, source, Promotion.Decide(d, waiter, goesOn)), bar)
            : new LineLook(null, bar);
    }

    /// <summary>Some of those who wait, the first ones passed over.</summary>
    public List<WaiterPlace> PlacesInLine(in Moment now, string poolId, int passed, int count)
    {
        d.BeginPool(now, poolId);
        return [.. new LineScan(d).Places().Skip(passed).Take(count)];
    }

    /// <summary>Whose turn it is to take from others what it lacks.</summary>
    public Turn NextTurn(in Moment now, string poolId)
    {
        d.BeginPool(now, poolId);
        return Turns.Next(d);
    }

    /// <summary>The line of a pool is looked at again at a time; null when it is already.</summary>
    public AllocationOutcome? LookAgain(in Moment now, in LedgerRecord source, string poolId, long atMs)
    {
        d.BeginPool(now, poolId);
        return Turns.TryLookAgain(d, atMs) ? Outcomes.Consequence(d, source, GoesOn()) : null;
    }

    /// <summary>What could not be done for this record goes on with the next.</summary>
    public AllocationOutcome GoOn(in Moment now, in LedgerRecord source, string poolId, string id)
    {
        d.BeginPool(now, poolId);
        d.SetTimer(now.T, TimerKind.Promotion, id);
        return Outcomes.Consequence(d, source, GoesOn());
    }

    /// <summary>The pool is closed: one who waits does so no longer.</summary>
    public AllocationOutcome StopWaiting(in Moment now, in LedgerRecord source, string poolId, string reservationId)
    {
        d.BeginPool(now, poolId);
        return Outcomes.Consequence(d, source, TimerRules.StopWaitingForClosing(d, reservationId));
    }

    /// <summary>
    /// A pool whose overbooking follows a curve is looked at when it next changes; null: no other is.
    /// </summary>
    public AllocationOutcome? BeginCurve(in Moment now, in LedgerRecord source, string poolId)
    {
        d.BeginPool(now, poolId);
        if (now.Policy.OverbookingFor(poolId)?.NextChangeAfter(d.Pool.Settings.ServiceAtMs, now.T) is not { } next)
        {
            return null;
        }
        d.SetTimer(next, TimerKind.OverbookingStep, "");
        return Outcomes.Consequence(
            d, source, new AllocationOutcomeEvent.NoOp { Why = NoOpWhy.OverbookingStepped });
    }

    /// <summary>Whether no waiter can be granted anything, whoever it is.</summary>
    public bool IsHopeless(in Moment now, string poolId)
    {
        d.BeginPool(now, poolId);
        return GrantBars.OfPool(d) != GrantBar.None || Promotion.IsHopeless(d);
    }

    /// <summary>Whether anybody can be granted anything of a pool, if there is enough.</summary>
    public bool IsOffered(in Moment now, string poolId)
    {
        d.BeginPool(now, poolId);
        return GrantBars.OfPool(d) == GrantBar.None;
    }

    /// <summary>Whether those who wait for a pool wait in vain, so that their waiting ends.</summary>
    public bool EndsWaiting(in Moment now, PoolState pool)
    {
        if (!(pool.Settings.ClosesAtMs <= now.T))
        {
            return false;
        }
        d.BeginPool(now, pool.PoolId);
        return !AuthorityRules.IsElsewhere(d);
    }

    private static AllocationOutcomeEvent.NoOp GoesOn() => new() { Why = NoOpWhy.PromotionGoesOn };
}
