using System.Text.Json;

namespace Conventions.Tests;

/// <summary>Contracts explain themselves: docs/architecture.md, "Contract first".</summary>
public sealed class ContractTests
{
    [Fact]
    public void Every_record_field_and_enumeration_has_a_doc_and_every_enumeration_a_default()
    {
        var gaps = new List<string>();

        foreach (var file in Contracts())
        {
            using var schema = JsonDocument.Parse(File.ReadAllText(file));
            Walk(schema.RootElement, Repository.Relative(file), gaps);
        }

        Assert.Empty(gaps);
    }

    [Fact]
    public void A_contracts_file_is_named_after_its_record()
    {
        var misnamed = Contracts().Where(file =>
        {
            using var schema = JsonDocument.Parse(File.ReadAllText(file));
            return schema.RootElement.GetProperty("name").GetString() != Path.GetFileNameWithoutExtension(file);
        });

        Assert.Empty(misnamed.Select(Repository.Relative));
    }

    private static IEnumerable<string> Contracts() => Repository.Files("*.avsc").Where(f =>
        Repository.Relative(f) is var path && path.StartsWith("schemas/", StringComparison.Ordinal)
        && !path.Contains("released", StringComparison.OrdinalIgnoreCase));

    private static void Walk(JsonElement schema, string where, List<string> gaps)
    {
        switch (schema.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (var branch in schema.EnumerateArray())
                {
                    Walk(branch, where, gaps);
                }
                break;
            case JsonValueKind.Object:
                WalkType(schema, where, gaps);
                break;
        }
    }

    private static void WalkType(JsonElement schema, string where, List<string> gaps)
    {
        var type = schema.GetProperty("type");
        switch (type.ValueKind == JsonValueKind.String ? type.GetString() : "")
        {
            case "record":
                RequireDoc(schema, where, gaps);
                foreach (var field in schema.GetProperty("fields").EnumerateArray())
                {
                    var path =
                        $"{where} {schema.GetProperty("name").GetString()}.{field.GetProperty("name").GetString()}";
                    RequireDoc(field, path, gaps);
                    Walk(field.GetProperty("type"), path, gaps);
                }
                break;
            case "enum":
                RequireDoc(schema, where, gaps);
                if (!schema.TryGetProperty("default", out _))
                {
                    gaps.Add(
                        $"{where}: the enumeration {schema.GetProperty("name").GetString()} has no default symbol");
                }
                break;
            case "array":
                Walk(schema.GetProperty("items"), where, gaps);
                break;
            case "map":
                Walk(schema.GetProperty("values"), where, gaps);
                break;
            default:
                Walk(type, where, gaps);
                break;
        }
    }

    private static void RequireDoc(JsonElement element, string where, List<string> gaps)
    {
        if (!element.TryGetProperty("doc", out var doc) || string.IsNullOrWhiteSpace(doc.GetString()))
        {
            gaps.Add($"{where}: {element.GetProperty("name").GetString()} has no doc");
        }
    }
}
