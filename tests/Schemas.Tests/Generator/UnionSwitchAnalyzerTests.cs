extern alias generator;

using System.Globalization;
using Alloc.Schemas.Avro;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using UnionSwitchAnalyzer = generator::Alloc.Schemas.Generator.UnionSwitchAnalyzer;

namespace Schemas.Tests.Generator;

public sealed class UnionSwitchAnalyzerTests
{
    private const string Union = """
        using System.Diagnostics;
        [Alloc.Schemas.Avro.AvroUnion]
        abstract record Shape
        {
            public sealed record Circle(int Radius) : Shape;
            public sealed record Square : Shape;
            public sealed record Dot : Shape;
        }
        static class Uses
        {
            public static int Of(Shape shape) { BODY }
        }
        """;

    private const string Rest = "_ => throw new UnreachableException()";

    [Theory]
    [InlineData("return shape switch { Shape.Circle => 1, Shape.Square => 2, " + Rest + " };", "Dot")]
    [InlineData("return shape switch { Shape.Circle c when c.Radius > 1 => 1, Shape.Square or Shape.Dot => 2, "
        + Rest + " };", "Circle")]
    [InlineData(
        "return shape switch { Shape.Circle { Radius: 1 } => 1, Shape.Square => 2, " + Rest + " };", "Circle, Dot")]
    [InlineData(
        "switch (shape) { case Shape.Dot: return 1; default: throw new UnreachableException(); }", "Circle, Square")]
    public async Task A_branch_that_is_not_named_is_reported(string body, string missing)
    {
        var diagnostic = Assert.Single(await AnalyzeAsync(body));

        Assert.Equal(("AVRO003", DiagnosticSeverity.Error), (diagnostic.Id, diagnostic.Severity));
        Assert.EndsWith(
            $"but lacks {missing}", diagnostic.GetMessage(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("return shape switch { Shape.Circle => 1, Shape.Square s => 2, Shape.Dot { } => 3, " + Rest + " };")]
    [InlineData("return shape switch { Shape.Circle => 1, Shape.Square or Shape.Dot => 2, " + Rest + " };")]
    [InlineData("return shape switch { Shape.Circle => 1, _ => 2 };")]
    [InlineData("return shape.GetHashCode() switch { 1 => 1, " + Rest + " };")]
    [InlineData("switch (shape) { case Shape.Dot: return 1; default: return 2; }")]
    [InlineData(
        "switch (shape) { case Shape.Dot: case Shape.Square: case Shape.Circle c: return 1; "
        + "default: throw new UnreachableException(); }")]
    public async Task A_switch_that_names_all_or_provides_for_the_rest_is_fine(string body)
    {
        Assert.Empty(await AnalyzeAsync(body));
    }

    private static async Task<IEnumerable<Diagnostic>> AnalyzeAsync(string body)
    {
        var tree = CSharpSyntaxTree.ParseText(
            Union.Replace("BODY", body, StringComparison.Ordinal),
            cancellationToken: TestContext.Current.CancellationToken);
        string[] names = ["System.Runtime", "System.Private.CoreLib", "netstandard"];
        var references = AppDomain.CurrentDomain.GetAssemblies()
            .Where(a => names.Contains(a.GetName().Name)).Append(typeof(AvroSchema).Assembly)
            .Select(a => MetadataReference.CreateFromFile(a.Location));
        var compilation = CSharpCompilation.Create(
            "Switches", [tree], references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        Assert.Empty(compilation.GetDiagnostics(TestContext.Current.CancellationToken)
            .Where(d => d.Severity == DiagnosticSeverity.Error));
        return await compilation.WithAnalyzers([new UnionSwitchAnalyzer()])
            .GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);
    }
}
