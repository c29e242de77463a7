using System.Text.Json.Nodes;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Catalogue;

namespace Topology.Tests.Policy;

/// <summary>The published JSON Schema knows the fields that are read, and no others.</summary>
public sealed class PolicySchemaTests
{
    private static readonly JsonObject Schema = JsonNode.Parse(DocumentSchemas.Policy())!.AsObject();

    public static TheoryData<string> Tables =>
    [
        "class", "ttl", "conduct", "importance", "overbooking", "protection", "quota", "preemption", "waitlist",
        "deficit", "modes",
    ];

    [Theory]
    [MemberData(nameof(Tables))]
    public void A_row_has_the_fields_of_the_schema(string table)
    {
        var row = Schema["$defs"]![$"{table}Row"]!;

        var errors = Errors($$"""{"{{table}}": [{"nobody-knows": 1}]}""");

        Assert.Equal(Names(row), Known(errors, $"{table}[0].nobody-knows"));
        var missing = errors.Where(error => error.Message == "The field is missing.").Select(error => error.Path);
        Assert.Superset(
            row["required"]!.AsArray().Select(name => $"{table}[0].{name}").ToHashSet(), missing.ToHashSet());
    }

    [Fact]
    public void A_document_has_the_fields_of_the_schema() =>
        Assert.Equal(Names(Schema), Known(Errors("""{"nobody-knows": 1}"""), "nobody-knows"));

    [Fact]
    public void A_policy_owner_finds_every_field_in_the_documentation()
    {
        var guide = PolicyTexts.Document("policy.md");

        var fields = AllNames(Schema).Distinct().Where(name => name is not ("version" or "classes"));

        Assert.DoesNotContain(fields, name => !guide.Contains($"`{name}`", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("limits")]
    [InlineData("drift")]
    public void An_object_of_the_document_has_the_fields_of_the_schema(string name) => Assert.Equal(
        Names(Schema["properties"]![name]!),
        Known(Errors($$"""{"{{name}}": {"nobody-knows": 1} }"""), $"{name}.nobody-knows"));

    [Fact]
    public void Words_are_those_of_the_schema()
    {
        string[][] words =
        [
            Enum.GetNames<PoolImportance>(), Enum.GetNames<OverbookingKind>(), Enum.GetNames<UsageCount>(),
            Enum.GetNames<QuotaScope>(), Enum.GetNames<QuotaReclaim>(), Enum.GetNames<WaitlistOrder>(),
            Enum.GetNames<DeficitAction>(), Enum.GetNames<ModeEffect>(),
        ];

        Assert.Equal(
            words.Select(list => string.Join(',', list).ToLowerInvariant()).Order(),
            Enumerations(Schema).Select(list => string.Join(',', list).ToLowerInvariant()).Distinct().Order());
    }

    private static IReadOnlyList<PolicyProblemText> Errors(string json) =>
        [.. PolicyDocument.Parse(json).Errors.Select(e => new PolicyProblemText(e.Path, e.Message, e.Remedy))];

    private static IEnumerable<string> Names(JsonNode schema) =>
        schema["properties"]!.AsObject().Select(property => property.Key).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Known(IEnumerable<PolicyProblemText> errors, string path) =>
        Assert.Single(errors, error => error.Path == path).Remedy["Known are ".Length..^1].Split(", ");

    private static IEnumerable<string[]> Enumerations(JsonNode? node) => node switch
    {
        JsonObject o when o["enum"] is JsonArray words => [[.. words.Select(word => word!.ToString())]],
        JsonObject o => o.SelectMany(property => Enumerations(property.Value)),
        JsonArray a => a.SelectMany(Enumerations),
        _ => [],
    };

    private sealed record PolicyProblemText(string Path, string Message, string Remedy);

    private static IEnumerable<string> AllNames(JsonNode? node) => node switch
    {
        JsonObject o => (o["properties"]?.AsObject().Select(p => p.Key) ?? [])
            .Concat(o.SelectMany(p => AllNames(p.Value))),
        JsonArray a => a.SelectMany(AllNames),
        _ => [],
    };
}
