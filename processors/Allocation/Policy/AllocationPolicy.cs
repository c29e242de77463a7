using System.Collections.Immutable;
using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy;

/// <summary>
/// What may differ from one business to the next, as data: decision tables in which the first matching row wins and
/// every row has an id that shows up in the trace of a decision. A version never changes once it was in force. What the
/// importance of a pool entails is applied where its row is looked up, so no rule can forget it.
/// </summary>
public sealed record AllocationPolicy
{
    /// <summary>Version of the document, growing; 0 is the one that is shipped.</summary>
    public required int Version { get; init; }

    /// <summary>Bounds of what is kept and of what one record may do.</summary>
    public required PolicyLimits Limits { get; init; }

    /// <summary>Priority classes, highest first.</summary>
    public required ValueList<string> Classes { get; init; }

    /// <summary>What reservations of classes that are no longer there count as.</summary>
    public ValueList<ClassMapping> ClassMappings { get; init; } = [];

    /// <summary>Which class a request has that names none.</summary>
    public required PolicyTable<ClassRow> ClassTable { get; init; }

    /// <summary>How long a hold lives.</summary>
    public required PolicyTable<TtlRow> TtlTable { get; init; }

    /// <summary>What a confirmation, a release and a consumption may do beyond the plain case.</summary>
    public required PolicyTable<ConductRow> ConductTable { get; init; }

    /// <summary>How much pools matter; a pool without a row is Standard.</summary>
    public PolicyTable<ImportanceRow> ImportanceTable { get; init; } = [];

    /// <summary>Promises beyond what there is; none without a row.</summary>
    public PolicyTable<OverbookingRow> OverbookingTable { get; init; } = [];

    /// <summary>Units kept for a class.</summary>
    public PolicyTable<ProtectionRow> ProtectionTable { get; init; } = [];

    /// <summary>Limits by customer, channel, tier, dealer and class.</summary>
    public PolicyTable<QuotaRow> QuotaTable { get; init; } = [];

    /// <summary>Who may take units away from whom; nobody without a row.</summary>
    public PolicyTable<PreemptionRow> PreemptionTable { get; init; } = [];

    /// <summary>How requests wait; not at all without a row.</summary>
    public PolicyTable<WaitlistRow> WaitlistTable { get; init; } = [];

    /// <summary>What happens when promises are not covered; an operator's list without a row.</summary>
    public PolicyTable<DeficitRow> DeficitTable { get; init; } = [];

    /// <summary>What degraded modes change.</summary>
    public PolicyTable<ModeRow> ModeTable { get; init; } = [];

    /// <summary>
    /// How far a snapshot may differ from the ledger without a second one that agrees; null: any difference is applied.
    /// </summary>
    public DriftTolerance? Drift { get; init; }

    /// <summary>The row for a request that names no class.</summary>
    public ClassRow ClassFor(
        string poolId, string? channel, string? tier, IReadOnlyDictionary<string, string>? attributes = null)
    {
        foreach (var row in ClassTable.For(poolId))
        {
            if (row.Matches(channel, tier, attributes))
            {
                return row;
            }
        }
        throw NoRow("class", poolId);
    }

    /// <summary>Whether the policy knows the class.</summary>
    public bool HasClass(string priorityClass) => RankOf(priorityClass) >= 0;

    /// <summary>Place of the class among the classes, 0 for the highest; -1 for one that the policy lacks.</summary>
    public int RankOf(string priorityClass)
    {
        for (var rank = 0; rank < Classes.Count; rank++)
        {
            if (Classes[rank] == priorityClass)
            {
                return rank;
            }
        }
        return -1;
    }

    /// <summary>What a reservation of this class counts as: the class itself, or what a removed one maps to.</summary>
    public string ClassToday(string priorityClass)
    {
        if (ClassMappings.Count == 0 || HasClass(priorityClass))
        {
            return priorityClass;
        }
        foreach (var mapping in ClassMappings)
        {
            if (mapping.From == priorityClass)
            {
                return mapping.To;
            }
        }
        return priorityClass;
    }

    /// <summary>The row for the life of a hold; on a cheap pool with its bound, and the id of that row too.</summary>
    public TtlRow TtlFor(string poolId, string priorityClass)
    {
        foreach (var row in TtlTable.For(poolId))
        {
            if (row.Class is null || row.Class == priorityClass)
            {
                return ImportanceTable.Count > 0
                    && ImportanceTable.First(poolId) is { MaximumTtlMs: { } bound } importance && bound < row.MaximumMs
                    ? row with
                    {
                        Id = $"{row.Id}, {importance.Id}",
                        MinimumMs = Math.Min(row.MinimumMs, bound),
                        DefaultMs = Math.Min(row.DefaultMs, bound),
                        MaximumMs = bound,
                    }
                    : row;
            }
        }
        throw NoRow("ttl", poolId);
    }

    /// <summary>The row for what is allowed beyond the plain case; confirmations on critical pools stay.</summary>
    public ConductRow ConductFor(string poolId)
    {
        var row = ConductTable.First(poolId) ?? throw NoRow("conduct", poolId);
        return row.IsRevocable && IsCritical(poolId) ? row with { IsRevocable = false } : row;
    }

    /// <summary>The id of the row that says whether confirmed units of the pool may be revoked.</summary>
    public string RevocableRowFor(string poolId) =>
        ConductTable.First(poolId) is { IsRevocable: true } && IsCritical(poolId)
            ? ImportanceTable.First(poolId)!.Id
            : ConductFor(poolId).Id;

    /// <summary>How much the pool matters.</summary>
    public PoolImportance ImportanceOf(string poolId) =>
        ImportanceTable.First(poolId)?.Importance ?? PoolImportance.Standard;

    /// <summary>The row for promises beyond what there is; null: none.</summary>
    public OverbookingRow? OverbookingFor(string poolId) =>
        OverbookingTable.First(poolId) is { Kind: not OverbookingKind.None } row && !IsCritical(poolId) ? row : null;

    /// <summary>
    /// The rows for units kept for classes, in the order of the table; the first of each class counts. Empty: none.
    /// </summary>
    public ImmutableArray<ProtectionRow> ProtectionsFor(string poolId) => ProtectionTable.For(poolId);

    /// <summary>The row for units kept for the class; null: none.</summary>
    public ProtectionRow? ProtectionFor(string poolId, string priorityClass)
    {
        foreach (var row in ProtectionTable.For(poolId))
        {
            if (row.Class == priorityClass)
            {
                return row;
            }
        }
        return null;
    }

    /// <summary>
    /// The rows for limits in the pool, in the order of the table; the first of each scope and value counts.
    /// Empty: none.
    /// </summary>
    public ImmutableArray<QuotaRow> QuotasFor(string poolId) => QuotaTable.For(poolId);

    /// <summary>The row for one customer, channel, tier, dealer or class in the pool; null: no limit.</summary>
    public QuotaRow? QuotaFor(string poolId, QuotaScope scope, string value)
    {
        foreach (var row in QuotaTable.For(poolId))
        {
            if (row.Scope == scope && (row.Value is null || row.Value == value))
            {
                return row;
            }
        }
        return null;
    }

    /// <summary>The first row that grants nothing to those who name nobody in the scope; null: they are not limited.
    /// </summary>
    public QuotaRow? QuotaForNobody(string poolId, QuotaScope scope)
    {
        foreach (var row in QuotaTable.For(poolId))
        {
            if (row.Scope == scope && row.IsRequired)
            {
                return row;
            }
        }
        return null;
    }

    /// <summary>The row for what the class may take away from others in the pool; null: nothing.</summary>
    public PreemptionRow? PreemptionFor(string poolId, string priorityClass)
    {
        foreach (var row in PreemptionTable.For(poolId))
        {
            if (row.Class == priorityClass)
            {
                return row.IncludeConfirmed && IsCritical(poolId) ? row with { IncludeConfirmed = false } : row;
            }
        }
        return null;
    }

    /// <summary>The row for waiting in the pool; null: nobody waits.</summary>
    public WaitlistRow? WaitlistFor(string poolId) =>
        WaitlistTable.First(poolId) is { Order: not WaitlistOrder.None } row
        && ImportanceOf(poolId) != PoolImportance.Cheap ? row : null;

    /// <summary>The row for promises that are not covered; null: an operator's list.</summary>
    public DeficitRow? DeficitFor(string poolId) => DeficitTable.First(poolId);

    /// <summary>What the mode changes in the pool; null: nothing.</summary>
    public ModeRow? ModeFor(string poolId, string mode)
    {
        foreach (var row in ModeTable.For(poolId))
        {
            if (row.Mode == mode)
            {
                return IsCritical(poolId) ? null : row;
            }
        }
        return null;
    }

    private bool IsCritical(string poolId) => ImportanceOf(poolId) == PoolImportance.Critical;

    private InvalidOperationException NoRow(string table, string poolId) => new(
        $"Policy {Version} has no {table} row for pool {poolId}; its last row must match everything.");
}
