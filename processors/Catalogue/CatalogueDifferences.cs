using Alloc.Processors.Documents;

namespace Alloc.Processors.Catalogue;

/// <summary>Compares two catalogues, row by row and field by field.</summary>
public static class CatalogueDifferences
{
    private static readonly string[] Tables = ["stages", "modes", "effects", "classes", "shadowRules"];

    /// <summary>The differences, in the order of the later catalogue; versions are not compared.</summary>
    public static IReadOnlyList<DocumentChange> Between(OperationsCatalogue was, OperationsCatalogue willBe)
    {
        var (before, after) = (Node(was), Node(willBe));
        return [.. Tables.SelectMany(table => DocumentDifferences.OfTable(before, after, table))];
    }

    private static DocumentNode Node(OperationsCatalogue catalogue) =>
        CatalogueReader.Kind.ReadJson(CatalogueDocument.Write(catalogue), out _)!;
}
