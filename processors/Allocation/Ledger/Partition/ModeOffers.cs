using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Partition;

/// <summary>What the policy lets a mode be switched on for: a switch narrows its rows, and never goes beyond them.
/// </summary>
internal static class ModeOffers
{
    /// <summary>Why a mode cannot be switched on like this, in words; null: it can.</summary>
    public static string? Refusal(AllocationPolicy policy, AllocationCommandBody.ModeSwitch change)
    {
        var mode = change.Mode;
        if (!Any(policy, mode, _ => true))
        {
            return $"the policy knows no mode {mode}";
        }
        foreach (var pools in change.Pools)
        {
            if (!Any(policy, mode, row => row.Pools.Overlaps(new PoolPattern(pools))))
            {
                return $"no row of mode {mode} is about pools {pools}";
            }
        }
        foreach (var name in change.Classes)
        {
            var today = policy.ClassToday(name);
            if (!policy.HasClass(today))
            {
                return $"the policy knows no class {name}";
            }
            if (!Any(policy, mode, row => row.Classes is not { } classes || classes.Contains(today)))
            {
                return $"no row of mode {mode} is about class {name}";
            }
        }
        return null;
    }

    private static bool Any(AllocationPolicy policy, string mode, Func<ModeRow, bool> isMeant)
    {
        foreach (var row in policy.ModeTable)
        {
            if (row.Mode == mode && isMeant(row))
            {
                return true;
            }
        }
        return false;
    }
}
