using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Holds;

/// <summary>The status shown of a reservation, and the column of the transition table.</summary>
public enum ReservationStatus
{
    /// <summary>Not known, or forgotten.</summary>
    None,

    /// <summary>Waits for units.</summary>
    Waitlisted,

    /// <summary>Has held units.</summary>
    Held,

    /// <summary>Has confirmed units and none held.</summary>
    Confirmed,

    /// <summary>Was used up.</summary>
    Consumed,

    /// <summary>Was released, or may never be held (a tombstone).</summary>
    Released,

    /// <summary>Expired.</summary>
    Expired,

    /// <summary>Lost its units to a higher class.</summary>
    Preempted,

    /// <summary>Its hold was rejected.</summary>
    Failed,
}

/// <summary>Reads the status of reservations.</summary>
public static class ReservationStatuses
{
    /// <summary>The status at log time <paramref name="t"/>; null is <see cref="ReservationStatus.None"/>.</summary>
    public static ReservationStatus Of(Reservation? reservation, long t)
    {
        if (reservation is null || reservation.ForgetAtMs <= t)
        {
            return ReservationStatus.None;
        }
        if (reservation.Held > 0)
        {
            return ReservationStatus.Held;
        }
        if (reservation.Confirmed > 0)
        {
            return ReservationStatus.Confirmed;
        }
        if (reservation.Waiting > 0)
        {
            return ReservationStatus.Waitlisted;
        }
        return reservation.Consumed > 0 ? ReservationStatus.Consumed : OfEnding(reservation.EndedBy);
    }

    /// <summary>The column of what last took units.</summary>
    public static ReservationStatus OfEnding(Ending ending) => ending switch
    {
        Ending.Confirmed => ReservationStatus.Confirmed,
        Ending.Consumed => ReservationStatus.Consumed,
        Ending.Released => ReservationStatus.Released,
        Ending.Expired => ReservationStatus.Expired,
        Ending.Preempted => ReservationStatus.Preempted,
        Ending.Failed => ReservationStatus.Failed,
        _ => ReservationStatus.None,
    };
}
