using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger;

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
            ReservationStatus.Waitlisted => ReasonCode.NotHeld,
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
            : Move(d, extend, known!);
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
            return new AllocationOutcomeEvent.NoOp
            {
                Why = NoOpWhy.ExpiryNotMoved,
                ReservationId = known.ReservationId,
            };
        }
        d.CancelTimer(before, TimerKind.Expiry, known.ReservationId);
        d.SetTimer(moved, TimerKind.Expiry, known.ReservationId);
        d.Write(known with
        {
            Version = known.Version + 1,
            ExpiresAtMs = moved,
            Extensions = checked(known.Extensions + 1),
        });
        return new AllocationOutcomeEvent.Extended
        {
            ReservationId = known.ReservationId,
            PreviousExpiresAtMs = before,
            ExpiresAtMs = moved,
        };
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
}
