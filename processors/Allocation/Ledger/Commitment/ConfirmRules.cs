using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Ledger.Holds;
using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Commitment;

/// <summary>
/// Confirm: held units become a commitment. The quantity is the total that shall be confirmed or consumed afterwards.
/// It may say that the group is past its point of no return: from then on GroupAborted revokes nothing of it.
/// </summary>
internal static class ConfirmRules
{
    public static Ruling Decide(Decision d, AllocationCommandBody.Confirm confirm)
    {
        var known = d.Find(confirm.ReservationId);
        var status = ReservationStatuses.Of(known, d.T);
        if (status == ReservationStatus.None && Parking.TryPark(d, confirm.ReservationId, known, out var parked))
        {
            return parked;
        }
        if (status == ReservationStatus.None || known is null)
        {
            VersionRule.Check(d, known);
            return Reject(d, confirm, CommandKind.Confirm, ReservationStatus.None, ReasonCode.UnknownReservation);
        }
        VersionRule.Check(d, known);
        CheckGroup(d, confirm, known, status);
        return status == ReservationStatus.Held
            ? WhileHeld(d, confirm, known)
            : WhenNothingIsHeld(d, confirm, known, status);
    }

    private static Ruling WhileHeld(
        Decision d, AllocationCommandBody.Confirm confirm, Reservation known)
    {
        var need = confirm.Quantity is { } total ? checked(total - known.Confirmed - known.Consumed) : known.Held;
        if (need > known.Held)
        {
            return Reacquire(
                d, confirm, known, ReservationStatus.Held, need, checked(need - known.Held), ReasonCode.ExceedsHeld);
        }
        d.Look(Transition(CommandKind.Confirm, ReservationStatus.Held));
        if (d.IsRejected)
        {
            return d.Rejected(known.ReservationId);
        }
        if (need <= 0 && confirm.Remainder == Remainder.Keep)
        {
            return NothingNeeded(d, confirm, known);
        }
        return Apply(d, confirm, known, Math.Max(need, 0), reacquired: 0);
    }

    private static Ruling WhenNothingIsHeld(
        Decision d, AllocationCommandBody.Confirm confirm, Reservation known, ReservationStatus status)
    {
        var need = confirm.Quantity is { } total ? checked(total - known.Confirmed - known.Consumed) : 0;
        if (need <= 0 && status is ReservationStatus.Confirmed or ReservationStatus.Consumed)
        {
            d.Look(Transition(CommandKind.Confirm, status));
            return d.IsRejected ? d.Rejected(known.ReservationId) : NothingNeeded(d, confirm, known);
        }
        // Something is still needed: what last took the held units decides.
        var column = status != ReservationStatus.Waitlisted
            && known.HeldTakenBy is Ending.Released or Ending.Expired or Ending.Preempted
            ? ReservationStatuses.OfEnding(known.HeldTakenBy)
            : status;
        switch (column)
        {
            case ReservationStatus.Expired:
                return Late(d, confirm, known, column, need, ReasonCode.AlreadyExpired);
            case ReservationStatus.Preempted:
                return Late(d, confirm, known, column, need, ReasonCode.AlreadyPreempted);
            case ReservationStatus.Confirmed:
                return Reject(d, confirm, CommandKind.Confirm, column, ReasonCode.ExceedsHeld);
            case ReservationStatus.Consumed:
                return Reject(d, confirm, CommandKind.Confirm, column, ReasonCode.AlreadyConsumed);
            case ReservationStatus.Released:
                return Reject(d, confirm, CommandKind.Confirm, column, ReasonCode.AlreadyReleased);
            case ReservationStatus.Waitlisted:
                return Reject(d, confirm, CommandKind.Confirm, column, ReasonCode.NotHeld);
            default:
                return Reject(d, confirm, CommandKind.Confirm, column, ReasonCode.NeverHeld);
        }
    }

    // What has units belongs to the group that is named, or the producer means another reservation.
    private static void CheckGroup(
        Decision d, AllocationCommandBody.Confirm confirm, Reservation known, ReservationStatus status)
    {
        if (confirm.CommitGroup is { } group && known.GroupId != group
            && status is ReservationStatus.Held or ReservationStatus.Confirmed or ReservationStatus.Consumed)
        {
            d.Fail(
                ReasonCode.OtherGroup, known.GroupId is null ? "it has no group" : $"its group is {known.GroupId}",
                known.ReservationId);
        }
    }

    // No units move. That the group is committed is news all the same, but no event of its own: readers of every
    // released version have to be able to read the journal.
    private static AllocationOutcomeEvent.NoOp NothingNeeded(
        Decision d, AllocationCommandBody.Confirm confirm, Reservation known)
    {
        if (confirm.CommitGroup is not null && !known.GroupCommitted)
        {
            d.Write(known with { Version = known.Version + 1, GroupCommitted = true });
        }
        return new AllocationOutcomeEvent.NoOp
        {
            Why = confirm.CommitGroup is null ? NoOpWhy.AlreadyConfirmed
                : known.GroupCommitted ? NoOpWhy.AlreadyCommitted : NoOpWhy.GroupCommitted,
            ReservationId = known.ReservationId,
        };
    }

    private static Ruling Late(
        Decision d, AllocationCommandBody.Confirm confirm, Reservation known, ReservationStatus column,
        long need, ReasonCode code)
    {
        var missing = confirm.Quantity is null ? known.Lapsed : need;
        return Reacquire(d, confirm, known, column, missing, missing, code);
    }

    // A reacquire is a grant: what expiry or preemption took is granted again, if the policy says so and it is there.
    private static Ruling Reacquire(
        Decision d, AllocationCommandBody.Confirm confirm, Reservation known, ReservationStatus column,
        long need, long missing,
        ReasonCode code)
    {
        var conduct = d.Policy.ConductFor(d.Pool.PoolId);
        var isAllowed = conduct.LateConfirm && AuthorityRules.MayGrant(d) && !known.Cancelled
            && missing >= 1 && missing <= known.Lapsed;
        d.Look(Step(
            DecisionRule.LateConfirm, isAllowed ? RuleResult.Applied : RuleResult.Failed, conduct.Id,
            N(NumberName.Need, missing), N(NumberName.Lapsed, known.Lapsed)));
        if (!isAllowed)
        {
            d.Look(Rejection(CommandKind.Confirm, column));
            d.Fail(code, "", known.ReservationId, N(NumberName.Need, need), N(NumberName.Held, known.Held));
            if (known.Cancelled)
            {
                d.Fail(ReasonCode.Cancelled, "", known.ReservationId);
            }
            return d.Rejected(known.ReservationId);
        }
        d.Look(Transition(CommandKind.Confirm, column));
        if (d.IsRejected)
        {
            return d.Rejected(known.ReservationId);
        }
        if (Grants.Enlarge(d, known, missing) is { } other)
        {
            return other;
        }
        return Apply(d, confirm, known, need, missing);
    }

    private static AllocationOutcomeEvent.Confirmed Apply(
        Decision d, AllocationCommandBody.Confirm confirm, Reservation known, long need, long reacquired)
    {
        var rest = checked(known.Held + reacquired - need);
        var released = confirm.Remainder == Remainder.Release ? rest : 0;
        var held = rest - released;
        d.Post(EntryKind.HoldConfirmed, Account.Held, Account.Confirmed, need, known.ReservationId);
        d.Post(EntryKind.HoldReleased, Account.Held, Account.Free, released, known.ReservationId);
        if (held == 0 && known.Held > 0)
        {
            d.CancelTimer(known.ExpiresAtMs!.Value, TimerKind.Expiry, known.ReservationId);
        }
        var confirmed = checked(known.Confirmed + need);
        d.Write(known with
        {
            Version = known.Version + 1,
            Held = held,
            Confirmed = confirmed,
            Released = checked(known.Released + released),
            Granted = checked(known.Granted + reacquired),
            Lapsed = known.Lapsed - reacquired,
            ExpiresAtMs = held == 0 ? null : known.ExpiresAtMs,
            GroupCommitted = known.GroupCommitted || confirm.CommitGroup is not null,
            ConfirmedAtMs = need > 0 ? d.T : known.ConfirmedAtMs,
            HeldTakenBy = held > 0 ? known.HeldTakenBy : released > 0 ? Ending.Released : Ending.Confirmed,
            EndedBy = confirmed == 0 && held == 0 ? Ending.Released : known.EndedBy,
        });
        return new AllocationOutcomeEvent.Confirmed
        {
            ReservationId = known.ReservationId,
            Quantity = need,
            Reacquired = reacquired,
            Released = released,
            StillHeld = held,
        };
    }

    private static AllocationOutcomeEvent Reject(
        Decision d, AllocationCommandBody.Confirm confirm, CommandKind kind, ReservationStatus column, ReasonCode code)
    {
        d.Look(Rejection(kind, column));
        d.Fail(code, reservationId: confirm.ReservationId);
        return d.Rejected(confirm.ReservationId);
    }
}
