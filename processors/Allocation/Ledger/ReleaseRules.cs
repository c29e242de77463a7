using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// Release: a promise is taken back. A whole release of something unknown leaves a tombstone: it may never be held.
/// </summary>
internal static class ReleaseRules
{
    /// <summary>The reason with which a workflow takes back all lines of a group.</summary>
    public const string GroupAborted = "GroupAborted";

    public static AllocationOutcomeEvent? Decide(Decision d, AllocationCommandBody.Release release)
    {
        var id = release.ReservationId;
        var known = d.Find(id);
        var status = ReservationStatuses.Of(known, d.T);
        var isWhole = release.Quantity is null && release.Bucket == ReleaseBucket.All;
        if (status == ReservationStatus.None && !isWhole)
        {
            if (Parking.TryPark(d, id, known, out var parked))
            {
                return parked;
            }
            return Reject(d, id, status, ReasonCode.UnknownReservation);
        }
        VersionRule.Check(d, known);
        if (status == ReservationStatus.Consumed)
        {
            return Reject(d, id, status, ReasonCode.AlreadyConsumed);
        }
        if (status is ReservationStatus.Held or ReservationStatus.Confirmed)
        {
            return ReleaseUnits(d, release, known!, status, isWhole);
        }
        d.Look(Transition(CommandKind.Release, status));
        return d.IsRejected ? d.Rejected(id) : WithoutUnits(d, release, known, status);
    }

    private static AllocationOutcomeEvent WithoutUnits(
        Decision d, AllocationCommandBody.Release release, Reservation? known, ReservationStatus status)
    {
        var id = release.ReservationId;
        switch (status)
        {
            case ReservationStatus.Waitlisted:
                var waited = known!.Waiting;
                d.Write(known with
                {
                    Version = known.Version + 1,
                    Waiting = 0,
                    EndedBy = Ending.Released,
                    Cancelled = true,
                });
                return new AllocationOutcomeEvent.Released
                {
                    ReservationId = id,
                    Held = waited,
                    Reason = release.Reason,
                };
            case ReservationStatus.Released:
                return NoOp(NoOpWhy.AlreadyReleased, id);
            case ReservationStatus.Expired:
            case ReservationStatus.Preempted:
                if (!known!.Cancelled)
                {
                    d.Write(known with { Version = known.Version + 1, Cancelled = true });
                }
                return NoOp(
                    status == ReservationStatus.Expired ? NoOpWhy.AlreadyExpired : NoOpWhy.AlreadyPreempted, id);
            default:
                // Unknown or failed: a tombstone.
                d.Write(new Reservation
                {
                    ReservationId = id,
                    Version = (known?.Version ?? 0) + 1,
                    Cancelled = true,
                    EndedBy = Ending.Released,
                    Parked = known?.Parked ?? [],
                });
                return new AllocationOutcomeEvent.NoOp
                {
                    Why = NoOpWhy.NothingToRelease,
                    ReservationId = id,
                    Tombstone = true,
                };
        }
    }

    private static AllocationOutcomeEvent ReleaseUnits(
        Decision d, AllocationCommandBody.Release release, Reservation known, ReservationStatus status, bool isWhole)
    {
        var (fromHeld, fromConfirmed) = Divide(d, release, known);
        if (d.IsRejected)
        {
            d.Look(Rejection(CommandKind.Release, status));
            return d.Rejected(known.ReservationId);
        }
        if (fromConfirmed > 0 && !IsRevocable(d, release, known))
        {
            d.Look(Rejection(CommandKind.Release, status));
            d.Fail(
                ReasonCode.PolicyForbids, "confirmed units are not revocable", known.ReservationId,
                N(NumberName.Confirmed, fromConfirmed));
            return d.Rejected(known.ReservationId);
        }
        d.Look(Transition(CommandKind.Release, status));
        d.Post(EntryKind.HoldReleased, Account.Held, Account.Free, fromHeld, known.ReservationId);
        d.Post(EntryKind.ConfirmRevoked, Account.Confirmed, Account.Free, fromConfirmed, known.ReservationId);
        var held = known.Held - fromHeld;
        var confirmed = known.Confirmed - fromConfirmed;
        if (held == 0 && known.Held > 0)
        {
            d.CancelTimer(known.ExpiresAtMs!.Value, TimerKind.Expiry, known.ReservationId);
        }
        d.Write(known with
        {
            Version = known.Version + 1,
            Held = held,
            Confirmed = confirmed,
            Released = checked(known.Released + fromHeld + fromConfirmed),
            Cancelled = known.Cancelled || isWhole,
            ExpiresAtMs = held == 0 ? null : known.ExpiresAtMs,
            HeldTakenBy = held == 0 && fromHeld > 0 ? Ending.Released : known.HeldTakenBy,
            EndedBy = held == 0 && confirmed == 0 ? Ending.Released : known.EndedBy,
        });
        return new AllocationOutcomeEvent.Released
        {
            ReservationId = known.ReservationId,
            Held = fromHeld,
            Confirmed = fromConfirmed,
            Reason = release.Reason,
        };
    }

    // Tier 2: which units are meant, and whether they are there.
    private static (long FromHeld, long FromConfirmed) Divide(
        Decision d, AllocationCommandBody.Release release, Reservation known)
    {
        var id = known.ReservationId;
        var all = release.Bucket == ReleaseBucket.All;
        var held = all || release.Bucket == ReleaseBucket.Held ? known.Held : 0;
        var confirmed = all || release.Bucket == ReleaseBucket.Confirmed ? known.Confirmed : 0;
        var there = checked(held + confirmed);
        var quantity = release.Quantity ?? there;
        if (there == 0)
        {
            d.Fail(
                release.Bucket == ReleaseBucket.Held ? ReasonCode.NotHeld : ReasonCode.NotConfirmed, reservationId: id);
        }
        else if (quantity > there)
        {
            d.Fail(
                confirmed == 0 ? ReasonCode.ExceedsHeld : ReasonCode.ExceedsConfirmed, "", id,
                N(NumberName.Requested, quantity), N(NumberName.Held, held), N(NumberName.Confirmed, confirmed));
        }
        var fromHeld = Math.Min(quantity, held);
        return (fromHeld, quantity - fromHeld);
    }

    // Tier 3: a commitment is taken back only where the policy, or a group that is not committed, allows it.
    private static bool IsRevocable(Decision d, AllocationCommandBody.Release release, Reservation known)
    {
        var conduct = d.Policy.ConductFor(d.Pool.PoolId);
        var isGroup = release.Reason == GroupAborted && known.GroupId is not null
            && known.ConfirmedAtMs is { } confirmedAt
            && d.T < checked(confirmedAt + conduct.GroupRevocableMs);
        var isAllowed = conduct.IsRevocable || isGroup;
        d.Look(Step(
            DecisionRule.Revocable, isAllowed ? RuleResult.Applied : RuleResult.Failed,
            isGroup ? GroupAborted : conduct.Id));
        return isAllowed;
    }

    private static AllocationOutcomeEvent.NoOp NoOp(NoOpWhy why, string id) => new() { Why = why, ReservationId = id };

    private static AllocationOutcomeEvent Reject(Decision d, string id, ReservationStatus status, ReasonCode code)
    {
        d.Look(Rejection(CommandKind.Release, status));
        d.Fail(code, reservationId: id);
        return d.Rejected(id);
    }
}
