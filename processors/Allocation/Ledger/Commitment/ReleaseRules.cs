using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Ledger.Holds;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Commitment;

/// <summary>
/// Release: a promise is taken back. A whole release of something unknown leaves a tombstone: it may never be held.
/// </summary>
internal static class ReleaseRules
{
    /// <summary>The reason with which a workflow takes back all lines of a group.</summary>
    public const string GroupAborted = "GroupAborted";

    public static Ruling Decide(Decision d, AllocationCommandBody.Release release)
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
            VersionRule.Check(d, known);
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
        if (status == ReservationStatus.Waitlisted)
        {
            GivingBack.CheckWaiting(d, known!, release.Quantity, release.Bucket);
            d.Look(d.IsRejected
                ? Rejection(CommandKind.Release, status) : Transition(CommandKind.Release, status));
            return d.IsRejected
                ? d.Rejected(id)
                : GivingBack.StopWaiting(d, known!, release.Quantity, isWhole, release.Reason);
        }
        d.Look(Transition(CommandKind.Release, status));
        return d.IsRejected ? d.Rejected(id) : WithoutUnits(d, id, release.Reason, known, status);
    }

    /// <summary>A whole release of a reservation that has no units: one that waits, has ended, or is unknown.</summary>
    public static AllocationOutcomeEvent WithoutUnits(
        Decision d, string id, string reason, Reservation? known, ReservationStatus status)
    {
        switch (status)
        {
            case ReservationStatus.Waitlisted:
                return GivingBack.StopWaiting(d, known!, quantity: null, isWhole: true, reason);
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
        var (fromHeld, fromConfirmed) = GivingBack.Divide(d, known, release.Quantity, release.Bucket);
        if (d.IsRejected)
        {
            d.Look(Rejection(CommandKind.Release, status));
            return d.Rejected(known.ReservationId);
        }
        if (fromConfirmed > 0 && !Revocation.IsAllowed(d, known, release.Reason))
        {
            return LiveRule.Reject(
                d, known.ReservationId, status, ReasonCode.PolicyForbids, "confirmed units are not revocable",
                N(NumberName.Confirmed, fromConfirmed));
        }
        d.Look(Transition(CommandKind.Release, status));
        GivingBack.Post(d, known, fromHeld, fromConfirmed, isWhole);
        return new AllocationOutcomeEvent.Released
        {
            ReservationId = known.ReservationId,
            Held = fromHeld,
            Confirmed = fromConfirmed,
            Reason = release.Reason,
        };
    }

    private static AllocationOutcomeEvent.NoOp NoOp(NoOpWhy why, string id) => new() { Why = why, ReservationId = id };

    private static AllocationOutcomeEvent Reject(Decision d, string id, ReservationStatus status, ReasonCode code)
    {
        d.Look(Rejection(CommandKind.Release, status));
        d.Fail(code, reservationId: id);
        return d.Rejected(id);
    }
}
