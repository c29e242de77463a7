using System.Text.Json.Nodes;

namespace Alloc.Cli.Output;

/// <summary>One column of a table: its heading and what it shows of a row.</summary>
internal sealed record Column(string Heading, Func<JsonObject, string> Value)
{
    /// <summary>Numbers stand under one another.</summary>
    public bool IsNumber { get; init; }

    /// <summary>A Spectre style for one row's value (<c>red</c>, <c>dim</c>), or null for none.</summary>
    public Func<JsonObject, string?> Style { get; init; } = _ => null;

    /// <summary>A column that shows one member as text.</summary>
    public static Column Text(string heading, string member) => new(heading, row => Show(row[member]));

    /// <summary>A column that shows one member as a number.</summary>
    public static Column Number(string heading, string member) =>
        new(heading, row => Show(row[member])) { IsNumber = true };

    public static string Show(JsonNode? node) => node switch
    {
        null => "-",
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        JsonArray array => string.Join(", ", array.Select(Show)),
        _ => JsonText.Line(node),
    };
}
