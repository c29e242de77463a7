using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Commitment;

/// <summary>Units of a reservation go back to what is free: the same for every command that takes them.</summary>
internal static class GivingBack
{
    /// <summary>Which units a release means, and whether they are there; held ones come first.</summary>
    public static (long FromHeld, long FromConfirmed) Divide(
        Decision d, Reservation known, long? wanted, ReleaseBucket bucket)
    {
        var id = known.ReservationId;
        var all = bucket == ReleaseBucket.All;
        var held = all || bucket == ReleaseBucket.Held ? known.Held : 0;
        var confirmed = all || bucket == ReleaseBucket.Confirmed ? known.Confirmed : 0;
        var there = checked(held + confirmed);
        var quantity = wanted ?? there;
        if (there == 0)
        {
            d.Fail(bucket == ReleaseBucket.Held ? ReasonCode.NotHeld : ReasonCode.NotConfirmed, reservationId: id);
        }
        else if (quantity > there)
        {
            d.Fail(
                confirmed == 0 ? ReasonCode.ExceedsHeld : ReasonCode.ExceedsConfirmed, "", id,
                N(NumberName.Requested, quantity), N(NumberName.Held, held), N(NumberName.Confirmed, confirmed));
        }
        var fromHeld = Math.Min(quantity, held);
        return (fromHeld, quantity - fromHeld);
    }

    /// <summary>Whether a waiter can be released so far: it has no units, only what it waits for.</summary>
    public static void CheckWaiting(Decision d, Reservation waiter, long? quantity, ReleaseBucket bucket)
    {
        if (bucket != ReleaseBucket.All)
        {
            d.Fail(
                bucket == ReleaseBucket.Held ? ReasonCode.NotHeld : ReasonCode.NotConfirmed,
                reservationId: waiter.ReservationId);
        }
        else if (quantity > waiter.Waiting)
        {
            d.Fail(
                ReasonCode.ExceedsHeld, "", waiter.ReservationId, N(NumberName.Requested, quantity.Value),
                N(NumberName.Waiting, waiter.Waiting));
        }
    }

    /// <summary>A waiter waits no longer, or for so many units less, at the same place.</summary>
    public static AllocationOutcomeEvent.Released StopWaiting(
        Decision d, Reservation waiter, long? quantity, bool isWhole, string reason)
    {
        var waiting = waiter.Waiting - (quantity ?? waiter.Waiting);
        if (waiting == 0)
        {
            Waiting.CancelDeadline(d, waiter);
        }
        d.Write(waiter with
        {
            Version = waiter.Version + 1,
            Waiting = waiting,
            EndedBy = waiting == 0 ? Ending.Released : waiter.EndedBy,
            Cancelled = waiter.Cancelled || isWhole,
        });
        return new AllocationOutcomeEvent.Released { ReservationId = waiter.ReservationId, Reason = reason };
    }

    /// <summary>Posts the units and writes the reservation.</summary>
    /// <param name="d">The decision.</param>
    /// <param name="known">The reservation before.</param>
    /// <param name="fromHeld">Held units that go.</param>
    /// <param name="fromConfirmed">Confirmed units that go.</param>
    /// <param name="isWhole">Whether it is released as a whole: it stays cancelled.</param>
    public static void Post(Decision d, Reservation known, long fromHeld, long fromConfirmed, bool isWhole)
    {
        d.Post(EntryKind.HoldReleased, Account.Held, Account.Free, fromHeld, known.ReservationId);
        d.Post(EntryKind.ConfirmRevoked, Account.Confirmed, Account.Free, fromConfirmed, known.ReservationId);
        var held = known.Held - fromHeld;
        var confirmed = known.Confirmed - fromConfirmed;
        if (held == 0 && known.Held > 0)
        {
            d.CancelTimer(known.ExpiresAtMs!.Value, TimerKind.Expiry, known.ReservationId);
        }
        d.Write(known with
        {
            Version = known.Version + 1,
            Held = held,
            Confirmed = confirmed,
            Released = checked(known.Released + fromHeld + fromConfirmed),
            Cancelled = known.Cancelled || isWhole,
            ExpiresAtMs = held == 0 ? null : known.ExpiresAtMs,
            HeldTakenBy = held == 0 && fromHeld > 0 ? Ending.Released : known.HeldTakenBy,
            EndedBy = held == 0 && confirmed == 0 ? Ending.Released : known.EndedBy,
        });
    }
}

/// <summary>
/// Tier 3: a commitment is taken back only where the policy, or a group that is not committed, allows it.
/// </summary>
internal static class Revocation
{
    /// <summary>Whether confirmed units of the reservation may be taken back now, for this reason.</summary>
    public static bool IsAllowed(Decision d, Reservation known, string reason)
    {
        var conduct = d.Policy.ConductFor(d.Pool.PoolId);
        var isGroup = reason == ReleaseRules.GroupAborted && known is { GroupId: not null, GroupCommitted: false }
            && known.ConfirmedAtMs is { } confirmedAt
            && d.T < checked(confirmedAt + conduct.GroupRevocableMs);
        var isAllowed = conduct.IsRevocable || isGroup;
        d.Look(Step(
            DecisionRule.Revocable, isAllowed ? RuleResult.Applied : RuleResult.Failed,
            isGroup ? ReleaseRules.GroupAborted : d.Policy.RevocableRowFor(d.Pool.PoolId)));
        return isAllowed;
    }
}
