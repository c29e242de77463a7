namespace Engine.Tests.Joins;

/// <summary>
/// The rows of the tables in docs/joins.md: records of a join, a join with a table or an aggregate, and what comes out.
/// The tables are written in the page and read from there, so that page, test and the comparison with Kafka Streams can
/// not part.
/// </summary>
/// <remarks>
/// A row: case | join | records | result | Kafka Streams; the second cell's head says what kind of table it is, and the
/// page how records and results are written. "same" in the last cell is the result, what stands in brackets is why it
/// differs, and "not offered" what it has no word for.
/// </remarks>
internal sealed record JoinRow(
    string Kind, string Name, string Join, IReadOnlyList<string> Steps, IReadOnlyList<string> Results,
    IReadOnlyList<string>? KafkaStreams)
{
    public const string StreamJoin = "join";
    public const string TableJoin = "join with a table";
    public const string Aggregate = "aggregate";

    /// <summary>Every row of the page.</summary>
    public static IReadOnlyList<JoinRow> ReadAll()
    {
        var rows = new List<JoinRow>();
        var kind = "";
        foreach (var line in File.ReadLines(Path.Combine(FindRoot(), "docs", "joins.md")))
        {
            if (line.StartsWith("| case |", StringComparison.Ordinal))
            {
                kind = Cells(line)[1];
            }
            else if (!line.StartsWith('|'))
            {
                kind = "";
            }
            else if (kind.Length > 0 && !line.StartsWith("| ---", StringComparison.Ordinal))
            {
                rows.Add(Parse(kind, Cells(line)));
            }
        }
        return rows;
    }

    private static string[] Cells(string line) =>
        [.. line.Trim().Trim('|').Split('|').Select(cell => cell.Trim().Trim('`'))];

    private static JoinRow Parse(string kind, string[] cells)
    {
        var peer = cells[4].Split('(')[0].Trim();
        return new JoinRow(kind, cells[0], cells[1], Items(cells[2]), Items(cells[3]), peer switch
        {
            "same" => Items(cells[3]),
            "not offered" => null,
            _ => Items(peer),
        });
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Streams.sln")))
        {
            folder = folder.Parent;
        }
        return folder?.FullName
            ?? throw new InvalidOperationException("Streams.sln was not found above the test's folder.");
    }

    private static List<string> Items(string cell) =>
        cell is "–" or "" ? [] : [.. cell.Split(',').Select(item => item.Trim().Trim('`'))];
}
