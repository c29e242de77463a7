using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Records;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.ByOrder;

/// <summary>
/// What an outcome means for orders. An order is told of an outcome once in each role: with all of its reservations
/// that the outcome touched, or with none where the outcome answers a command of the order and touched nothing.
/// </summary>
internal static class OrderAllocations
{
    // What a command of an order has as correlationId when its reservation does not say whose it is.
    private const string Correlation = "order/";

    /// <summary>Adds a record for each order and role.</summary>
    public static void Of(AllocationOutcome outcome, List<OrderAllocation> into)
    {
        var after = outcome.After;
        for (var index = 0; index < after.Count; index++)
        {
            if (after[index].OrderRef is { } order && IsFirst(after, index))
            {
                into.Add(Make(outcome, order, OrderRole.Owner, ReservationsOf(after, order, index)));
            }
        }
        if (outcome.Event is AllocationOutcomeEvent.Reassigned { FormerOrderRef: { } former }
            && outcome.DuplicateOf is null)
        {
            into.Add(Make(outcome, former, OrderRole.FormerOwner, [.. after.Select(Show)]));
        }
        if (into.Count == 0 && outcome.CommandId is not null && CorrelatedOrder(outcome) is { } correlated)
        {
            into.Add(Make(outcome, correlated, OrderRole.Owner, []));
        }
    }

    /// <summary>What every partition is told when authority over a slice changed; null: it did not.</summary>
    public static OrderAllocation? OfAuthority(AllocationOutcome outcome)
    {
        if (outcome.DuplicateOf is not null || outcome.Event is not AllocationOutcomeEvent.AuthorityChanged changed)
        {
            return null;
        }
        return Make(outcome, ReservedKeys.Authority, OrderRole.Owner, []) with
        {
            Authority = new OrderAuthority
            {
                Slice = changed.Slice,
                Mode = changed.Mode,
                Owner = changed.Owner,
                Epoch = changed.NewEpoch,
            },
        };
    }

    /// <summary>Why a reference can be no key, as a word; null: it can.</summary>
    public static string? RefFault(string orderRef) => orderRef.Length == 0 ? "empty"
        : orderRef.Length > TextBounds.Id ? "too_long"
        : orderRef.StartsWith('$') ? "reserved" : null;

    private static string? CorrelatedOrder(AllocationOutcome outcome) =>
        outcome.CorrelationId is { } id && id.StartsWith(Correlation, StringComparison.Ordinal)
            ? id[Correlation.Length..] : null;

    private static bool IsFirst(IReadOnlyList<Reservation> after, int index)
    {
        for (var before = 0; before < index; before++)
        {
            if (after[before].OrderRef == after[index].OrderRef)
            {
                return false;
            }
        }
        return true;
    }

    private static List<OrderReservation> ReservationsOf(IReadOnlyList<Reservation> after, string order, int from)
    {
        var reservations = new List<OrderReservation>(after.Count - from);
        for (var index = from; index < after.Count; index++)
        {
            if (after[index].OrderRef == order)
            {
                reservations.Add(Show(after[index]));
            }
        }
        return reservations;
    }

    private static OrderAllocation Make(
        AllocationOutcome outcome, string order, OrderRole role, IReadOnlyList<OrderReservation> reservations) => new()
        {
            OrderRef = order,
            Role = role,
            OutcomeId = OutcomeIds.Of(outcome),
            PoolId = outcome.PoolId,
            Sequence = outcome.Sequence,
            TMs = outcome.TMs,
            Event = outcome.Event.GetType().Name,
            CommandId = outcome.CommandId,
            Original = outcome.Original,
            DuplicateOf = outcome.DuplicateOf,
            CausedBy = outcome.CausedBy,
            Reservations = reservations,
            Reasons = outcome.Event is AllocationOutcomeEvent.Rejected rejected
            ? [.. rejected.Reasons.Select(reason => reason.Code.ToString()).Distinct()] : [],
            CorrelationId = outcome.CorrelationId,
        };

    private static OrderReservation Show(Reservation reservation) => new()
    {
        ReservationId = reservation.ReservationId,
        Held = reservation.Held,
        Confirmed = reservation.Confirmed,
        Consumed = reservation.Consumed,
        Returned = reservation.Returned,
        Released = reservation.Released,
        Expired = reservation.Expired,
        Preempted = reservation.Preempted,
        Waiting = reservation.Waiting,
        ExpiresAtMs = reservation.ExpiresAtMs,
        Version = reservation.Version,
    };
}
