namespace Alloc.Processors.Allocation.Policy;

/// <summary>
/// What may differ from one business to the next, as data: decision tables in which the first matching row wins and
/// every row has an id that shows up in the trace of a decision. A version never changes once it was in force.
/// </summary>
public sealed partial record AllocationPolicy
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
}
