using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Alloc.Schemas.Generator;

/// <summary>
/// A switch over a generated union that throws UnreachableException for the rest claims to name every branch: this
/// checks it.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class UnionSwitchAnalyzer : DiagnosticAnalyzer
{
    /// <summary>Id of the diagnostic.</summary>
    public const string Id = "AVRO003";

    private const string UnionAttribute = "Alloc.Schemas.Avro.AvroUnionAttribute";
    private const string Unreachable = "System.Diagnostics.UnreachableException";

    private static readonly DiagnosticDescriptor Descriptor = new(
        Id, "Switch over a union",
        "The switch over {0} says that nothing else can occur, but lacks {1}", "Alloc.Schemas",
        DiagnosticSeverity.Error, isEnabledByDefault: true);

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Descriptor];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterOperationAction(AnalyzeExpression, OperationKind.SwitchExpression);
        context.RegisterOperationAction(AnalyzeStatement, OperationKind.Switch);
    }

    private static void AnalyzeExpression(OperationAnalysisContext context)
    {
        var operation = (ISwitchExpressionOperation)context.Operation;
        if (operation.Arms.Any(a => a.Pattern is IDiscardPatternOperation && ThrowsUnreachable(a.Value)))
        {
            var patterns = operation.Arms.Where(a => a.Guard is null).Select(a => a.Pattern);
            Report(context, operation.Value.Type, patterns);
        }
    }

    private static void AnalyzeStatement(OperationAnalysisContext context)
    {
        var operation = (ISwitchOperation)context.Operation;
        var rest = operation.Cases.FirstOrDefault(c => c.Clauses.Any(l => l.CaseKind == CaseKind.Default));
        if (rest is not null && rest.Body.Any(ThrowsUnreachable))
        {
            var patterns = operation.Cases.SelectMany(c => c.Clauses).OfType<IPatternCaseClauseOperation>()
                .Where(c => c.Guard is null).Select(c => c.Pattern);
            Report(context, operation.Value.Type, patterns);
        }
    }

    private static bool ThrowsUnreachable(IOperation operation) => operation switch
    {
        IConversionOperation conversion => ThrowsUnreachable(conversion.Operand),
        IExpressionStatementOperation statement => ThrowsUnreachable(statement.Operation),
        IThrowOperation { Exception: { } exception } => TypeOf(exception)?.ToDisplayString() == Unreachable,
        _ => false,
    };

    private static ITypeSymbol? TypeOf(IOperation exception) =>
        exception is IConversionOperation conversion ? TypeOf(conversion.Operand) : exception.Type;

    private static void Report(
        OperationAnalysisContext context, ITypeSymbol? union, IEnumerable<IPatternOperation> patterns)
    {
        if (union is null || !union.GetAttributes().Any(a => a.AttributeClass?.ToDisplayString() == UnionAttribute))
        {
            return;
        }
        var named = new HashSet<ITypeSymbol>(patterns.SelectMany(MatchedTypes), SymbolEqualityComparer.Default);
        var missing = union.GetTypeMembers()
            .Where(t => SymbolEqualityComparer.Default.Equals(t.BaseType, union.OriginalDefinition)
                && !named.Contains(t))
            .Select(t => t.Name).ToArray();
        if (missing.Length > 0)
        {
            context.ReportDiagnostic(Diagnostic.Create(
                Descriptor, context.Operation.Syntax.GetLocation(), union.Name, string.Join(", ", missing)));
        }
    }

    // The types that a pattern matches whatever their values.
    private static IEnumerable<ITypeSymbol> MatchedTypes(IPatternOperation pattern) => pattern switch
    {
        ITypePatternOperation type => [type.MatchedType],
        IDeclarationPatternOperation { MatchedType: { } type } => [type],
        IRecursivePatternOperation
        {
            DeconstructionSubpatterns.IsEmpty: true,
            PropertySubpatterns.IsEmpty: true,
        } recursive =>
            [recursive.MatchedType],
        IBinaryPatternOperation { OperatorKind: BinaryOperatorKind.Or } either =>
            MatchedTypes(either.LeftPattern).Concat(MatchedTypes(either.RightPattern)),
        _ => [],
    };
}
