using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>What is asked of the pool before anything is counted.</summary>
internal static class OfferRules
{
    /// <summary>Tier 3: whether the pool hands out anything at all.</summary>
    public static void CheckOffer(Decision d)
    {
        ModeRules.CheckHolds(d);
        if (d.Pool.Settings.ClosesAtMs is not { } closesAt)
        {
            return;
        }
        var isOpen = d.T < closesAt;
        d.Look(Step(
            DecisionRule.Closed, isOpen ? RuleResult.Passed : RuleResult.Failed, "",
            N(NumberName.ClosesAt, closesAt), N(NumberName.Time, d.T)));
        if (!isOpen)
        {
            d.Fail(
                ReasonCode.PolicyForbids, "the pool is closed", null, N(NumberName.ClosesAt, closesAt),
                N(NumberName.Time, d.T));
        }
    }

    /// <summary>Tier 4: what can never fit.</summary>
    public static void CheckCapacity(Decision d, long total)
    {
        if (d.Pool.Settings.MaximumCapacity is not { } maximum)
        {
            return;
        }
        var fits = total <= maximum;
        d.Look(Step(
            DecisionRule.MaximumCapacity, fits ? RuleResult.Passed : RuleResult.Failed, "",
            N(NumberName.Requested, total), N(NumberName.Maximum, maximum)));
        if (!fits)
        {
            d.Fail(
                ReasonCode.ExceedsMaximumCapacity, "", null, N(NumberName.Requested, total),
                N(NumberName.Maximum, maximum));
        }
    }
}
