using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Holds;

/// <summary>Extend: the expiry of a hold becomes the later of what it is and t + ttl.</summary>
internal static class ExtendRules
{
    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.Extend extend)
    {
        var known = d.Find(extend.ReservationId);
        var status = ReservationStatuses.Of(known, d.T);
        VersionRule.Check(d, known);
        ReasonCode? code = status switch
        {
            ReservationStatus.None => ReasonCode.UnknownReservation,
            ReservationStatus.Consumed => ReasonCode.AlreadyConsumed,
            ReservationStatus.Released => ReasonCode.AlreadyReleased,
            ReservationStatus.Expired => ReasonCode.AlreadyExpired,
            ReservationStatus.Preempted => ReasonCode.AlreadyPreempted,
            ReservationStatus.Failed => ReasonCode.NeverHeld,
            _ => null,
        };
        d.Look(code is null ? Transition(CommandKind.Extend, status) : Rejection(CommandKind.Extend, status));
        if (code is { } reason)
        {
            d.Fail(reason, reservationId: extend.ReservationId);
        }
        if (d.IsRejected)
        {
            return d.Rejected(extend.ReservationId);
        }
        return status == ReservationStatus.Confirmed
            ? new AllocationOutcomeEvent.NoOp { Why = NoOpWhy.NotHeldAnyMore, ReservationId = extend.ReservationId }
            : status == ReservationStatus.Waitlisted ? WaitLonger(d, extend, known!) : Move(d, extend, known!);
    }

    private static AllocationOutcomeEvent Move(Decision d, AllocationCommandBody.Extend extend, Reservation known)
    {
        var ttlMs = TtlRule.Check(d, known.Class, extend.TtlMs);
        var before = known.ExpiresAtMs!.Value;
        var moved = ttlMs > long.MaxValue - d.T ? long.MaxValue : Math.Max(before, d.T + ttlMs);
        if (moved > before)
        {
            CheckLimit(d, known);
        }
        if (d.IsRejected)
        {
            return d.Rejected(known.ReservationId);
        }
        if (moved == before)
        {
            return NotMoved(known);
        }
        d.CancelTimer(before, TimerKind.Expiry, known.ReservationId);
        return Moved(d, known with { ExpiresAtMs = moved }, before, moved);
    }

    // Of a waiter the wait deadline moves, not beyond the longest wait from now, nor beyond the closing time.
    private static AllocationOutcomeEvent WaitLonger(
        Decision d, AllocationCommandBody.Extend extend, Reservation known)
    {
        var before = known.WaitUntilMs ?? d.T;
        var moved = Math.Max(
            before, Waiting.BeforeClosing(d, Availability.Saturate((Int128)d.T + extend.TtlMs)));
        if (moved == before)
        {
            return NotMoved(known);
        }
        var longest = d.Policy.WaitlistFor(d.Pool.PoolId)?.MaximumWaitMs
            ?? d.Policy.TtlFor(d.Pool.PoolId, known.Class).MaximumMs;
        var isWithin = extend.TtlMs <= longest;
        d.Look(Step(
            DecisionRule.Waitlist, isWithin ? RuleResult.Passed : RuleResult.Failed,
            d.Policy.WaitlistFor(d.Pool.PoolId)?.Id ?? "",
            N(NumberName.TtlMs, extend.TtlMs), N(NumberName.Maximum, longest)));
        if (!isWithin)
        {
            d.Fail(
                ReasonCode.TtlExceedsMaximum, "waiting", known.ReservationId, N(NumberName.TtlMs, extend.TtlMs),
                N(NumberName.Maximum, longest));
        }
        CheckLimit(d, known);
        if (d.IsRejected)
        {
            return d.Rejected(known.ReservationId);
        }
        Waiting.CancelDeadline(d, known);
        return Moved(d, known with { WaitUntilMs = moved }, before, moved);
    }

    private static void CheckLimit(Decision d, Reservation known)
    {
        var row = d.Policy.TtlFor(d.Pool.PoolId, known.Class);
        var isWithin = known.Extensions < row.ExtensionLimit;
        d.Look(Step(
            DecisionRule.ExtensionLimit, isWithin ? RuleResult.Passed : RuleResult.Failed, row.Id,
            N(NumberName.Used, known.Extensions), N(NumberName.Limit, row.ExtensionLimit)));
        if (!isWithin)
        {
            d.Fail(
                ReasonCode.ExtensionLimit, row.Id, known.ReservationId,
                N(NumberName.Used, known.Extensions), N(NumberName.Limit, row.ExtensionLimit));
        }
    }

    private static AllocationOutcomeEvent.Extended Moved(Decision d, Reservation moved, long before, long after)
    {
        d.SetTimer(after, TimerKind.Expiry, moved.ReservationId);
        d.Write(moved with { Version = moved.Version + 1, Extensions = checked(moved.Extensions + 1) });
        return new AllocationOutcomeEvent.Extended
        {
            ReservationId = moved.ReservationId,
            PreviousExpiresAtMs = before,
            ExpiresAtMs = after,
        };
    }

    private static AllocationOutcomeEvent.NoOp NotMoved(Reservation known) =>
        new() { Why = NoOpWhy.ExpiryNotMoved, ReservationId = known.ReservationId };
}
