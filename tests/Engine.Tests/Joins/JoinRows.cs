namespace Engine.Tests.Joins;

/// <summary>
/// The rows of the table in docs/joins.md: records of a join, and what comes out. The table is written in the page and
/// read from there, so that page, test and the comparison with Kafka Streams can not part.
/// </summary>
/// <remarks>
/// A row: case | join | records | result | Kafka Streams; the page says how records and results are written. "same" in
/// the last cell is the result, what stands in brackets is why it differs, and "not offered" what it has no word for.
/// </remarks>
internal sealed record JoinRow(
    string Name, string Join, IReadOnlyList<string> Steps, IReadOnlyList<string> Results,
    IReadOnlyList<string>? KafkaStreams)
{
    /// <summary>Every row of the page.</summary>
    public static IReadOnlyList<JoinRow> ReadAll()
    {
        var page = File.ReadAllLines(Path.Combine(FindRoot(), "docs", "joins.md"));
        return
        [
            .. page.SkipWhile(line => !line.StartsWith("| case |", StringComparison.Ordinal)).Skip(2)
                .TakeWhile(line => line.StartsWith('|')).Select(Parse),
        ];
    }

    private static JoinRow Parse(string line)
    {
        var cells = line.Trim().Trim('|').Split('|').Select(cell => cell.Trim().Trim('`')).ToArray();
        var peer = cells[4].Split('(')[0].Trim();
        return new JoinRow(cells[0], cells[1], Items(cells[2]), Items(cells[3]), peer switch
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
