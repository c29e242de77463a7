using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy;

/// <summary>How overbooking is worked out.</summary>
public enum OverbookingKind
{
    /// <summary>None.</summary>
    None,

    /// <summary>A number of units.</summary>
    Fixed,

    /// <summary>A percentage of the pool's units.</summary>
    Percent,

    /// <summary>A percentage of the pool's units that falls as the time of service nears.</summary>
    Curve,
}

/// <summary>
/// A step of a curve: while at least <paramref name="BeforeServiceMs"/> milliseconds are left to the time of service,
/// and no earlier step says otherwise, <paramref name="Percent"/> percent.
/// </summary>
public sealed record CurveStep(long BeforeServiceMs, int Percent);

/// <summary>How many more units than there are may be promised in each of these pools.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Pools">The pools; each has its own count.</param>
/// <param name="Kind">How it is worked out.</param>
/// <param name="Units">Fixed only: units.</param>
/// <param name="Percent">Percent only: percent of FREE + HELD + CONFIRMED + CONSUMED, rounded down.</param>
/// <param name="Curve">Curve only: its steps, the longest time before service first. With less time left than the last
/// step says, and where a pool has no time of service, there is no overbooking.</param>
/// <param name="Classes">The classes that may use it; null: every class.</param>
public sealed record OverbookingRow(
    string Id,
    PoolPattern Pools,
    OverbookingKind Kind,
    long Units = 0,
    int Percent = 0,
    ValueList<CurveStep>? Curve = null,
    ValueList<string>? Classes = null) : IPolicyRow
{
    /// <summary>Whether the class may use it.</summary>
    public bool IsFor(string priorityClass) => Classes is null || Classes.Contains(priorityClass);

    /// <summary>The units of overbooking at <paramref name="t"/>, never below 0.</summary>
    /// <param name="total">FREE + HELD + CONFIRMED + CONSUMED, in units.</param>
    /// <param name="serviceAtMs">The pool's time of service, milliseconds since 1970; null: it has none.</param>
    /// <param name="t">The time, milliseconds since 1970.</param>
    public long UnitsAt(long total, long? serviceAtMs, long t) => Kind switch
    {
        OverbookingKind.Fixed => Units,
        OverbookingKind.Percent => Of(Percent, total),
        OverbookingKind.Curve => Of(PercentAt(serviceAtMs, t), total),
        _ => 0,
    };

    /// <summary>When the curve next changes after <paramref name="t"/>; null: never.</summary>
    public long? NextChangeAfter(long? serviceAtMs, long t)
    {
        if (Kind != OverbookingKind.Curve || Curve is null || serviceAtMs is not { } serviceAt)
        {
            return null;
        }
        foreach (var step in Curve)
        {
            // A step holds up to and with its last millisecond; the change is the one after it.
            var change = serviceAt - step.BeforeServiceMs + 1;
            if (change > t)
            {
                return change;
            }
        }
        return null;
    }

    private int PercentAt(long? serviceAtMs, long t)
    {
        if (Curve is null || serviceAtMs is not { } serviceAt)
        {
            return 0;
        }
        var left = serviceAt - t;
        foreach (var step in Curve)
        {
            if (left >= step.BeforeServiceMs)
            {
                return step.Percent;
            }
        }
        return 0;
    }

    private static long Of(int percent, long total) =>
        total <= 0 ? 0 : (long)Int128.Min(long.MaxValue, (Int128)percent * total / 100);
}
