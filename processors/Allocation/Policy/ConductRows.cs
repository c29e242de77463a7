using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy;

/// <summary>
/// Requests of a channel and tier (null: any) with these attributes (null: any) on these pools have this class.
/// </summary>
public sealed record ClassRow(string Id, PoolPattern Pools, string? Channel, string? Tier, string Class) : IPolicyRow
{
    /// <summary>Attributes that a request must have, all of them; null: any.</summary>
    public ValueList<AttributeMatch>? Attributes { get; init; }

    internal bool Matches(string? channel, string? tier, IReadOnlyDictionary<string, string>? attributes)
    {
        if ((Channel is not null && Channel != channel) || (Tier is not null && Tier != tier))
        {
            return false;
        }
        if (Attributes is null)
        {
            return true;
        }
        foreach (var wanted in Attributes)
        {
            if (attributes is null || !attributes.TryGetValue(wanted.Name, out var value) || value != wanted.Value)
            {
                return false;
            }
        }
        return true;
    }
}

/// <summary>An attribute of a request and the value it must have.</summary>
public sealed record AttributeMatch(string Name, string Value);

/// <summary>Reservations of a class that the policy no longer has count as this one.</summary>
public sealed record ClassMapping(string From, string To);

/// <summary>
/// Holds of a class (null: any) on these pools live this long, in milliseconds, and may be extended so often.
/// </summary>
public sealed record TtlRow(
    string Id, PoolPattern Pools, string? Class, long MinimumMs, long DefaultMs, long MaximumMs, int ExtensionLimit)
    : IPolicyRow;

/// <summary>What is allowed on these pools beyond the plain case.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Pools">The pools.</param>
/// <param name="LateConfirm">A confirmation may grant again what expiry or preemption took.</param>
/// <param name="IsRevocable">Confirmed units may be released.</param>
/// <param name="ConsumeFromHeld">A consumption whose confirmation never came takes held units before it is an
/// orphan.</param>
/// <param name="GroupRevocableMs">How long after its confirmation GroupAborted revokes a group's units, in
/// milliseconds.</param>
public sealed record ConductRow(
    string Id, PoolPattern Pools, bool LateConfirm, bool IsRevocable, bool ConsumeFromHeld, long GroupRevocableMs)
    : IPolicyRow;

/// <summary>The greater of both is tolerated.</summary>
/// <param name="Absolute">Units.</param>
/// <param name="Percent">Percent of what the ledger expects.</param>
public sealed record DriftTolerance(long Absolute, int Percent);

/// <summary>How much a pool matters.</summary>
public enum PoolImportance
{
    /// <summary>As the other tables say.</summary>
    Standard,

    /// <summary>No overbooking, no degraded modes, and only an operator revokes a confirmation.</summary>
    Critical,

    /// <summary>Holds live no longer than a bound, and nobody waits.</summary>
    Cheap,
}

/// <summary>How much these pools matter, and what that entails whatever the other tables say.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Pools">The pools.</param>
/// <param name="Importance">How much they matter.</param>
/// <param name="MaximumTtlMs">Cheap pools only: the longest life of a hold, in milliseconds.</param>
public sealed record ImportanceRow(
    string Id, PoolPattern Pools, PoolImportance Importance, long? MaximumTtlMs = null) : IPolicyRow;

/// <summary>What a degraded mode changes.</summary>
public enum ModeEffect
{
    /// <summary>A hold that falls due is extended, once and to the cap, instead of expiring.</summary>
    ExtendHolds,

    /// <summary>New holds are rejected as DegradedMode.</summary>
    RejectHolds,

    /// <summary>Requests of the row's classes wait instead of being granted; those that cannot wait are rejected as
    /// ClassMustWait.</summary>
    WaitlistClasses,

    /// <summary>New holds live no longer than the cap; those that there are keep their expiry.</summary>
    ShortenTtl,
}

/// <summary>What a degraded mode changes on these pools.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Mode">Name of the mode.</param>
/// <param name="Pools">The pools.</param>
/// <param name="Effect">What it changes.</param>
/// <param name="CapMs">ExtendHolds: most that it adds; ShortenTtl: longest life of a new hold; in milliseconds. Else 0.
/// </param>
public sealed record ModeRow(string Id, string Mode, PoolPattern Pools, ModeEffect Effect, long CapMs) : IPolicyRow
{
    /// <summary>The classes that it concerns; null: every class.</summary>
    public ValueList<string>? Classes { get; init; }

    /// <summary>Whether the effect has a bound in time.</summary>
    internal static bool HasCap(ModeEffect effect) => effect is ModeEffect.ExtendHolds or ModeEffect.ShortenTtl;
}
