using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Documents;

namespace Alloc.Processors.Catalogue;

/// <summary>What a mode looks at in its stage.</summary>
public enum ModeMeasure
{
    /// <summary>Share of the waiting work that is beyond its SLA.</summary>
    BreachedShare,

    /// <summary>Age of the work that has waited longest.</summary>
    OldestAge,

    /// <summary>Time until nothing waits at today's rates; infinite is above every threshold.</summary>
    DrainTime,
}

/// <summary>What a mode changes. The first four change decisions of the ledger, the last two workflows.</summary>
public enum DegradedEffect
{
    /// <summary>A hold that falls due lives longer, once and to the cap.</summary>
    ExtendHolds,

    /// <summary>New holds are rejected.</summary>
    RejectHolds,

    /// <summary>Requests of the named classes wait instead of being granted.</summary>
    WaitlistClasses,

    /// <summary>New holds live as long as the cap says, at most.</summary>
    ShortenTtl,

    /// <summary>What a machine would decide, a person decides.</summary>
    ManualReview,

    /// <summary>Payments are authorised later.</summary>
    LaterAuthorization,
}

/// <summary>A degraded mode: switched on and off by a measure of a stage.</summary>
/// <param name="Id">Name of the mode; for effects on the ledger that of the policy's <c>modes</c> rows.</param>
/// <param name="Stage">The stage that it looks at.</param>
/// <param name="Measure">What it looks at there.</param>
/// <param name="OnAt">Switched on at this value or above: a share from 0 to 1, or milliseconds.</param>
/// <param name="OffAt">Switched off below this value, never above <paramref name="OnAt"/>; the same unit.</param>
/// <param name="MinimumDwell">How long it stays on, or off, at least.</param>
/// <param name="Effect">What it changes.</param>
/// <param name="CapMs">Bound of what it changes, in milliseconds; null where the effect has none.</param>
/// <param name="Pools">Pools that it concerns; empty: all that are not critical.</param>
/// <param name="Classes">Priority classes that it concerns; empty: all.</param>
public sealed record ModeRow(
    string Id, string Stage, ModeMeasure Measure, double OnAt, double OffAt, TimeSpan MinimumDwell,
    DegradedEffect Effect, long? CapMs, ValueList<PoolPattern> Pools, ValueList<string> Classes)
{
    /// <summary>Whether it changes decisions of the ledger, and not workflows.</summary>
    public bool ActsOnLedger => Effect is not (DegradedEffect.ManualReview or DegradedEffect.LaterAuthorization);

    /// <summary>Whether it concerns a pool, critical pools aside.</summary>
    public bool Concerns(string poolId)
    {
        foreach (var pattern in Pools)
        {
            if (pattern.Matches(poolId))
            {
                return true;
            }
        }
        return Pools.Count == 0;
    }

    /// <summary>Whether both change decisions of the ledger about one pool, which never happens at once.</summary>
    public bool SharesPoolsWith(ModeRow other) => ActsOnLedger && other.ActsOnLedger
        && (Pools.Count == 0 || other.Pools.Count == 0
            || Pools.Any(pattern => other.Pools.Any(pattern.Overlaps)));
}
