extern alias generator;

using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Alloc.Schemas.Avro;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;
using AvroGenerator = generator::Alloc.Schemas.Generator.AvroGenerator;

namespace Schemas.Tests.Generator;

public sealed class AvroGeneratorTests
{
    private const string Record =
        "{`type`:`record`,`name`:`A`,`namespace`:`alloc.shop`,`fields`:[{`name`:`n`,`type`:`long`}]}";

    private const string Other =
        "{`type`:`record`,`name`:`B`,`namespace`:`alloc.shop`,`fields`:[{`name`:`n`,`type`:`int`}]}";

    private static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.Latest);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Generated_code_compiles_without_a_warning()
    {
        var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "samples"), "*.avsc")
            .Select(f => (Path.GetFileName(f), File.ReadAllText(f))).ToArray();

        var (_, compilation, diagnostics) = Run(files);

        Assert.Empty(diagnostics);
        Assert.Empty(compilation.GetDiagnostics(Cancellation).Where(d => d.Severity >= DiagnosticSeverity.Warning));
    }

    [Fact]
    public void The_first_segment_of_the_namespace_is_the_product()
    {
        var (_, compilation, _) = Run(
            ("a.avsc", Record), ("c.avsc", "{`type`:`enum`,`name`:`C`,`namespace`:`other.place`,`symbols`:[`X`]}"));

        Assert.NotNull(compilation.GetTypeByMetadataName("Alloc.Schemas.Shop.A"));
        Assert.NotNull(compilation.GetTypeByMetadataName("Other.Place.C"));
    }

    [Theory]
    [InlineData(
        "{`type`:`record`,\n `name`:`A`,\n `fields`:[{`name`:`n`,`type`:`lung`}]}",
        "AVRO001", 2, 30, "type `lung` is not known")]
    [InlineData("{`type`:`record`\n `name`:`A`}", "AVRO001", 1, 1, "',' is missing")]
    [InlineData(
        "{`type`:`record`,`name`:`A`,`fields`:[\n"
        + "{`name`:`n`,`type`:`long`,`logicalType`:`timestamp-millis`}]}",
        "AVRO002", 1, 40, "logical type `timestamp-millis` is not known, not complete, or not beside its type")]
    [InlineData(
        "{`type`:`record`,`name`:`A`,`fields`:[\n{`name`:`a_b`,`type`:`long`},{`name`:`aB`,`type`:`long`}]}",
        "AVRO002", 1, 37, "field `aB` has the same C# name as another field")]
    [InlineData(
        "{`type`:`record`,`name`:`A`,`fields`:[\n{`name`:`a`,`type`:[]}]}",
        "AVRO002", 1, 8, "a union without branches has no value")]
    [InlineData(
        "{`type`:`record`,`name`:`A`,`fields`:[\n"
        + "{`name`:`a`,`type`:{`type`:`bytes`,`logicalType`:`decimal`,`precision`:29}}]}",
        "AVRO002", 1, 8, "a decimal has at most 28 digits in C#")]
    public void Errors_point_into_the_schema_file(string text, string id, int line, int column, string message)
    {
        var (_, _, diagnostics) = Run(("shop/a.avsc", text), ("shop/b.avsc", Other));

        var diagnostic = Assert.Single(diagnostics);
        var place = diagnostic.Location.GetLineSpan();
        Assert.Equal((id, "shop/a.avsc"), (diagnostic.Id, place.Path));
        Assert.Equal(new LinePosition(line, column), place.StartLinePosition);
        Assert.Equal(message.Json(), diagnostic.GetMessage(CultureInfo.InvariantCulture));
        Assert.Equal(DiagnosticSeverity.Error, diagnostic.Severity);
    }

    [Fact]
    public void A_record_in_two_different_unions_is_refused()
    {
        const string First = "{`type`:`record`,`name`:`F`,`fields`:["
            + "{`name`:`u`,`type`:[`P`,`string`]},{`name`:`v`,`type`:[`P`,`long`]}]}";

        var (_, _, diagnostics) = Run(("f.avsc", First), ("p.avsc", "{`type`:`record`,`name`:`P`,`fields`:[]}"));

        var message = Assert.Single(diagnostics).GetMessage(CultureInfo.InvariantCulture);
        Assert.Contains("P is a branch of F.u too", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BACKWARD_TRANSITIVE", "{`name`:`n`,`type`:`long`},{`name`:`m`,`type`:`int`,`default`:0}", null)]
    [InlineData(
        "BACKWARD_TRANSITIVE", "{`name`:`m`,`type`:`long`}",
        "the new schema cannot read version 1: m is not written and has no default")]
    [InlineData(
        "FULL_TRANSITIVE", "{`name`:`m`,`type`:`long`,`default`:0}",
        "version 1 cannot read the new schema: n is not written and has no default")]
    public void A_change_that_breaks_a_reader_does_not_build(string level, string fields, string? problem)
    {
        const string Head = "{`type`:`record`,`name`:`A`,`namespace`:`alloc.shop`,`fields`:[";

        var (_, _, diagnostics) = Run(
            ("shop/A.avsc", Head + fields + "]}"),
            ("released/shop.things-value/v1.avsc", Head + "{`name`:`n`,`type`:`long`}]}"),
            ("topics.json",
                "{`topics`:[{`name`:`shop.things`,`schema`:`alloc.shop.A`,`compatibility`:`" + level + "`}]}"));

        Assert.Equal(
            problem is null ? [] : [$"AVRO004 shop/A.avsc shop.things-value is held to {level}: {problem}"],
            diagnostics.Select(
                d => $"{d.Id} {d.Location.GetLineSpan().Path} {d.GetMessage(CultureInfo.InvariantCulture)}"));
    }

    [Fact]
    public void What_stores_hold_is_read_for_ever()
    {
        var (_, _, diagnostics) = Run(
            ("state/B.avsc", Other),
            ("released/alloc.shop.B/v1.avsc", Other.Replace("`int`", "`string`", StringComparison.Ordinal)),
            ("released/alloc.shop.Gone/v1.avsc", Record));

        Assert.Equal(["AVRO004", "AVRO004"], diagnostics.Select(d => d.Id));
        var messages = string.Join("\n", diagnostics.Select(d => d.GetMessage(CultureInfo.InvariantCulture)));
        Assert.Contains("string cannot be read as int", messages, StringComparison.Ordinal);
        Assert.Contains("no schema alloc.shop.Gone any more", messages, StringComparison.Ordinal);
    }

    [Fact]
    public void A_change_in_code_reads_no_schema_again()
    {
        var (driver, compilation, _) = Run(("a.avsc", Record), ("b.avsc", Other));

        var code = CSharpSyntaxTree.ParseText("class Changed;", ParseOptions, cancellationToken: Cancellation);
        var changed = compilation.AddSyntaxTrees(code);
        var result = driver.RunGenerators(changed, Cancellation).GetRunResult();

        Assert.All(Reasons(result, AvroGenerator.FilesStep), r => Assert.Equal(IncrementalStepRunReason.Cached, r));
        Assert.All(Reasons(result, AvroGenerator.SourcesStep), r => Assert.Equal(IncrementalStepRunReason.Cached, r));
    }

    [Fact]
    public void A_change_in_one_schema_makes_no_other_source_anew()
    {
        var original = new SchemaText("b.avsc", Other);
        var (driver, compilation, _) = Run(new SchemaText("a.avsc", Record), original);

        var changed = driver.ReplaceAdditionalText(
            original, new SchemaText("b.avsc", Other.Replace("int", "string", StringComparison.Ordinal)));
        var result = changed.RunGenerators(compilation, Cancellation).GetRunResult();

        Assert.Equal(
            [IncrementalStepRunReason.Unchanged, IncrementalStepRunReason.Modified],
            Reasons(result, AvroGenerator.SourcesStep)
                .Select(r => r == IncrementalStepRunReason.Cached ? IncrementalStepRunReason.Unchanged : r));
    }

    private static (GeneratorDriver Driver, Compilation Compilation, ImmutableArray<Diagnostic> Diagnostics) Run(
        params (string Path, string Text)[] files) => Run([.. files.Select(f => new SchemaText(f.Path, f.Text))]);

    private static (GeneratorDriver Driver, Compilation Compilation, ImmutableArray<Diagnostic> Diagnostics) Run(
        params SchemaText[] texts)
    {
        var references = AppDomain.CurrentDomain.GetAssemblies().Where(a => !a.IsDynamic && a.Location.Length > 0)
            .Append(typeof(AvroSchema).Assembly)
            .Where(a => !a.GetName().Name!.StartsWith("Schemas.Tests", StringComparison.Ordinal))
            .Where(a => a != typeof(AvroGenerator).Assembly)
            .DistinctBy(a => a.Location).Select(a => MetadataReference.CreateFromFile(a.Location));
        var compilation = CSharpCompilation.Create(
            "Generated", [], references,
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        GeneratorDriver driver = CSharpGeneratorDriver.Create(
            [new AvroGenerator().AsSourceGenerator()], texts, ParseOptions,
            driverOptions: new GeneratorDriverOptions(
                IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

        driver = driver.RunGeneratorsAndUpdateCompilation(
            compilation, out var updated, out var diagnostics, Cancellation);
        return (driver, updated, diagnostics);
    }

    private static IEnumerable<IncrementalStepRunReason> Reasons(GeneratorDriverRunResult result, string step) =>
        result.Results.Single().TrackedSteps[step].SelectMany(s => s.Outputs).Select(o => o.Reason);

    private sealed class SchemaText(string path, string text) : AdditionalText
    {
        public override string Path { get; } = path;

        public override SourceText GetText(CancellationToken cancellationToken = default) =>
            SourceText.From(text.Json(), Encoding.UTF8);
    }
}
