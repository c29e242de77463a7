using Alloc.Processors.Allocation.Ledger.Commitment;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Holds;

/// <summary>
/// Amend: another quantity of a reservation. Less takes held units first, then confirmed ones where they are revocable;
/// more is a grant. A waiter that wants more goes to the end of the line.
/// </summary>
internal static class AmendRules
{
    public static Ruling Decide(Decision d, AllocationCommandBody.Amend amend)
    {
        var id = amend.ReservationId;
        var known = d.Find(id);
        var status = ReservationStatuses.Of(known, d.T);
        var isLive = LiveRule.Check(d, id, known, status);
        if (status == ReservationStatus.Confirmed && amend.NewQuantity > Quantity(known!))
        {
            return LiveRule.Reject(
                d, id, status, ReasonCode.NotHeld, "only a reservation that holds units gets more");
        }
        if (!isLive)
        {
            return d.Rejected(id);
        }
        var change = checked(amend.NewQuantity - Quantity(known!));
        if (change == 0)
        {
            return new AllocationOutcomeEvent.NoOp { Why = NoOpWhy.SameQuantity, ReservationId = id };
        }
        if (status == ReservationStatus.Waitlisted)
        {
            return Wait(d, known!, change);
        }
        return change < 0 ? Decrease(d, known!, status, -change) : Increase(d, known!, change);
    }

    /// <summary>Whether the command asks for more than there is.</summary>
    public static bool IsIncrease(Decision d, AllocationCommandBody.Amend amend) =>
        d.Find(amend.ReservationId) is { } known && amend.NewQuantity > Quantity(known);

    // What the new quantity is compared with: the units promised; of a waiter those it waits for.
    private static long Quantity(Reservation known)
    {
        var promised = checked(known.Held + known.Confirmed);
        return promised > 0 ? promised : known.Waiting;
    }

    private static AllocationOutcomeEvent Wait(Decision d, Reservation known, long change)
    {
        var id = known.ReservationId;
        if (change < 0)
        {
            d.Write(known with { Version = known.Version + 1, Waiting = checked(known.Waiting + change) });
            return new AllocationOutcomeEvent.Amended { ReservationId = id, Delta = change, Waiting = change };
        }
        var waiting = checked(known.Waiting + change);
        GrantBars.CheckOffer(d, known.Class);
        if (!d.IsRejected)
        {
            GrantBars.CheckCapacity(d, waiting);
            Waiting.CheckCanFit(d, GrantOwner.Of(known), waiting, id);
        }
        if (d.IsRejected)
        {
            return d.Rejected(id);
        }
        var boost = d.Policy.WaitlistFor(d.Pool.PoolId)?.BoostFor(known.Class) ?? 0;
        d.Write(known with
        {
            Version = known.Version + 1,
            Waiting = waiting,
            EnqueuedAtMs = checked(d.T - boost),
            WaitOrder = checked(d.Pool.Sequence + 1),
        });
        return new AllocationOutcomeEvent.Amended { ReservationId = id, Delta = change, Waiting = change };
    }

    private static AllocationOutcomeEvent Decrease(
        Decision d, Reservation known, ReservationStatus status, long quantity)
    {
        var fromHeld = Math.Min(quantity, known.Held);
        var fromConfirmed = quantity - fromHeld;
        if (fromConfirmed > 0 && !Revocation.IsAllowed(d, known, ""))
        {
            return LiveRule.Reject(
                d, known.ReservationId, status, ReasonCode.PolicyForbids, "confirmed units are not revocable",
                N(NumberName.Confirmed, fromConfirmed));
        }
        GivingBack.Post(d, known, fromHeld, fromConfirmed, isWhole: false);
        return new AllocationOutcomeEvent.Amended
        {
            ReservationId = known.ReservationId,
            Delta = -quantity,
            Confirmed = fromConfirmed,
        };
    }

    private static Ruling Increase(Decision d, Reservation known, long quantity)
    {
        if (Grants.Enlarge(d, known, quantity) is { } other)
        {
            return other;
        }
        d.Write(known with
        {
            Version = known.Version + 1,
            Held = checked(known.Held + quantity),
            Granted = checked(known.Granted + quantity),
        });
        return new AllocationOutcomeEvent.Amended { ReservationId = known.ReservationId, Delta = quantity };
    }
}
