using System.Text.Json.Nodes;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Catalogue;

namespace Topology.Tests.Catalogue;

/// <summary>The published JSON Schema knows the fields and words that are read, and no others.</summary>
public sealed class CatalogueSchemaTests
{
    private static readonly JsonObject Schema = JsonNode.Parse(DocumentSchemas.Catalogue())!.AsObject();

    public static TheoryData<string> Tables => ["stages", "modes", "effects", "classes", "shadowRules"];

    [Theory]
    [MemberData(nameof(Tables))]
    public void A_row_has_the_fields_of_the_schema(string table)
    {
        var row = Schema["$defs"]![$"{table}Row"]!;

        var errors = CatalogueReader.Parse($$"""{"{{table}}": [{"nobody-knows": 1}]}""").Errors;

        Assert.Equal(
            Names(row),
            errors.Single(error => error.Path == $"{table}[0].nobody-knows").Remedy["Known are ".Length..^1]
                .Split(", "));
        var missing = errors.Where(error => error.Message == "The field is missing.").Select(error => error.Path);
        Assert.Subset(
            row["required"]!.AsArray().Select(name => $"{table}[0].{name}").ToHashSet(),
            missing.Where(path => path.StartsWith(table, StringComparison.Ordinal)).ToHashSet());
    }

    [Fact]
    public void A_document_has_the_fields_of_the_schema() => Assert.Equal(
        Names(Schema),
        CatalogueReader.Parse("""{"nobody-knows": 1}""").Errors.Single(error => error.Path == "nobody-knows")
            .Remedy["Known are ".Length..^1].Split(", "));

    [Theory]
    [InlineData("stagesRow", "customerState", typeof(CustomerState))]
    [InlineData("modesRow", "measure", typeof(ModeMeasure))]
    [InlineData("modesRow", "effect", typeof(DegradedEffect))]
    [InlineData("classesRow", "id", typeof(MismatchClass))]
    [InlineData("classesRow", "severity", typeof(MismatchSeverity))]
    [InlineData("shadowRulesRow", "class", typeof(ShadowRuleClass))]
    public void Words_are_those_of_the_schema(string row, string field, Type words) => Assert.Equal(
        Enum.GetNames(words).Select(name => name.ToLowerInvariant()),
        Schema["$defs"]![row]!["properties"]![field]!["enum"]!.AsArray()
            .Select(word => word!.ToString().ToLowerInvariant()));

    [Fact]
    public void Whoever_writes_a_catalogue_finds_every_field_in_the_documentation()
    {
        var guide = File.ReadAllText(Path.Combine(CatalogueTexts.Root(), "docs/catalogue.md"));

        var fields = Names(Schema).Concat(Schema["$defs"]!.AsObject()
            .Where(definition => definition.Key.EndsWith("Row", StringComparison.Ordinal))
            .SelectMany(definition => Names(definition.Value!)));

        Assert.DoesNotContain(fields, name => !guide.Contains($"`{name}`", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Names(JsonNode schema) =>
        schema["properties"]!.AsObject().Select(property => property.Key).Order(StringComparer.Ordinal);
}
