using Alloc.Schemas.Allocation;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Orders;

/// <summary>What a record makes of all that is said of an order. Pure.</summary>
internal static class OrderFold
{
    /// <summary>Reservations of one order that are looked at; what an order has beyond them is not.</summary>
    public const int MostReservations = 1_000;

    /// <summary>A word of the order's owner; why it is left out, or null.</summary>
    public static IgnoredWhy? Take(ref OrderTruth truth, OrderStatus status, string position, long atMs)
    {
        if (truth.Order is { } known && status.Version <= known.Version)
        {
            return IgnoredWhy.Stale;
        }
        truth = truth with
        {
            Order = new OrderSaid
            {
                Version = status.Version,
                State = status.State,
                Lines = status.Lines,
                AtMs = atMs,
                SinceMs = truth.Order?.State == status.State ? truth.Order.SinceMs : atMs,
                Position = position,
                BegunAtMs = truth.Order is { } before ? before.BegunAtMs : IsBeginning(status) ? atMs : null,
            },
        };
        return null;
    }

    /// <summary>A word of the payment gateway; why it is left out, or null.</summary>
    public static IgnoredWhy? Take(ref OrderTruth truth, PaymentStatus status, string position, long atMs)
    {
        if (truth.Payment is { } known && known.PaymentId == status.PaymentId)
        {
            if (status.Version <= known.Version)
            {
                return IgnoredWhy.Stale;
            }
            if (status.Currency != known.Currency)
            {
                return IgnoredWhy.OtherCurrency;
            }
        }
        truth = truth with
        {
            Payment = new PaymentSaid
            {
                PaymentId = status.PaymentId,
                Version = status.Version,
                State = status.State,
                AmountMinor = status.AmountMinor,
                Currency = status.Currency,
                AuthorizedUntilMs = status.AuthorizedUntilMs,
                AtMs = atMs,
                SinceMs = truth.Payment is { } before && before.PaymentId == status.PaymentId
                    && before.State == status.State ? before.SinceMs : atMs,
                Position = position,
                BegunAtMs = truth.Payment is { } earlier ? earlier.BegunAtMs
                    : status.Version <= 1 || status.State == PaymentState.Requested ? atMs : null,
            },
        };
        return null;
    }

    /// <summary>
    /// When nothing is under way any more, and when that was last changed; null: something is.
    /// </summary>
    public static long? SettledAtMs(OrderTruth truth)
    {
        if (truth.Open.Count > 0
            || truth.Order is { } order && OrderExpectations.Of(order.State) is not (
                OrderExpectation.Gone or OrderExpectation.Dead)
            || truth.Reservations.Any(r => r.Reservation is not { Held: 0, Confirmed: 0, Waiting: 0 }))
        {
            return null;
        }
        return truth.Reservations.Select(r => r.AtMs).Append(truth.Order?.AtMs ?? 0).Append(truth.Payment?.AtMs ?? 0)
            .Max();
    }

    /// <summary>What an outcome leaves of the order's reservations.</summary>
    public static OrderTruth Take(OrderTruth truth, OrderAllocation outcome, string position)
    {
        if (outcome.Reservations.Count == 0)
        {
            return truth;
        }
        var reservations = truth.Reservations.ToList();
        foreach (var reservation in outcome.Reservations)
        {
            var at = reservations.FindIndex(
                r => r.Reservation.ReservationId == reservation.ReservationId && r.PoolId == outcome.PoolId);
            if (at >= 0 && reservation.Version < reservations[at].Reservation.Version)
            {
                continue;
            }
            var before = at >= 0 ? reservations[at] : null;
            if (at >= 0)
            {
                reservations.RemoveAt(at);
            }
            if (outcome.Role == OrderRole.Owner && reservations.Count < MostReservations)
            {
                reservations.Add(new ReservationSaid
                {
                    PoolId = outcome.PoolId,
                    Reservation = reservation,
                    AtMs = outcome.TMs,
                    ConfirmedSinceMs = reservation.Confirmed == 0 ? null : before?.ConfirmedSinceMs ?? outcome.TMs,
                    OutcomeId = outcome.OutcomeId,
                    Position = position,
                });
            }
        }
        return truth with { Reservations = reservations };
    }

    private static bool IsBeginning(OrderStatus status) =>
        status.Version <= 1 || status.State is "AcceptedForProcessing" or "InventoryHoldPending";
}
