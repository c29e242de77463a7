using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Holds;

/// <summary>Tier 2 of commands that change a reservation as it stands: it waits, holds or has confirmed.</summary>
internal static class LiveRule
{
    /// <summary>True when the reservation can be changed; otherwise the reasons are added.</summary>
    public static bool Check(Decision d, string reservationId, Reservation? known, ReservationStatus status)
    {
        VersionRule.Check(d, known);
        if (Ended(status) is { } code)
        {
            d.Look(Rejection(d.Kind, status));
            d.Fail(code, reservationId: reservationId);
            return false;
        }
        d.Look(d.IsRejected ? Rejection(d.Kind, status) : Transition(d.Kind, status));
        return !d.IsRejected;
    }

    /// <summary>Why a reservation of this status cannot be changed; null when it can.</summary>
    public static ReasonCode? Ended(ReservationStatus status) => status switch
    {
        ReservationStatus.None => ReasonCode.UnknownReservation,
        ReservationStatus.Consumed => ReasonCode.AlreadyConsumed,
        ReservationStatus.Released => ReasonCode.AlreadyReleased,
        ReservationStatus.Expired => ReasonCode.AlreadyExpired,
        ReservationStatus.Preempted => ReasonCode.AlreadyPreempted,
        ReservationStatus.Failed => ReasonCode.NeverHeld,
        _ => null,
    };

    /// <summary>The command is rejected in this cell of the transition table.</summary>
    public static AllocationOutcomeEvent Reject(
        Decision d, string reservationId, ReservationStatus status, ReasonCode code, string detail = "",
        params DecisionNumber[] numbers)
    {
        d.Look(Rejection(d.Kind, status));
        d.Fail(code, detail, reservationId, numbers);
        return d.Rejected(reservationId);
    }
}
