namespace EndToEnd.Tests.Monitoring;

/// <summary>A row of the manual's table: <c>| `name` | type | labels | meaning |</c>.</summary>
internal sealed record ManualMetric(string Name, string Type, string Labels, string Meaning)
{
    /// <summary>The rows, in their order.</summary>
    public static IReadOnlyList<ManualMetric> All { get; } =
        [.. File.ReadLines(Path.Combine(MonitoringStack.Root(), "docs", "operations.md"))
            .Where(line => line.StartsWith("| `alloc_", StringComparison.Ordinal))
            .Select(line => line.Trim('|', ' ').Split(" | "))
            .Select(cells => new ManualMetric(cells[0].Trim('`'), cells[1], Sorted(cells[2]), cells[3]))];

    /// <summary>Its labels, apart.</summary>
    public IEnumerable<string> LabelNames => Labels.Split(", ", StringSplitOptions.RemoveEmptyEntries);

    private static string Sorted(string labels) => string.Join(
        ", ", labels.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(l => l.Trim('`'))
            .Order(StringComparer.Ordinal));
}
