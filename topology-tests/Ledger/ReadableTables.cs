namespace Topology.Tests.Ledger;

/// <summary>One cell of a readable table.</summary>
public sealed record TableCell(string Row, string Column, string Text);

/// <summary>Tables in Markdown that tests run: several with the same rows stand for one wide one.</summary>
/// <param name="file">The file, among the ledger's tests.</param>
internal sealed class ReadableTables(string file)
{
    private readonly Lazy<string> text = new(() => File.ReadAllText(
        Path.Combine(Root(), "topology-tests", "Ledger", file)));

    /// <summary>What the documentation of the domain says.</summary>
    public static string Documentation { get; } = File.ReadAllText(Path.Combine(Root(), "docs", "domain.md"));

    /// <summary>The lines of the tables, as they stand.</summary>
    public IReadOnlyList<string> Lines => text.Value.Split('\n').Where(l => l.StartsWith('|')).ToArray();

    /// <summary>All cells.</summary>
    public IReadOnlyList<TableCell> Cells => Read().ToArray();

    /// <summary>Whether the documentation has the tables, line by line.</summary>
    public bool AreDocumented() => string.Join('\n', Documentation.Split('\n').Where(l => l.StartsWith('|')))
        .Contains(string.Join('\n', Lines), StringComparison.Ordinal);

    private IEnumerable<TableCell> Read()
    {
        string[] columns = [];
        var isHead = true;
        foreach (var line in text.Value.Split('\n'))
        {
            var cells = line.Trim('|', ' ').Split('|').Select(c => c.Trim()).ToArray();
            if (!line.StartsWith('|'))
            {
                isHead = true;
            }
            else if (isHead)
            {
                (columns, isHead) = (cells, false);
            }
            else if (!cells[0].StartsWith("---", StringComparison.Ordinal))
            {
                for (var index = 1; index < columns.Length; index++)
                {
                    yield return new TableCell(cells[0], columns[index], index < cells.Length ? cells[index] : "");
                }
            }
        }
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "docs", "domain.md")))
        {
            folder = folder.Parent
                ?? throw new FileNotFoundException("docs/domain.md is in no folder above the tests.");
        }
        return folder.FullName;
    }
}
