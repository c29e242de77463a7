using Alloc.Processors.Documents;

namespace Alloc.Processors.Catalogue;

/// <summary>What happened to a row.</summary>
public enum CatalogueChangeKind
{
    /// <summary>A field has another value.</summary>
    Changed,

    /// <summary>The row is new.</summary>
    Added,

    /// <summary>The row is gone.</summary>
    Removed,

    /// <summary>The rows that both have come in another order, which ranks modes and rules.</summary>
    Reordered,
}

/// <summary>One difference between two catalogues.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Table">The table: <c>stages</c>, <c>modes</c>, <c>effects</c>, <c>classes</c>,
/// <c>shadowRules</c>.</param>
/// <param name="Row">The row's id; empty where it concerns the table.</param>
/// <param name="Field">The field; null where it concerns the row as a whole.</param>
/// <param name="Was">What it was; null: it was not there.</param>
/// <param name="WillBe">What it will be; null: it will not be there.</param>
public sealed record CatalogueChange(
    CatalogueChangeKind Kind, string Table, string Row, string? Field, string? Was, string? WillBe)
{
    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        CatalogueChangeKind.Changed => $"{Table}[{Row}].{Field} {Was ?? "absent"} → {WillBe ?? "absent"}",
        CatalogueChangeKind.Reordered => $"{Table} in the order {WillBe}",
        var kind => $"{Table}[{Row}] {(kind == CatalogueChangeKind.Added ? "is new" : "is gone")}",
    };
}

/// <summary>Compares two catalogues, row by row and field by field.</summary>
public static class CatalogueDifferences
{
    private static readonly string[] Tables = ["stages", "modes", "effects", "classes", "shadowRules"];

    /// <summary>The differences, in the order of the later catalogue; versions are not compared.</summary>
    public static IReadOnlyList<CatalogueChange> Between(OperationsCatalogue was, OperationsCatalogue willBe)
    {
        var (before, after) = (Node(was), Node(willBe));
        return [.. Tables.SelectMany(table => Compare(table, Rows(before, table), Rows(after, table)))];
    }

    private static IEnumerable<CatalogueChange> Compare(
        string table, IReadOnlyList<DocumentNode> before, IReadOnlyList<DocumentNode> after)
    {
        var known = before.ToDictionary(Id, StringComparer.Ordinal);
        var kept = after.Select(Id).Where(known.ContainsKey).ToList();
        foreach (var row in after)
        {
            if (!known.TryGetValue(Id(row), out var earlier))
            {
                yield return new CatalogueChange(CatalogueChangeKind.Added, table, Id(row), null, null, Shown(row));
                continue;
            }
            foreach (var field in row.Fields!.Concat(earlier.Fields!).Select(field => field.Name).Distinct())
            {
                var (old, now) = (Text(earlier[field]), Text(row[field]));
                if (old != now)
                {
                    yield return new CatalogueChange(
                        CatalogueChangeKind.Changed, table, Id(row), field, old, now);
                }
            }
        }
        foreach (var row in before.Where(row => !kept.Contains(Id(row))))
        {
            yield return new CatalogueChange(CatalogueChangeKind.Removed, table, Id(row), null, Shown(row), null);
        }
        var order = before.Select(Id).Where(kept.Contains).ToList();
        if (!order.SequenceEqual(kept))
        {
            yield return new CatalogueChange(
                CatalogueChangeKind.Reordered, table, "", null, string.Join(", ", order), string.Join(", ", kept));
        }
    }

    private static DocumentNode Node(OperationsCatalogue catalogue) =>
        CatalogueReader.Kind.ReadJson(CatalogueDocument.Write(catalogue), out _)!;

    private static IReadOnlyList<DocumentNode> Rows(DocumentNode document, string table) =>
        document[table]?.Items ?? [];

    private static string Id(DocumentNode row) => row["id"]!.Text;

    private static string Shown(DocumentNode row) => string.Join(
        ", ", row.Fields!.Where(field => field.Name != "id").Select(field => $"{field.Name} {Text(field.Value)}"));

    private static string? Text(DocumentNode? value) => value is { Kind: NodeKind.List }
        ? string.Join(", ", value.Items!.Select(item => item.Text)) : value?.Text;
}
