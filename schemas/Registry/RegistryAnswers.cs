using System.Text.Json;

namespace Alloc.Schemas.Registry;

/// <summary>
/// Members of the registry's answers; one that is missing or of another kind is no answer of a registry.
/// </summary>
internal static class RegistryAnswers
{
    public static string Text(this JsonElement answer, string name) =>
        Member(answer, name, JsonValueKind.String).GetString()!;

    public static int Number(this JsonElement answer, string name) =>
        Member(answer, name, JsonValueKind.Number).Number();

    public static int Number(this JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
            ? number
            : throw Unexpected("a number");

    public static bool Flag(this JsonElement answer, string name) =>
        answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty(name, out var value)
        && value.ValueKind is (JsonValueKind.True or JsonValueKind.False)
            ? value.GetBoolean()
            : throw Unexpected(name);

    public static IEnumerable<JsonElement> Items(this JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Array ? answer.EnumerateArray() : throw Unexpected("a list");

    private static JsonElement Member(JsonElement answer, string name, JsonValueKind kind) =>
        answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty(name, out var value)
            && value.ValueKind == kind
            ? value
            : throw Unexpected(name);

    private static RegistryUnavailableException Unexpected(string what) =>
        new($"An answer of the schema registry lacks {what}: what answers may not be a schema registry.");
}
