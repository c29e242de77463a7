using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Waitlist;

/// <summary>Promotion: a waiter is granted all that it waits for, in the fold that frees it.</summary>
internal static class Promotion
{
    /// <summary>Grants one whom nothing bars.</summary>
    /// <param name="d">The decision, of the pool.</param>
    /// <param name="waiter">The waiter.</param>
    /// <param name="goesOn">Set a timer that looks at the next ones with the next record.</param>
    public static AllocationOutcomeEvent.Promoted Decide(Decision d, Reservation waiter, bool goesOn)
    {
        // What a hold would be refused for is looked at like for a hold.
        GrantBars.CheckOffer(d, waiter.Class);
        GrantBars.CheckCapacity(d, waiter.Waiting);
        Grants.Check(d, GrantOwner.Of(waiter), waiter.Waiting);
        if (d.IsRejected)
        {
            throw new LedgerFaultException(
                $"Pool {d.Pool.PoolId}: the waiter {waiter.ReservationId} is granted, but the check of grants fails.");
        }
        Takings.Tell(d);
        return Grant(d, waiter, goesOn);
    }

    /// <summary>Whether there is nothing for anybody.</summary>
    public static bool IsHopeless(Decision d)
    {
        var figures = d.Figures;
        var overbooking = d.Policy.OverbookingFor(d.Pool.PoolId)
            ?.UnitsAt(figures.Total, figures.ServiceAtMs, d.T) ?? 0;
        return (Int128)figures.Free + overbooking < 1;
    }

    private static AllocationOutcomeEvent.Promoted Grant(Decision d, Reservation waiter, bool goesOn)
    {
        var quantity = waiter.Waiting;
        var row = d.Policy.WaitlistFor(d.Pool.PoolId);
        var life = d.Policy.TtlFor(d.Pool.PoolId, d.Policy.ClassToday(waiter.Class));
        // What was asked for may have been within the bounds of another policy.
        var offered = waiter.TtlMs is { } asked
            ? Math.Clamp(asked, life.MinimumMs, life.MaximumMs)
            : row?.OfferTtlMs ?? life.DefaultMs;
        var ttlMs = ModeRules.Shorten(d, waiter.Class, offered);
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
