using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Scarcity;

/// <summary>
/// What a class can get: FREE, plus the overbooking that is allowed to it and to every higher class that still has
/// units kept for it, minus those units. Sums beyond 64 bits end at the greatest or least number: this is a figure
/// derived from balances, not a balance.
/// </summary>
public readonly record struct Availability(long Free, long Overbooking, long Protected)
{
    /// <summary>Units that a grant may take; negative while promises exceed supply.</summary>
    public long Available => Saturate((Int128)Free + Overbooking - Protected);

    /// <summary>For every class of a pool with these free units, where nothing is overbooked or protected.</summary>
    public static Availability Of(long free) => new(free, Overbooking: 0, Protected: 0);

    /// <summary>For one class of a pool.</summary>
    /// <param name="policy">Policy in force.</param>
    /// <param name="pool">The pool's figures.</param>
    /// <param name="priorityClass">The class; one that the policy does not know is below all others.</param>
    /// <param name="t">The partition's clock, in milliseconds since 1970 UTC.</param>
    /// <param name="usage">What a scope of the pool uses.</param>
    public static Availability For(
        AllocationPolicy policy, in PoolFigures pool, string priorityClass, long t, Func<string, ScopeUsage> usage)
    {
        if (policy.OverbookingTable.Count == 0 && policy.ProtectionTable.Count == 0)
        {
            return Of(pool.Free);
        }
        var row = policy.OverbookingFor(pool.PoolId);
        var allowed = row?.UnitsAt(pool.Total, pool.ServiceAtMs, t) ?? 0;
        var own = policy.ClassToday(priorityClass);
        var overbooking = row is not null && row.IsFor(own) ? allowed : 0;
        Int128 kept = 0;
        if (!policy.ProtectionsFor(pool.PoolId).IsEmpty)
        {
            foreach (var higher in policy.Classes)
            {
                if (higher == own)
                {
                    break;
                }
                var units = KeptFor(policy, pool.PoolId, higher, usage);
                if (units > 0)
                {
                    kept += units;
                    overbooking = Math.Min(overbooking, row is not null && row.IsFor(higher) ? allowed : 0);
                }
            }
        }
        // More is kept than a number can say: nothing is left, whatever is overbooked.
        return kept > long.MaxValue
            ? new Availability(pool.Free, Overbooking: 0, long.MaxValue)
            : new Availability(pool.Free, overbooking, (long)kept);
    }

    /// <summary>Units kept for a class beyond those that it has.</summary>
    public static long KeptFor(
        AllocationPolicy policy, string poolId, string priorityClass, Func<string, ScopeUsage> usage)
    {
        var row = policy.ProtectionFor(poolId, priorityClass);
        return row is null
            ? 0
            : Saturate(Int128.Max(0, row.Units - (Int128)UsedBy(policy, priorityClass, row.Counts, usage)));
    }

    /// <summary>Units that a class has, those of classes that count as it included.</summary>
    public static long UsedBy(
        AllocationPolicy policy, string priorityClass, UsageCount counts, Func<string, ScopeUsage> usage)
    {
        var used = Counted(usage(Scopes.OfClass(priorityClass)), counts);
        foreach (var mapping in policy.ClassMappings)
        {
            if (mapping.To == priorityClass && !policy.HasClass(mapping.From))
            {
                used += Counted(usage(Scopes.OfClass(mapping.From)), counts);
            }
        }
        return Saturate(used);
    }

    /// <summary>Units promised beyond supply and the greatest overbooking.</summary>
    public static long Deficit(AllocationPolicy policy, in PoolFigures pool, long t)
    {
        if (pool.Free >= 0)
        {
            return 0;
        }
        var overbooking = policy.OverbookingFor(pool.PoolId)?.UnitsAt(pool.Total, pool.ServiceAtMs, t) ?? 0;
        return Saturate(Int128.Max(0, -(Int128)pool.Free - overbooking));
    }

    /// <summary>What is published about a pool.</summary>
    public static PoolAvailability Publish(
        AllocationPolicy policy, PoolState pool, long t, Func<string, ScopeUsage> usage)
    {
        var figures = PoolFigures.Of(pool);
        var classes = new ClassAvailability[policy.Classes.Count];
        for (var index = 0; index < classes.Length; index++)
        {
            classes[index] = new ClassAvailability
            {
                Class = policy.Classes[index],
                Available = For(policy, figures, policy.Classes[index], t, usage).Available,
            };
        }
        var next = policy.OverbookingFor(pool.PoolId)?.NextChangeAfter(pool.Settings.ServiceAtMs, t);
        next = pool.NextTimerAtMs is { } timer && !(timer >= next) ? timer : next;
        return new PoolAvailability
        {
            PoolId = pool.PoolId,
            PoolSequence = pool.Sequence,
            TMs = t,
            PolicyVersion = policy.Version,
            Balances = pool.Balances,
            Deficit = pool.Deficit,
            Available = classes,
            ValidUntilMs = next is { } at ? Math.Max(at, t) : null,
        };
    }

    internal static Int128 Counted(ScopeUsage usage, UsageCount counts) =>
        counts == UsageCount.Lifetime ? (Int128)usage.Open + usage.Consumed : usage.Open;

    internal static long Saturate(Int128 value) =>
        value > long.MaxValue ? long.MaxValue : value < long.MinValue ? long.MinValue : (long)value;
}

/// <summary>The figures of a pool that its availability follows from.</summary>
/// <param name="PoolId">The pool.</param>
/// <param name="Free">FREE.</param>
/// <param name="Total">FREE + HELD + CONFIRMED + CONSUMED: what overbooking is a percentage of.</param>
/// <param name="ServiceAtMs">Its time of service, in milliseconds since 1970 UTC.</param>
public readonly record struct PoolFigures(string PoolId, long Free, long Total, long? ServiceAtMs)
{
    /// <summary>As a pool is.</summary>
    public static PoolFigures Of(PoolState pool)
    {
        var balances = pool.Balances;
        return new PoolFigures(
            pool.PoolId, balances.Free,
            Availability.Saturate((Int128)balances.Free + balances.Held + balances.Confirmed + balances.Consumed),
            pool.Settings.ServiceAtMs);
    }
}
