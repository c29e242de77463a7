using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Partition;

/// <summary>The mode that acts on a pool: what the policy lets it change, as far as it was switched on.</summary>
/// <param name="Row">The row of the policy.</param>
/// <param name="Switched">How it was switched on.</param>
internal readonly record struct ActingMode(ModeRow Row, ActiveMode Switched)
{
    /// <summary>The bound in milliseconds: the shorter one of row and switch.</summary>
    public long CapMs => Math.Min(Switched.CapMs ?? Row.CapMs, Row.CapMs);

    /// <summary>Whether it concerns every class.</summary>
    public bool ConcernsAll => Row.Classes is null && Switched.Classes.Count == 0;

    /// <summary>Whether a mode was switched on for a pool.</summary>
    public static bool ReachesPool(ActiveMode switched, string poolId)
    {
        for (var index = 0; index < switched.Pools.Count; index++)
        {
            if (new PoolPattern(switched.Pools[index]).Matches(poolId))
            {
                return true;
            }
        }
        return switched.Pools.Count == 0;
    }

    /// <summary>Whether it concerns a class, which may be one that a policy mapped to another.</summary>
    public bool Concerns(AllocationPolicy policy, string priorityClass)
    {
        var today = policy.ClassToday(priorityClass);
        return (Row.Classes is not { } classes || classes.Contains(today))
            && (Switched.Classes.Count == 0 || IsSwitchedFor(policy, today));
    }

    private bool IsSwitchedFor(AllocationPolicy policy, string today)
    {
        for (var index = 0; index < Switched.Classes.Count; index++)
        {
            if (policy.ClassToday(Switched.Classes[index]) == today)
            {
                return true;
            }
        }
        return false;
    }
}
