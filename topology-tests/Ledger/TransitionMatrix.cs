namespace Topology.Tests.Ledger;

/// <summary>One cell of the readable transition table.</summary>
public sealed record TransitionCell(string Command, string State, string Result)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Command}, when it is {State}: {Result}";
}

/// <summary>The readable transition table, <c>transitions.md</c>: several tables with the same rows.</summary>
internal static class TransitionMatrix
{
    public static string Text { get; } = File.ReadAllText(
        Path.Combine(Root(), "topology-tests", "Ledger", "transitions.md"));

    public static string Documentation { get; } = File.ReadAllText(
        Path.Combine(Root(), "docs", "domain.md"));

    /// <summary>The lines of the tables, as they stand.</summary>
    public static IReadOnlyList<string> Lines { get; } =
        Text.Split('\n').Where(l => l.StartsWith('|')).ToArray();

    public static IReadOnlyList<TransitionCell> Cells { get; } = Read().ToArray();

    private static IEnumerable<TransitionCell> Read()
    {
        string[] columns = [];
        foreach (var line in Lines)
        {
            var cells = line.Trim('|', ' ').Split('|').Select(c => c.Trim()).ToArray();
            if (cells[0] == "command")
            {
                columns = cells;
            }
            else if (!cells[0].StartsWith("---", StringComparison.Ordinal))
            {
                for (var index = 1; index < columns.Length; index++)
                {
                    var result = index < cells.Length ? cells[index] : "";
                    yield return new TransitionCell(cells[0], columns[index], result);
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
