using System.Diagnostics;
using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Supply;

/// <summary>
/// PoolConfigure: what a pool is. A command that names the settings it sets leaves the others as they are, whoever set
/// them and when: nobody has to read them first and write them back.
/// </summary>
internal static class PoolRules
{
    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.PoolConfigure configure)
    {
        if (Settings(d, configure) is not { } settings)
        {
            return d.Rejected();
        }
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
        Waiting.FollowClosing(d, settings.ClosesAtMs);
        return new AllocationOutcomeEvent.PoolConfigured { Settings = settings };
    }

    private static PoolSettings? Settings(Decision d, AllocationCommandBody.PoolConfigure configure)
    {
        var given = configure.Settings;
        if (configure.Set is not { } set)
        {
            return given;
        }
        if (!d.Pool.Configured)
        {
            if (given.Unit.Length == 0)
            {
                d.Fail(ReasonCode.Malformed, "the first configuration of a pool names its kind and its unit");
                return null;
            }
            return given;
        }
        var settings = d.Pool.Settings;
        foreach (var setting in set)
        {
            settings = setting switch
            {
                PoolSetting.Unit => settings with { Unit = given.Unit },
                PoolSetting.Kind => settings with { Kind = given.Kind },
                PoolSetting.ServiceAt => settings with { ServiceAtMs = given.ServiceAtMs },
                PoolSetting.ClosesAt => settings with { ClosesAtMs = given.ClosesAtMs },
                PoolSetting.SnapshotSource => settings with { SnapshotSource = given.SnapshotSource },
                PoolSetting.MaximumCapacity => settings with { MaximumCapacity = given.MaximumCapacity },
                _ => throw new UnreachableException(),
            };
        }
        return settings;
    }
}
