using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// What a class can get: FREE, plus the overbooking that is allowed, minus what is protected for higher classes.
/// Version 0 of the policy allows no overbooking and protects nothing.
/// </summary>
public readonly record struct Availability(long Free, long Overbooking, long Protected)
{
    /// <summary>Units that a grant may take; negative while promises exceed supply.</summary>
    public long Available => checked(Free + Overbooking - Protected);

    /// <summary>For every class of a pool with these free units.</summary>
    public static Availability Of(long free) => new(free, Overbooking: 0, Protected: 0);

    /// <summary>Units promised beyond supply and the greatest overbooking.</summary>
    public static long Deficit(long free) => free < 0 ? checked(-free) : 0;

    /// <summary>What is published about a pool.</summary>
    public static PoolAvailability Publish(AllocationPolicy policy, PoolState pool, long t)
    {
        var classes = new ClassAvailability[policy.Classes.Count];
        for (var index = 0; index < classes.Length; index++)
        {
            classes[index] = new ClassAvailability
            {
                Class = policy.Classes[index],
                Available = Of(pool.Balances.Free).Available,
            };
        }
        return new PoolAvailability
        {
            PoolId = pool.PoolId,
            PoolSequence = pool.Sequence,
            TMs = t,
            PolicyVersion = policy.Version,
            Balances = pool.Balances,
            Deficit = pool.Deficit,
            Available = classes,
            ValidUntilMs = pool.NextTimerAtMs is { } next ? Math.Max(next, t) : null,
        };
    }
}
