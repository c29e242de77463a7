using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>What became of a waiter that was looked at.</summary>
internal enum PromotionVerdict
{
    /// <summary>It is granted.</summary>
    Granted,

    /// <summary>Its own quota has no room: it is passed over.</summary>
    BlockedByQuota,

    /// <summary>It waited until its time was over: it is passed over.</summary>
    WaitIsOver,

    /// <summary>Too little is available to it.</summary>
    BlockedByCapacity,
}

/// <summary>Promotion: a waiter is granted all that it waits for, in the fold that frees it.</summary>
internal static class Promotion
{
    /// <summary>Looks at one waiter; grants it if everything allows it.</summary>
    /// <param name="d">The decision, of the pool.</param>
    /// <param name="place">The waiter's place.</param>
    /// <param name="goesOn">Set a timer that looks at the next ones with the next record.</param>
    /// <param name="verdict">What became of it.</param>
    public static AllocationOutcomeEvent.Promoted? Decide(
        Decision d, WaiterPlace place, bool goesOn, out PromotionVerdict verdict)
    {
        verdict = PromotionVerdict.BlockedByCapacity;
        if (d.Slice.Mode != AuthorityMode.Authoritative)
        {
            return null;
        }
        var waiter = d.Find(place.ReservationId)!;
        if (waiter.WaitUntilMs <= d.T)
        {
            // Its time is over: its own timer is due and has not fired yet.
            verdict = PromotionVerdict.WaitIsOver;
            return null;
        }
        var owner = GrantOwner.Of(waiter);
        verdict = Judge(d, waiter, owner);
        if (verdict != PromotionVerdict.Granted)
        {
            return null;
        }
        Grants.Check(d, owner, waiter.Waiting);
        if (d.IsRejected)
        {
            throw new LedgerFaultException(
                $"Pool {d.Pool.PoolId}: the waiter {waiter.ReservationId} is granted, but the check of grants fails.");
        }
        Takings.Tell(d);
        return Grant(d, waiter, goesOn);
    }

    /// <summary>Whether there is nothing for anybody.</summary>
    public static bool IsHopeless(AllocationPolicy policy, PoolState pool, long t)
    {
        var figures = PoolFigures.Of(pool);
        var overbooking = policy.OverbookingFor(pool.PoolId)?.UnitsAt(figures.Total, figures.ServiceAtMs, t) ?? 0;
        return (Int128)figures.Free + overbooking < 1;
    }

    private static PromotionVerdict Judge(Decision d, Reservation waiter, in GrantOwner owner)
    {
        if (QuotaRules.Room(d, owner) < waiter.Waiting)
        {
            return PromotionVerdict.BlockedByQuota;
        }
        return Grants.Now(d, waiter.Class).Available < waiter.Waiting
            ? PromotionVerdict.BlockedByCapacity
            : PromotionVerdict.Granted;
    }

    private static AllocationOutcomeEvent.Promoted Grant(Decision d, Reservation waiter, bool goesOn)
    {
        var quantity = waiter.Waiting;
        var row = d.Policy.WaitlistFor(d.Pool.PoolId);
        var ttlMs = waiter.TtlMs ?? row?.OfferTtlMs ?? d.Policy.TtlFor(d.Pool.PoolId, waiter.Class).DefaultMs;
        var expiresAt = checked(d.T + ttlMs);
        d.Look(Step(
            DecisionRule.Promotion, RuleResult.Applied, row?.Id ?? "", N(NumberName.Waiting, d.Pool.Waiters),
            N(NumberName.TtlMs, ttlMs)));
        d.Post(EntryKind.Held, Account.Free, Account.Held, quantity, waiter.ReservationId);
        Waiting.CancelDeadline(d, waiter);
        d.SetTimer(expiresAt, TimerKind.Expiry, waiter.ReservationId);
        if (goesOn)
        {
            d.SetTimer(d.T, TimerKind.Promotion, "");
        }
        d.Write(waiter with
        {
            Version = waiter.Version + 1,
            Waiting = 0,
            Held = checked(waiter.Held + quantity),
            Granted = checked(waiter.Granted + quantity),
            Lapsed = Math.Max(0, waiter.Lapsed - quantity),
            HeldAtMs = waiter.Held + waiter.Confirmed > 0 ? waiter.HeldAtMs : d.T,
            ExpiresAtMs = expiresAt,
        });
        return new AllocationOutcomeEvent.Promoted
        {
            ReservationId = waiter.ReservationId,
            Quantity = quantity,
            ExpiresAtMs = expiresAt,
            Class = waiter.Class,
        };
    }
}
