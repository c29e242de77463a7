namespace Alloc.Processors.Catalogue;

/// <summary>
/// A tolerance that follows the measured lag: twice the p99 of how long one side was behind the other in the hour
/// before, within bounds.
/// </summary>
/// <param name="AtLeast">It is no less, from 10 seconds.</param>
/// <param name="AtMost">It is no more, up to 10 minutes.</param>
public sealed record LagFollowing(TimeSpan AtLeast, TimeSpan AtMost)
{
    /// <summary>The bounds where a row does not say, and those of the bounds that it may say.</summary>
    public static LagFollowing Widest { get; } = new(TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(10));

    /// <summary>
    /// Classes whose two sides have a time of their own. Of the others there is no lag: the ledger answers at the
    /// command's own time, or what was read says it.
    /// </summary>
    public static IReadOnlyList<MismatchClass> Measured { get; } =
    [
        MismatchClass.ExpiryNotReleased,
        MismatchClass.PaidWithoutReservation,
        MismatchClass.ZombieHold,
        MismatchClass.ConfirmedForDeadOrder,
        MismatchClass.ReservationWithoutOrder,
        MismatchClass.OrderWithoutReservation,
        MismatchClass.QuantityMismatch,
        MismatchClass.ConfirmedNotConsumed,
        MismatchClass.OrphanConsume,
        MismatchClass.OrphanReturn,
        MismatchClass.MissedEvent,
    ];
}
