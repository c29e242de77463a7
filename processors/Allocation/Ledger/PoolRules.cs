using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>PoolConfigure: what a pool is.</summary>
internal static class PoolRules
{
    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.PoolConfigure configure)
    {
        var settings = configure.Settings;
        var isEmpty = d.External == 0 && d.Free == 0 && d.Held == 0 && d.Confirmed == 0
            && d.Consumed == 0 && d.Blocked == 0;
        var mayChange = isEmpty || settings.Kind == d.Pool.Settings.Kind;
        d.Look(Step(DecisionRule.Kind, mayChange ? RuleResult.Passed : RuleResult.Failed,
            $"{d.Pool.Settings.Kind} to {settings.Kind}"));
        if (!mayChange)
        {
            d.Fail(ReasonCode.PolicyForbids, $"a pool with units keeps its kind {d.Pool.Settings.Kind}");
            return d.Rejected();
        }
        TimerRules.SetCurveStep(d, settings.ServiceAtMs);
        return new AllocationOutcomeEvent.PoolConfigured { Settings = settings };
    }
}
