namespace Alloc.Verify;

/// <summary>
/// The reservations of one pool as outcomes left them. One that has ended is kept until the ledger forgets it too.
/// </summary>
internal sealed class ReservationBook
{
    private readonly ForgettingTable<string, ObservedReservation> known = new(
        static (reservation, timeMs) => reservation.ForgetAtMs <= timeMs);

    /// <summary>Reservations that appeared; an id that is used again after it was forgotten is another one.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// The last state of a reservation; null when it never appeared, or is forgotten at that time.
    /// </summary>
    public ObservedReservation? Find(string reservationId, long timeMs) =>
        known.TryFind(reservationId, timeMs, out var found) ? found : null;

    /// <summary>Writes the state of a reservation.</summary>
    /// <returns>What was written before; null where nothing was, or is forgotten.</returns>
    public ObservedReservation? Put(ObservedReservation after, long timeMs)
    {
        var before = Find(after.Id, timeMs);
        Count += before is null ? 1 : 0;
        known.Put(after.Id, after, timeMs);
        return before;
    }
}
