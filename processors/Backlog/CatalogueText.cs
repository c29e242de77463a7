using Alloc.Processors.Catalogue;
using Alloc.Schemas.Operations;

namespace Alloc.Processors.Backlog;

/// <summary>Reads the document of a catalogue record.</summary>
internal static class CatalogueText
{
    private const int ProblemsTold = 3;

    /// <summary>The catalogue; where it cannot be read, what is made of the reason is thrown.</summary>
    public static OperationsCatalogue Parse(CatalogueInForce inForce, Func<string, Exception> fault)
    {
        var reading = CatalogueRecords.Read(inForce);
        return reading.Catalogue ?? throw fault(
            $"version {inForce.Version} of the operations catalogue cannot be read: "
            + string.Join(" ", reading.Errors.Take(ProblemsTold).Select(e => e.Show())));
    }
}
