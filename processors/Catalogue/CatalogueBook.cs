using Alloc.Engine.Processing;
using Alloc.Schemas.Operations;

namespace Alloc.Processors.Catalogue;

/// <summary>The operations catalogue that counts; the shipped one until another comes.</summary>
internal sealed class CatalogueBook
{
    private const int ProblemsTold = 3;

    private Dictionary<string, StageRow> rows = RowsOf(OperationsCatalogue.Shipped);

    /// <summary>The catalogue in force.</summary>
    public OperationsCatalogue InForce { get; private set; } = OperationsCatalogue.Shipped;

    /// <summary>Its version.</summary>
    public int Version => InForce.Version;

    /// <summary>Its stages.</summary>
    public IEnumerable<string> StageIds => rows.Keys;

    /// <summary>The row of a stage; null: it has none.</summary>
    public StageRow? StageOf(string stageId) => rows.GetValueOrDefault(stageId);

    /// <summary>Takes over a catalogue; false where it is the one in force, or older.</summary>
    /// <exception cref="BadRecordException">It cannot be read.</exception>
    public bool Replace(CatalogueInForce inForce)
    {
        if (inForce.Version <= Version)
        {
            return false;
        }
        Use(Parse(inForce, problems => new BadRecordException(problems)
        {
            Kind = BadRecordKind.Unreadable,
        }));
        return true;
    }

    /// <summary>Takes over what state holds.</summary>
    public void Restore(CatalogueInForce inForce) =>
        Use(Parse(inForce, problems => new TaskCorruptedException(problems)));

    private static Dictionary<string, StageRow> RowsOf(OperationsCatalogue catalogue) =>
        catalogue.Stages.ToDictionary(s => s.Id, StringComparer.Ordinal);

    private void Use(OperationsCatalogue catalogue)
    {
        InForce = catalogue;
        rows = RowsOf(catalogue);
    }

    private static OperationsCatalogue Parse(CatalogueInForce inForce, Func<string, Exception> fault)
    {
        var reading = CatalogueRecords.Read(inForce);
        return reading.Catalogue ?? throw fault(
            $"version {inForce.Version} of the operations catalogue cannot be read: "
            + string.Join(" ", reading.Errors.Take(ProblemsTold).Select(e => e.Show())));
    }
}
