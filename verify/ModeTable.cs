using System.Globalization;
using System.Text.Json;

namespace Alloc.Verify;

/// <summary>What a policy's document says about degraded modes, read without a line of the ledger's.</summary>
internal sealed class ModeTable
{
    public const string RejectHolds = "rejectHolds";
    public const string WaitlistClasses = "waitlistClasses";
    public const string ShortenTtl = "shortenTtl";

    private static readonly (string Unit, long Ms)[] Units =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    private readonly List<Row> rows = [];
    private readonly List<(string Pools, bool IsCritical)> importance = [];
    private readonly Dictionary<string, string> mappings = new(StringComparer.Ordinal);

    /// <summary>A row of the mode table.</summary>
    /// <param name="Mode">The mode.</param>
    /// <param name="Pools">Pattern of its pools.</param>
    /// <param name="Effect">The effect, in the document's word.</param>
    /// <param name="CapMs">Its bound; null where it has none, or one that this does not read.</param>
    /// <param name="Classes">The classes that it concerns; null: all.</param>
    internal sealed record Row(string Mode, string Pools, string Effect, long? CapMs, string[]? Classes);

    /// <summary>Reads a document; one that cannot be read says nothing.</summary>
    public static ModeTable Read(string document)
    {
        var table = new ModeTable();
        try
        {
            using var json = JsonDocument.Parse(document);
            foreach (var row in Items(json.RootElement, "modes"))
            {
                table.rows.Add(new Row(
                    Text(row, "mode"), Text(row, "pools"), Text(row, "effect"), DurationMs(Text(row, "cap")),
                    row.TryGetProperty("classes", out var names)
                        ? [.. names.EnumerateArray().Select(n => n.GetString()!)] : null));
            }
            foreach (var row in Items(json.RootElement, "importance"))
            {
                table.importance.Add((Text(row, "pools"), Text(row, "importance") == "critical"));
            }
            foreach (var mapping in Items(json.RootElement, "classMappings"))
            {
                table.mappings[Text(mapping, "from")] = Text(mapping, "to");
            }
        }
        catch (JsonException)
        {
            // A partition takes no such document; what it decided under it is another check's finding.
        }
        return table;
    }

    /// <summary>The row by which a mode acts on a pool; null: it does not.</summary>
    public Row? RowFor(ObservedSwitch change, string poolId)
    {
        if ((change.Pools.Count > 0 && !change.Pools.Any(p => Matches(p, poolId)))
            || importance.Find(i => Matches(i.Pools, poolId)).IsCritical)
        {
            return null;
        }
        return rows.Find(r => r.Mode == change.Mode && Matches(r.Pools, poolId));
    }

    /// <summary>Whether a mode concerns a class.</summary>
    public bool Concerns(ObservedSwitch change, Row row, string priorityClass)
    {
        var today = Today(priorityClass);
        return row.Classes?.Contains(today) != false
            && (change.Classes.Count == 0 || change.Classes.Any(c => Today(c) == today));
    }

    private string Today(string priorityClass) => mappings.GetValueOrDefault(priorityClass, priorityClass);

    private static bool Matches(string pattern, string poolId) => pattern.EndsWith('*')
        ? poolId.StartsWith(pattern[..^1], StringComparison.Ordinal)
        : poolId == pattern;

    private static JsonElement.ArrayEnumerator Items(JsonElement root, string table) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(table, out var rows)
            && rows.ValueKind == JsonValueKind.Array ? rows.EnumerateArray() : default;

    private static string Text(JsonElement row, string name) =>
        row.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    // As policies are written when they are applied: one number of the largest unit that leaves no rest.
    private static long? DurationMs(string text)
    {
        foreach (var (unit, ms) in Units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && long.TryParse(text[..^unit.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number <= long.MaxValue / ms)
            {
                return number * ms;
            }
        }
        return null;
    }
}
