using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Alloc.Schemas.Generator;

/// <summary>
/// Turns every .avsc file among the AdditionalFiles into C#: pipeline here, model in <see cref="TypeMap"/>, text in the
/// emitters. Files may use each other's types, so they are read together; what leaves that step are values compared by
/// content, so a change in one file adds only the sources that it changes, and a change in C# code runs nothing at all.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class AvroGenerator : IIncrementalGenerator
{
    /// <summary>Name of the step that reads the files, for tests of the caching.</summary>
    public const string FilesStep = "SchemaFiles";

    /// <summary>Name of the step that makes the sources, for tests of the caching.</summary>
    public const string SourcesStep = "Sources";

    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var texts = context.AdditionalTextsProvider
            .Where(static file => file.Path.EndsWith(".avsc", StringComparison.OrdinalIgnoreCase)
                || Path.GetFileName(file.Path) == ReleaseChecker.CatalogueFile)
            .Select(static (file, token) => new SchemaFile(file.Path, file.GetText(token)?.ToString() ?? string.Empty));
        var files = texts.Where(static file => !ReleaseChecker.Concerns(file)).WithTrackingName(FilesStep);
        var releases = texts.Where(ReleaseChecker.Concerns);

        var output = files.Collect().Select(static (all, token) => SchemaCompiler.Compile(all, token));

        context.RegisterSourceOutput(
            output.SelectMany(static (o, _) => o.Sources).WithTrackingName(SourcesStep),
            static (production, source) => production.AddSource(source.HintName, source.Text));
        context.RegisterSourceOutput(
            output.SelectMany(static (o, _) => o.Problems),
            static (production, problem) => production.ReportDiagnostic(problem.ToDiagnostic()));
        context.RegisterSourceOutput(
            files.Collect().Combine(releases.Collect())
                .SelectMany(static (all, _) => ReleaseChecker.Check(all.Left, all.Right)),
            static (production, problem) => production.ReportDiagnostic(problem.ToDiagnostic()));
    }
}

/// <summary>A schema file as the compiler sees it.</summary>
internal sealed record SchemaFile(string Path, string Text);

/// <summary>A source to add to the compilation.</summary>
internal sealed record GeneratedSource(string HintName, string Text);

/// <summary>Something wrong in a schema file.</summary>
internal sealed record SchemaProblem(
    string Id, string Message, string Path, int Offset, int Length, int Line, int Column)
{
    public Diagnostic ToDiagnostic()
    {
        var descriptor = new DiagnosticDescriptor(
            Id, "Avro schema", "{0}", "Alloc.Schemas", DiagnosticSeverity.Error, isEnabledByDefault: true);
        var lines = new LinePositionSpan(new LinePosition(Line, Column), new LinePosition(Line, Column + Length));
        return Diagnostic.Create(descriptor, Location.Create(Path, new TextSpan(Offset, Length), lines), Message);
    }
}

/// <summary>All that the files give.</summary>
internal sealed record CompiledSchemas(ImmutableArray<GeneratedSource> Sources, ImmutableArray<SchemaProblem> Problems);
