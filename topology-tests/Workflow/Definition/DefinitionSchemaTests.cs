using System.Text.Json.Nodes;
using Alloc.Processors.Documents;
using Alloc.Processors.Workflow.Definition;
using Alloc.Schemas.Catalogue;

namespace Topology.Tests.Workflow.Definition;

/// <summary>The published JSON Schema knows the fields and words that are read, and no others.</summary>
public sealed class DefinitionSchemaTests
{
    private static readonly JsonObject Schema = JsonNode.Parse(DocumentSchemas.WorkflowDefinition())!.AsObject();

    public static TheoryData<string> Tables => ["segments", "limits", "mappings", "migrations"];

    public static TheoryData<string> Objects => ["payment", "compensation", "review", "promise"];

    [Theory]
    [MemberData(nameof(Tables))]
    public void A_row_has_the_fields_of_the_schema(string table)
    {
        var row = Schema["$defs"]![$"{table}Row"]!;

        var errors = DefinitionReader.Parse($$"""{"{{table}}": [{"nobody-knows": 1}]}""").Errors;

        Assert.Equal(Names(row), Known(errors, $"{table}[0].nobody-knows"));
        var missing = errors.Where(error => error.Message == "The field is missing.").Select(error => error.Path);
        Assert.Subset(
            row["required"]!.AsArray().Select(name => $"{table}[0].{name}").ToHashSet(),
            missing.Where(path => path.StartsWith(table, StringComparison.Ordinal)).ToHashSet());
    }

    [Theory]
    [MemberData(nameof(Objects))]
    public void An_object_has_the_fields_of_the_schema_and_their_defaults(string name)
    {
        var properties = Schema["properties"]![name]!["properties"]!.AsObject();

        var errors = DefinitionReader.Parse($$"""{"{{name}}": {"nobody-knows": 1} }""").Errors;
        var shipped = JsonNode.Parse(DefinitionDocument.Write(WorkflowDefinition.Shipped))![name]!.AsObject();

        Assert.Equal(Names(Schema["properties"]![name]!), Known(errors, $"{name}.nobody-knows"));
        Assert.Equal(
            shipped.Select(field => $"{field.Key} {field.Value!.ToJsonString()}"),
            properties.Select(field => $"{field.Key} {field.Value!["default"]!.ToJsonString()}"));
    }

    [Fact]
    public void A_document_and_a_condition_have_the_fields_of_the_schema()
    {
        Assert.Equal(
            Names(Schema), Known(DefinitionReader.Parse("""{"nobody-knows": 1}""").Errors, "nobody-knows"));
        Assert.Equal(
            Names(Schema["$defs"]!["condition"]!),
            Known(
                DefinitionReader.Parse("""{"segments": [{"when": {"nobody-knows": 1}}]}""").Errors,
                "segments[0].when.nobody-knows"));
    }

    [Theory]
    [InlineData("limitsRow", "step", typeof(WorkflowStep))]
    [InlineData("limitsRow", "then", typeof(LimitAction))]
    [InlineData("mappingsRow", "means", typeof(OutsideMeaning))]
    [InlineData("migrationsRow", "rule", typeof(MigrationRule))]
    public void Words_are_those_of_the_schema(string row, string field, Type words) => Assert.Equal(
        Enum.GetNames(words).Select(name => name.ToLowerInvariant()),
        Enumeration(Schema["$defs"]![row]!["properties"]![field]!).Select(word => word.ToLowerInvariant()));

    [Fact]
    public void Steps_of_segments_are_those_of_the_schema() => Assert.Equal(
        WorkflowSteps.OfSegments.Select(Words.Of),
        Enumeration(Schema["$defs"]!["segmentsRow"]!["properties"]!["steps"]!["items"]!));

    [Fact]
    public void Every_meaning_is_of_one_kind_of_system() => Assert.Equal(
        Enum.GetValues<OutsideMeaning>(), Enum.GetValues<OutsideKind>().SelectMany(OutsideSystems.MeaningsOf));

    [Fact]
    public void Bounds_are_those_of_the_schema()
    {
        Assert.Equal(
            [DefinitionRanges.Segments, DefinitionRanges.Mappings, DefinitionRanges.Migrations],
            new[] { "segments", "mappings", "migrations" }
                .Select(table => (int)Schema["properties"]![table]!["maxItems"]!));
        Assert.Equal(
            [
                DefinitionRanges.PaymentTries, DefinitionRanges.Reauthorisations, DefinitionRanges.CompensationTries,
                DefinitionRanges.Reviewers,
            ],
            new[] { "payment.tries", "payment.reauthorisations", "compensation.tries", "review.reviewers" }
                .Select(path => path.Split('.'))
                .Select(p => (int)Schema["properties"]![p[0]]!["properties"]![p[1]]!["maximum"]!));
        var attributes = Schema["$defs"]!["condition"]!["properties"]!["attributes"]!;
        Assert.Equal(
            (DefinitionRanges.Attributes, DefinitionRanges.Values),
            ((int)attributes["maxProperties"]!, (int)attributes["additionalProperties"]!["maxItems"]!));
    }

    [Fact]
    public void Whoever_writes_a_definition_finds_every_field_in_the_documentation()
    {
        var guide = DefinitionTexts.File("docs/workflow-definition.md");

        Assert.DoesNotContain(
            AllNames(Schema).Distinct(), name => !guide.Contains($"`{name}`", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Names(JsonNode schema) =>
        schema["properties"]!.AsObject().Select(property => property.Key).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Known(IEnumerable<DocumentProblem> errors, string path) =>
        errors.Single(error => error.Path == path).Remedy["Known are ".Length..^1].Split(", ");

    private static IEnumerable<string> Enumeration(JsonNode schema) =>
        schema["enum"]!.AsArray().Select(word => word!.ToString());

    private static IEnumerable<string> AllNames(JsonNode? node) => node switch
    {
        JsonObject o => (o["properties"]?.AsObject().Select(p => p.Key) ?? [])
            .Concat(o.SelectMany(p => AllNames(p.Value))),
        JsonArray a => a.SelectMany(AllNames),
        _ => [],
    };
}
