using System.Text.Json.Nodes;
using Alloc.Cli.Output;

namespace Alloc.Cli.Commands.Topics;

/// <summary>One record to be written, and where it was read.</summary>
/// <param name="Line">Line of the input, from 1.</param>
/// <param name="Key">Its key; null for none.</param>
/// <param name="Value">The framed value; null removes the key from a compacted topic.</param>
/// <param name="Shown">The value as JSON.</param>
/// <param name="Headers">Names and texts of its headers.</param>
/// <param name="Partition">Where it goes.</param>
internal sealed record ProducedRecord(
    int Line, string? Key, byte[]? Value, string? Shown, IReadOnlyList<KeyValuePair<string, string>> Headers,
    int Partition)
{
    /// <summary>What is said of it, before it is written and after.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="offset">Where it stands; null: it was not written.</param>
    public JsonObject Row(string topic, long? offset) => new()
    {
        ["topic"] = topic,
        ["partition"] = Partition,
        ["offset"] = offset,
        ["key"] = Key,
        ["bytes"] = Value?.Length ?? 0,
        ["value"] = Shown is null ? null : JsonNode.Parse(Shown),
    };

    /// <summary>The columns of a list of them.</summary>
    public static Column[] Columns { get; } =
    [
        Column.Number("PARTITION", "partition"),
        Column.Number("OFFSET", "offset"),
        Column.Text("KEY", "key"),
        Column.Number("BYTES", "bytes"),
        new Column("VALUE", r => Short(JsonText.Line(r["value"]))),
    ];

    private static string Short(string text) => text.Length <= 100 ? text : $"{text[..99]}…";
}
