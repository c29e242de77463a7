using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Waitlist;

/// <summary>
/// The line of those that wait in a pool. A place is when one came, less the boost of its class; it never changes. No
/// grant passes a waiter whose place is before its own, unless that waiter is barred whatever there is, or it is of a
/// lower class and the grant takes only units that are kept for its class, or could preempt the waiter if it had been
/// granted.
/// </summary>
internal static class Waiting
{
    // The timer of a line that looks at it when the pool closes.
    private const string Closing = "closing";

    /// <summary>Where a request that comes now would stand.</summary>
    public static long OrderKey(Decision d, string priorityClass)
    {
        var boost = d.Policy.WaitlistFor(d.Pool.PoolId)?.BoostFor(priorityClass) ?? 0;
        return Availability.Saturate((Int128)d.T - boost);
    }

    /// <summary>Tier 6: nobody who waits is passed.</summary>
    public static void CheckNobodyIsPassed(Decision d, in GrantOwner owner, long needed, string reservationId)
    {
        if (d.Pool.Waiters == 0 || d.Taken.Plans is not null)
        {
            return;
        }
        var key = OrderKey(d, owner.Class);
        var isPassed = IsSomebodyPassed(d, owner, needed, key, reservationId);
        var numbers = new[] { N(NumberName.Waiting, d.Pool.Waiters), N(NumberName.WaitersAhead, CountAhead(d, key)) };
        d.Look(Step(
            DecisionRule.Waitlist, isPassed ? RuleResult.Failed : RuleResult.Passed,
            d.Policy.WaitlistFor(d.Pool.PoolId)?.Id ?? "", numbers));
        if (isPassed)
        {
            d.Fail(ReasonCode.WaitersAhead, "", reservationId, numbers);
        }
    }

    /// <summary>Tier 6: whether one more may wait; otherwise the reason is added.</summary>
    public static bool HasRoom(Decision d, string reservationId)
    {
        var row = d.Policy.WaitlistFor(d.Pool.PoolId)!;
        if (d.Pool.Waiters < row.MaximumWaiters)
        {
            return true;
        }
        var numbers = new[] { N(NumberName.Waiting, d.Pool.Waiters), N(NumberName.Limit, row.MaximumWaiters) };
        d.Look(Step(DecisionRule.Waitlist, RuleResult.Failed, row.Id, numbers));
        d.Fail(ReasonCode.WaitlistFull, row.Id, reservationId, numbers);
        return false;
    }

    /// <summary>The request waits: the reasons why it is not granted are dropped.</summary>
    public static AllocationOutcomeEvent.Waitlisted Enqueue(
        Decision d, AllocationCommandBody.Hold hold, Reservation newcomer, long quantity)
    {
        var row = d.Policy.WaitlistFor(d.Pool.PoolId)!;
        d.DropReasons();
        var key = OrderKey(d, newcomer.Class);
        var ahead = CountAhead(d, key);
        var until = BeforeClosing(d, Math.Min(hold.WaitUntilMs ?? long.MaxValue, LastMoment(d, row)));
        d.Look(Step(
            DecisionRule.Waitlist, RuleResult.Applied, row.Id, N(NumberName.WaitersAhead, ahead),
            N(NumberName.BoostMs, row.BoostFor(newcomer.Class)), N(NumberName.WaitUntil, until)));
        d.Write(newcomer with
        {
            Held = 0,
            Granted = 0,
            HeldAtMs = null,
            ExpiresAtMs = null,
            Waiting = quantity,
            EnqueuedAtMs = key,
            WaitOrder = checked(d.Pool.Sequence + 1),
            WaitUntilMs = until,
            TtlMs = hold.TtlMs,
        });
        d.SetTimer(until, TimerKind.Expiry, newcomer.ReservationId);
        return new AllocationOutcomeEvent.Waitlisted
        {
            ReservationId = newcomer.ReservationId,
            Quantity = quantity,
            WaitUntilMs = until,
            Class = newcomer.Class,
            Ahead = ahead,
        };
    }

    /// <summary>The end of the longest wait that begins now.</summary>
    public static long LastMoment(Decision d, WaitlistRow row) =>
        Availability.Saturate((Int128)d.T + row.MaximumWaitMs);

    /// <summary>Nobody waits for longer than the pool is open.</summary>
    public static long BeforeClosing(Decision d, long until) =>
        d.Pool.Settings.ClosesAtMs is { } closesAt ? Math.Min(until, closesAt) : until;

    /// <summary>What can never fit does not wait: the reasons of tier 5 are added.</summary>
    public static void CheckCanFit(Decision d, in GrantOwner owner, long quantity, string reservationId)
    {
        if (QuotaRules.CanNeverFit(d, owner, quantity))
        {
            QuotaRules.Check(d, owner, quantity, reservationId);
        }
    }

    /// <summary>
    /// The pool closes at another time: those who may wait for longer than that are looked at when it does.
    /// </summary>
    public static void FollowClosing(Decision d, long? closesAtMs)
    {
        var before = d.Pool.Settings.ClosesAtMs;
        if (before == closesAtMs)
        {
            return;
        }
        if (before > d.T)
        {
            d.CancelTimer(before.Value, TimerKind.Promotion, Closing);
        }
        if (d.Pool.Waiters > 0 && closesAtMs > d.T)
        {
            d.SetTimer(closesAtMs.Value, TimerKind.Promotion, Closing);
        }
    }

    /// <summary>The reservation waits no longer: its wait deadline is cancelled.</summary>
    public static void CancelDeadline(Decision d, Reservation waiter)
    {
        if (waiter.WaitUntilMs is { } until)
        {
            d.CancelTimer(until, TimerKind.Expiry, waiter.ReservationId);
        }
    }

    private static bool IsSomebodyPassed(
        Decision d, in GrantOwner owner, long needed, long key, string reservationId)
    {
        var rank = d.Policy.RankOf(d.Policy.ClassToday(owner.Class));
        var victims = d.Policy.PreemptionTable.Count == 0
            ? null
            : d.Policy.PreemptionFor(d.Pool.PoolId, d.Policy.ClassToday(owner.Class))?.Victims;
        var usesOnlyKept = needed <= Availability.KeptFor(
            d.Policy, d.Pool.PoolId, d.Policy.ClassToday(owner.Class), d.UsageOf);
        var lookedAt = 0;
        var line = new LineScan(d);
        foreach (var place in line.Places())
        {
            if (place.OrderMs > key)
            {
                return false;
            }
            if (place.ReservationId == reservationId
                || d.State.GetReservation(d.Pool.PoolId, place.ReservationId) is not { } waiter)
            {
                continue;
            }
            if (++lookedAt > d.Policy.Limits.WaitersLookedAt)
            {
                return true;
            }
            var waiting = d.Policy.ClassToday(waiter.Class);
            var isBelow = rank >= 0 && d.Policy.RankOf(waiting) is var other && (other < 0 || other > rank);
            var mayBePassed = isBelow && (usesOnlyKept || (victims is not null && victims.Contains(waiting)));
            if (!mayBePassed && GrantBars.OfWaiter(d, waiter) == GrantBar.None)
            {
                return true;
            }
        }
        return line.IsCut;
    }

    // Where no class is boosted, everybody came before; else no more are counted than are ever looked at.
    private static long CountAhead(Decision d, long key)
    {
        if (d.Policy.WaitlistFor(d.Pool.PoolId) is not { Boosts.Count: > 0 })
        {
            return d.Pool.Waiters;
        }
        var count = 0;
        foreach (var place in d.State.GetWaiters(d.Pool.PoolId))
        {
            if (place.OrderMs > key || count == d.Policy.Limits.WaitersLookedAt)
            {
                break;
            }
            count++;
        }
        return count;
    }
}
