using Alloc.Processors.Allocation.Ledger.Holds;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Projection;

namespace Alloc.Processors.Projection;

/// <summary>What an outcome makes of a reservation, as searches show it.</summary>
public static class ReservationViews
{
    /// <summary>The view after an outcome.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="after">The reservation as the outcome left it.</param>
    /// <param name="before">The view before it, or null.</param>
    public static ReservationView Of(AllocationOutcome outcome, Reservation after, ReservationView? before) => new()
    {
        PoolId = outcome.PoolId,
        ReservationId = after.ReservationId,
        Status = StatusOf(outcome, after),
        Version = after.Version,
        Held = after.Held,
        Confirmed = after.Confirmed,
        Consumed = after.Consumed,
        Returned = after.Returned,
        Waiting = after.Waiting,
        Granted = after.Granted,
        Class = after.Class,
        CreatedAtMs = after.CreatedAtMs ?? before?.CreatedAtMs ?? outcome.TMs,
        ExpiresAtMs = after.ExpiresAtMs,
        OrderRef = after.OrderRef,
        CustomerRef = after.CustomerRef,
        GroupId = after.GroupId,
        Channel = after.Channel,
        Tier = after.Tier,
        LastSequence = outcome.Sequence,
        LastEvent = outcome.Event.GetType().Name,
        LastAtMs = outcome.TMs,
        ForgetAtMs = after.ForgetAtMs,
    };

    private static string StatusOf(AllocationOutcome outcome, Reservation after) =>
        ReservationStatuses.Of(after with { ForgetAtMs = null }, outcome.TMs).ToString();
}
