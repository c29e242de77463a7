namespace Alloc.Processors.Allocation.Policy;

/// <summary>
/// What may differ from one business to the next, as data: decision tables in which the first matching row wins and
/// every row has an id that shows up in the trace of a decision. A version never changes once it was in force.
/// </summary>
public sealed record AllocationPolicy
{
    /// <summary>Version of the document, growing; 0 is the one that is shipped.</summary>
    public required int Version { get; init; }

    /// <summary>Bounds of what is kept and of what one record may do.</summary>
    public required PolicyLimits Limits { get; init; }

    /// <summary>Priority classes, highest first.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Which class a request has that names none.</summary>
    public required IReadOnlyList<ClassRow> ClassTable { get; init; }

    /// <summary>How long a hold lives.</summary>
    public required IReadOnlyList<TtlRow> TtlTable { get; init; }

    /// <summary>What a confirmation, a release and a consumption may do beyond the plain case.</summary>
    public required IReadOnlyList<ConductRow> ConductTable { get; init; }

    /// <summary>
    /// How far a snapshot may differ from the ledger without a second one that agrees; null: any difference is applied.
    /// </summary>
    public DriftTolerance? Drift { get; init; }

    /// <summary>The row for a request that names no class.</summary>
    public ClassRow ClassFor(string poolId, string? channel, string? tier)
    {
        foreach (var row in ClassTable)
        {
            if (row.Pools.Matches(poolId) && (row.Channel is null || row.Channel == channel)
                && (row.Tier is null || row.Tier == tier))
            {
                return row;
            }
        }
        throw new InvalidOperationException(
            $"Policy {Version} has no class row for pool {poolId}; its last row must match everything.");
    }

    /// <summary>The row for the life of a hold.</summary>
    public TtlRow TtlFor(string poolId, string priorityClass)
    {
        foreach (var row in TtlTable)
        {
            if (row.Pools.Matches(poolId) && (row.Class is null || row.Class == priorityClass))
            {
                return row;
            }
        }
        throw new InvalidOperationException(
            $"Policy {Version} has no ttl row for pool {poolId}; its last row must match everything.");
    }

    /// <summary>The row for what is allowed beyond the plain case.</summary>
    public ConductRow ConductFor(string poolId)
    {
        foreach (var row in ConductTable)
        {
            if (row.Pools.Matches(poolId))
            {
                return row;
            }
        }
        throw new InvalidOperationException(
            $"Policy {Version} has no conduct row for pool {poolId}; its last row must match everything.");
    }

    /// <summary>Whether the policy knows the class.</summary>
    public bool HasClass(string priorityClass)
    {
        foreach (var known in Classes)
        {
            if (known == priorityClass)
            {
                return true;
            }
        }
        return false;
    }
}

/// <summary>Pool ids: a text that ends in <c>*</c> is a prefix, any other is one pool.</summary>
public readonly record struct PoolPattern(string Text)
{
    /// <summary>Every pool.</summary>
    public static PoolPattern All { get; } = new("*");

    /// <summary>Whether the pool belongs to the pattern.</summary>
    public bool Matches(string poolId) => Text.EndsWith('*')
        ? poolId.AsSpan().StartsWith(Text.AsSpan(0, Text.Length - 1), StringComparison.Ordinal)
        : poolId == Text;
}

/// <summary>Requests of a channel and tier (null: any) on these pools have this class.</summary>
public sealed record ClassRow(string Id, PoolPattern Pools, string? Channel, string? Tier, string Class);

/// <summary>
/// Holds of a class (null: any) on these pools live this long, in milliseconds, and may be extended so often.
/// </summary>
public sealed record TtlRow(
    string Id, PoolPattern Pools, string? Class, long MinimumMs, long DefaultMs, long MaximumMs, int ExtensionLimit);

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
    string Id, PoolPattern Pools, bool LateConfirm, bool IsRevocable, bool ConsumeFromHeld, long GroupRevocableMs);

/// <summary>The greater of both is tolerated.</summary>
/// <param name="Absolute">Units.</param>
/// <param name="Percent">Percent of what the ledger expects.</param>
public sealed record DriftTolerance(long Absolute, int Percent);

/// <summary>Bounds. Times in milliseconds.</summary>
public sealed record PolicyLimits
{
    /// <summary>How long command ids are remembered; a command issued longer ago is rejected as TooOld.</summary>
    public required long CommandRetentionMs { get; init; }

    /// <summary>How long ended reservations are remembered.</summary>
    public required long ReservationRetentionMs { get; init; }

    /// <summary>How long ids of consumptions and returns are remembered.</summary>
    public required long ConsumeRetentionMs { get; init; }

    /// <summary>
    /// Grace G: how long a command waits for what it needs, and a missing sequence before it is a gap.
    /// </summary>
    public required long GraceMs { get; init; }

    /// <summary>How far a producer's clock may be ahead of the log.</summary>
    public required long MaximumClockSkewMs { get; init; }

    /// <summary>Greatest quantity in a command, in units.</summary>
    public required long MaximumQuantity { get; init; }

    /// <summary>Most lines in a request.</summary>
    public required int MaximumLines { get; init; }

    /// <summary>Most attributes in a request.</summary>
    public required int MaximumAttributes { get; init; }

    /// <summary>Longest id or reference, in characters.</summary>
    public required int MaximumIdLength { get; init; }

    /// <summary>Most timers that fire for one record; the rest fire before the next.</summary>
    public required int TimersPerRecord { get; init; }

    /// <summary>Most commands parked for one reservation.</summary>
    public required int ParkedPerReservation { get; init; }

    /// <summary>Most commands parked in one pool.</summary>
    public required int ParkedPerPool { get; init; }

    /// <summary>Most expiries looked at to tell when enough units would be free.</summary>
    public required int ExpiriesLookedAt { get; init; }

    /// <summary>Most ranges of missing sequences remembered for one source and pool.</summary>
    public required int MissingRanges { get; init; }
}
