using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Scarcity;

/// <summary>Tier 6: too little is available.</summary>
internal static class Shortage
{
    /// <summary>Adds the reason, with the units that are short and when expiries would free enough.</summary>
    public static void Fail(Decision d, long needed, long available, string? reservationId = null)
    {
        var shortBy = Availability.Saturate((Int128)needed - available);
        var deficit = Availability.Deficit(d.Policy, d.Figures, d.T);
        var numbers = new List<DecisionNumber>(5)
        {
            N(NumberName.Requested, needed),
            N(NumberName.Available, available),
            N(NumberName.ShortBy, shortBy),
        };
        if (deficit > 0)
        {
            numbers.Add(N(NumberName.Deficit, deficit));
        }
        if (NextExpiry(d, shortBy) is { } expiry)
        {
            numbers.Add(N(NumberName.NextExpiryAt, expiry));
        }
        d.Fail(ReasonCode.InsufficientAvailability, "", reservationId, [.. numbers]);
    }

    // The expiry after which enough would be free; null when none would do, or when it is not among the first few.
    private static long? NextExpiry(Decision d, long shortBy)
    {
        if (d.Held < shortBy)
        {
            d.Look(Step(DecisionRule.NextExpiry, RuleResult.Skipped, "too little is held", N(NumberName.Held, d.Held)));
            return null;
        }
        var limit = d.Policy.Limits.ExpiriesLookedAt;
        var lookedAt = 0;
        long freed = 0;
        long? found = null;
        foreach (var timer in d.State.GetTimers())
        {
            if (timer.Kind != TimerKind.Expiry)
            {
                continue;
            }
            if (++lookedAt > limit)
            {
                lookedAt = limit;
                break;
            }
            if (timer.PoolId == d.Pool.PoolId)
            {
                freed = checked(freed + (d.State.GetReservation(timer.PoolId, timer.Id)?.Held ?? 0));
                if (freed >= shortBy)
                {
                    found = timer.DueAtMs;
                    break;
                }
            }
        }
        d.Look(Step(
            DecisionRule.NextExpiry, found is null ? RuleResult.Skipped : RuleResult.Applied,
            found is null ? "unknown" : "",
            N(NumberName.ExpiriesLookedAt, lookedAt)));
        return found;
    }
}
