using Alloc.Processors.Documents;

namespace Alloc.Processors.Catalogue;

/// <summary>What reading a catalogue gave: the catalogue, or everything that is wrong with it.</summary>
/// <param name="Catalogue">The catalogue; null where there are errors.</param>
/// <param name="Errors">What is wrong, in the order of the document, at most 100.</param>
/// <param name="Notes">What is right and still worth knowing.</param>
public sealed record CatalogueReading(
    OperationsCatalogue? Catalogue, IReadOnlyList<DocumentProblem> Errors, IReadOnlyList<DocumentProblem> Notes);

/// <summary>
/// Reads a catalogue and checks it: JSON, which travels on the log, or YAML, which people may prefer to write. Pure: no
/// file and no clock.
/// </summary>
public static class CatalogueReader
{
    /// <summary>Longest document, in bytes of UTF-8.</summary>
    public const int MaximumSize = 256 << 10;

    internal static readonly DocumentKind Kind = new("catalogue", MaximumSize, "Write shorter texts.");

    /// <summary>Reads a JSON document: what a task does with the document of a control record.</summary>
    /// <param name="text">The document.</param>
    /// <param name="previous">The catalogue that it replaces, for notes about what is gone; null: none.</param>
    public static CatalogueReading Parse(string text, OperationsCatalogue? previous = null) =>
        Read(Kind.ReadJson(text, out var problem), problem, previous);

    /// <summary>Reads what a person wrote: JSON where it begins with a brace, else YAML.</summary>
    /// <param name="text">The document.</param>
    /// <param name="previous">The catalogue that it replaces, for notes about what is gone; null: none.</param>
    public static CatalogueReading ParseAny(string text, OperationsCatalogue? previous = null) =>
        Read(Kind.ReadAny(text, out var problem), problem, previous);

    private static CatalogueReading Read(
        DocumentNode? root, DocumentProblem? problem, OperationsCatalogue? previous)
    {
        if (root is null)
        {
            return new CatalogueReading(null, [problem!], []);
        }
        var problems = new ProblemList(Kind.Name);
        var tables = new CatalogueTables(problems);
        var catalogue = tables.Read(root);
        if (catalogue is not null && !problems.HasErrors)
        {
            CatalogueChecks.Run(tables, new FieldReader(root, "", problems), previous);
        }
        return problems.HasErrors
            ? new CatalogueReading(null, problems.Errors, [])
            : new CatalogueReading(catalogue, [], problems.Notes);
    }
}
