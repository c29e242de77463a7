using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Operations;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Differences;

/// <summary>The operations catalogue of a partition, which says how long what may stand.</summary>
internal sealed class PartitionCatalogue
{
    private readonly CatalogueBook book = new();
    private readonly IProcessorContext context;
    private readonly IKeyValueStore<string, CatalogueInForce> store;

    public PartitionCatalogue(IProcessorContext context, DifferenceStores stores)
    {
        this.context = context;
        store = context.GetStore<IKeyValueStore<string, CatalogueInForce>>(stores.Catalogue);
        if (store.Get(DifferenceStores.CatalogueKey) is { } inForce)
        {
            book.Restore(inForce);
            AppliedAtMs = inForce.AppliedAtMs;
        }
    }

    /// <summary>The version in force.</summary>
    public int Version => book.Version;

    /// <summary>The catalogue in force.</summary>
    public OperationsCatalogue InForce => book.InForce;

    /// <summary>When it was applied, milliseconds since 1970 UTC; 0 for the shipped one.</summary>
    public long AppliedAtMs { get; private set; }

    /// <summary>Takes up what every partition is told; true: another catalogue is in force.</summary>
    public bool Obey(string? key, ReconciliationControl control)
    {
        if (key != CatalogueRecords.Key || control.Catalogue is not { } inForce)
        {
            context.ReportUnusual(UnusualRecord.UnknownControl);
            return false;
        }
        if (!book.Replace(inForce))
        {
            return false;
        }
        AppliedAtMs = inForce.AppliedAtMs;
        store.Put(DifferenceStores.CatalogueKey, inForce);
        return true;
    }

    /// <summary>What the class says; where it says nothing, what is given.</summary>
    public Tolerance Of(MismatchClass mismatch, Tolerance otherwise)
    {
        var row = book.InForce.Class(mismatch);
        return (row.Tolerance is { } time ? new Tolerance(time, "class") : otherwise) with { Follows = row.Follows };
    }

    /// <summary>Whether the tolerance of a class follows its lag, which is measured only then.</summary>
    public bool Follows(MismatchClass mismatch) => book.InForce.Class(mismatch).Follows is not null;

    /// <summary>The SLA of a stage; null: the catalogue has no such stage.</summary>
    public Tolerance? OfStage(string stageId) =>
        book.StageOf(stageId) is { } row ? new Tolerance(row.Sla, $"stage {stageId}") : null;
}
