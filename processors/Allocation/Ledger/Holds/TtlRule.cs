using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Holds;

/// <summary>Tier 3: the life asked for is within the bounds of its row.</summary>
internal static class TtlRule
{
    /// <summary>The life of a hold in milliseconds; the default of the row where none is asked for.</summary>
    public static long Check(Decision d, string priorityClass, long? requested)
    {
        var row = d.Policy.TtlFor(d.Pool.PoolId, priorityClass);
        if (requested is not { } ttlMs)
        {
            d.Look(Step(DecisionRule.Ttl, RuleResult.Applied, row.Id, N(NumberName.Default, row.DefaultMs)));
            return row.DefaultMs;
        }
        var isWithin = ttlMs >= row.MinimumMs && ttlMs <= row.MaximumMs;
        d.Look(Step(
            DecisionRule.Ttl, isWithin ? RuleResult.Passed : RuleResult.Failed, row.Id,
            N(NumberName.TtlMs, ttlMs), N(NumberName.Minimum, row.MinimumMs), N(NumberName.Maximum, row.MaximumMs)));
        if (ttlMs > row.MaximumMs)
        {
            d.Fail(
                ReasonCode.TtlExceedsMaximum, row.Id, null, N(NumberName.TtlMs, ttlMs),
                N(NumberName.Maximum, row.MaximumMs));
        }
        else if (!isWithin)
        {
            d.Fail(
                ReasonCode.PolicyForbids, $"{row.Id}: shorter than the minimum", null,
                N(NumberName.TtlMs, ttlMs), N(NumberName.Minimum, row.MinimumMs));
        }
        return ttlMs;
    }
}
