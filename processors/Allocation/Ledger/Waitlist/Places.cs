using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Waitlist;

/// <summary>The place of a waiter in the line of its pool; places order by their properties.</summary>
/// <param name="OrderMs">Order key: when it came, in milliseconds since 1970 UTC, minus the boost of its class.</param>
/// <param name="Tie">Order among those with the same key.</param>
/// <param name="ReservationId">The reservation.</param>
public readonly record struct WaiterPlace(long OrderMs, long Tie, string ReservationId)
{
    /// <summary>The place of a reservation that waits, or waited.</summary>
    public static WaiterPlace Of(Reservation reservation) =>
        new(reservation.EnqueuedAtMs ?? 0, reservation.WaitOrder, reservation.ReservationId);
}

/// <summary>
/// The place of a reservation among those of its class that hold or confirmed units of a pool. It stays the same while
/// the reservation has any.
/// </summary>
/// <param name="Class">Priority class.</param>
/// <param name="HeldAtMs">When its units were granted, in milliseconds since 1970 UTC.</param>
/// <param name="ReservationId">The reservation.</param>
public readonly record struct HolderPlace(string Class, long HeldAtMs, string ReservationId)
{
    /// <summary>The place of a reservation that has units, or had.</summary>
    public static HolderPlace Of(Reservation reservation) =>
        new(reservation.Class, reservation.HeldAtMs ?? reservation.CreatedAtMs ?? 0, reservation.ReservationId);
}
