namespace Alloc.Processors.Documents;

/// <summary>Compares two canonical documents of a kind: tables row by row, rows and objects field by field.</summary>
internal static class DocumentDifferences
{
    /// <summary>The differences of a table, in the order of the later document.</summary>
    /// <param name="before">The earlier document.</param>
    /// <param name="after">The later document.</param>
    /// <param name="table">The table; where it is absent it has no rows.</param>
    /// <param name="namedBy">The field that names a row, each another one.</param>
    /// <param name="isRanked">Whether the order of rows says something.</param>
    public static IEnumerable<DocumentChange> OfTable(
        DocumentNode before, DocumentNode after, string table, string namedBy = "id", bool isRanked = true)
    {
        var (was, willBe) = (before[table]?.Items ?? [], after[table]?.Items ?? []);
        var known = was.ToDictionary(Name, StringComparer.Ordinal);
        var kept = willBe.Select(Name).Where(known.ContainsKey).ToList();
        foreach (var row in willBe)
        {
            if (!known.TryGetValue(Name(row), out var earlier))
            {
                yield return new DocumentChange(DocumentChangeKind.Added, table, Name(row), null, null, Shown(row));
                continue;
            }
            foreach (var change in OfFields(table, Name(row), earlier, row))
            {
                yield return change;
            }
        }
        foreach (var row in was.Where(row => !kept.Contains(Name(row))))
        {
            yield return new DocumentChange(DocumentChangeKind.Removed, table, Name(row), null, Shown(row), null);
        }
        var order = was.Select(Name).Where(kept.Contains).ToList();
        if (isRanked && !order.SequenceEqual(kept))
        {
            yield return new DocumentChange(
                DocumentChangeKind.Reordered, table, "", null, string.Join(", ", order), string.Join(", ", kept));
        }

        string Name(DocumentNode row) => row[namedBy]!.Text;

        string Shown(DocumentNode row) => string.Join(
            ", ", Leaves(row).Where(leaf => leaf.Path != namedBy).Select(leaf => $"{leaf.Path} {leaf.Text}"));
    }

    /// <summary>The differences of an object that both documents have.</summary>
    public static IEnumerable<DocumentChange> OfObject(DocumentNode before, DocumentNode after, string name) =>
        OfFields(name, "", before[name]!, after[name]!);

    private static IEnumerable<DocumentChange> OfFields(
        string table, string row, DocumentNode before, DocumentNode after)
    {
        var (was, willBe) = (ByPath(before), ByPath(after));
        foreach (var path in Leaves(after).Concat(Leaves(before)).Select(leaf => leaf.Path).Distinct())
        {
            var (old, now) = (was.GetValueOrDefault(path), willBe.GetValueOrDefault(path));
            if (old != now)
            {
                yield return new DocumentChange(DocumentChangeKind.Changed, table, row, path, old, now);
            }
        }
    }

    private static Dictionary<string, string> ByPath(DocumentNode row) =>
        Leaves(row).ToDictionary(leaf => leaf.Path, leaf => leaf.Text, StringComparer.Ordinal);

    /// <summary>The fields of an object and of the objects within, each with what it says.</summary>
    private static IEnumerable<(string Path, string Text)> Leaves(DocumentNode node) => node.Fields!.SelectMany(field =>
        field.Value.Kind == NodeKind.Object
            ? Leaves(field.Value).Select(leaf => ($"{field.Name}.{leaf.Path}", leaf.Text))
            : [(field.Name, Text(field.Value))]);

    private static string Text(DocumentNode value) => value.Kind == NodeKind.List
        ? string.Join(", ", value.Items!.Select(item => Quoted(item.Text))) : value.Text;

    // What would look like two entries is one.
    private static string Quoted(string item) => item.Contains(", ", StringComparison.Ordinal) ? $"'{item}'" : item;
}
