using System.Text.Json;
using System.Text.Json.Nodes;
using Alloc.Processors.Workflow.Definition;
using FsCheck;
using FsCheck.Fluent;

namespace Topology.Tests.Workflow.Definition;

/// <summary>Whatever a document says: it is written as the value that was read, or told what is wrong.</summary>
public sealed class DefinitionPropertyTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    [Fact]
    public void Any_document_that_reads_is_written_and_read_again_as_the_same_value() =>
        ForAll(generated => generated.Valid(), document =>
        {
            var reading = DefinitionReader.ParseAny(document.ToJsonString());

            Assert.Empty(reading.Errors.Select(error => error.ToString()));
            SurvivesItsCanonicalForm(reading.Definition!);
        });

    [Fact]
    public void A_document_means_the_same_in_yaml_and_in_json() =>
        ForAll(generated => generated.Damaged(generated.Valid()), document =>
        {
            var text = document.ToJsonString(Indented);
            var json = DefinitionReader.ParseAny(text);
            var yaml = DefinitionReader.ParseAny($"--- {text}");

            Assert.Equal(json.Definition, yaml.Definition);
            Assert.Equal(json.Errors.Select(Said), yaml.Errors.Select(Said));

            static (string, string, string) Said(Alloc.Processors.Documents.DocumentProblem problem) =>
                (problem.Path, problem.Message, problem.Remedy);
        });

    [Fact]
    public void A_damaged_document_is_a_definition_or_says_what_is_wrong() =>
        ForAll(generated => generated.Damaged(generated.Valid()), document =>
        {
            var reading = DefinitionReader.ParseAny(document.ToJsonString());

            Assert.Equal(reading.Definition is null, reading.Errors.Count > 0);
            if (reading.Definition is { } definition)
            {
                SurvivesItsCanonicalForm(definition);
            }
        });

    [Fact]
    public void Two_definitions_that_are_not_equal_have_differences() =>
        ForAll(Pair, documents =>
        {
            var one = DefinitionReader.ParseAny(documents.Whole.ToJsonString()).Definition!;
            var other = DefinitionReader.ParseAny(documents.Damaged.ToJsonString()).Definition ?? one;

            Assert.Equal(
                one == other with { Version = one.Version }, DefinitionDifferences.Between(one, other).Count == 0);
        });

    private static (JsonObject Whole, JsonObject Damaged) Pair(GeneratedDefinitions generated)
    {
        var whole = generated.Valid();
        return (whole, generated.Damaged(whole));
    }

    private static void SurvivesItsCanonicalForm(WorkflowDefinition definition)
    {
        var written = DefinitionDocument.Write(definition);
        var again = DefinitionReader.Parse(written).Definition;

        Assert.Equal(definition, again);
        Assert.Equal(written, DefinitionDocument.Write(again!));
        Assert.Equal(DefinitionDocument.HashOf(definition), DefinitionDocument.HashOf(again!));
    }

    private static void ForAll<T>(Func<GeneratedDefinitions, T> generate, Action<T> check) =>
        Prop.ForAll(
            Gen.Choose(0, int.MaxValue - 1).Select(seed => generate(new GeneratedDefinitions(new Random(seed))))
                .ToArbitrary(), check)
            .Check(Properties.Of(300));
}
