using System.Text;
using Alloc.Processors.Documents;

namespace Alloc.Processors.Workflow.Definition;

/// <summary>What reading a definition gave: the definition, or everything that is wrong with it.</summary>
/// <param name="Definition">The definition; null where there are errors.</param>
/// <param name="Errors">What is wrong, in the order of the document, at most 100.</param>
/// <param name="Notes">What is right and still worth knowing.</param>
public sealed record DefinitionReading(
    WorkflowDefinition? Definition, IReadOnlyList<DocumentProblem> Errors, IReadOnlyList<DocumentProblem> Notes);

/// <summary>
/// Reads a definition and checks it: JSON, which travels on the log, or YAML, which people may prefer to write. Pure:
/// no file and no clock.
/// </summary>
public static class DefinitionReader
{
    /// <summary>Longest document, in bytes of UTF-8; the canonical one, too.</summary>
    public const int MaximumSize = 256 << 10;

    internal static readonly DocumentKind Kind = new("definition", MaximumSize, "Write shorter texts.");

    /// <summary>Reads a JSON document: what a task does with the document of a control record.</summary>
    /// <param name="text">The document.</param>
    /// <param name="previous">The definition that it replaces, for notes about what is gone; null: none.</param>
    /// <param name="groupRevocableMs">
    /// How long the ledger revokes what a group confirmed (<c>groupRevocable</c> of the policy, its smallest), in
    /// milliseconds; null: not compared, as where a document is read that was applied already.
    /// </param>
    public static DefinitionReading Parse(
        string text, WorkflowDefinition? previous = null, long? groupRevocableMs = null) =>
        Read(Kind.ReadJson(text, out var problem), problem, previous, groupRevocableMs);

    /// <summary>Reads what a person wrote: JSON where it begins with a brace, else YAML.</summary>
    /// <param name="text">The document.</param>
    /// <param name="previous">The definition that it replaces, for notes about what is gone; null: none.</param>
    /// <param name="groupRevocableMs">As for <see cref="Parse"/>.</param>
    public static DefinitionReading ParseAny(
        string text, WorkflowDefinition? previous = null, long? groupRevocableMs = null) =>
        Read(Kind.ReadAny(text, out var problem), problem, previous, groupRevocableMs);

    private static DefinitionReading Read(
        DocumentNode? root, DocumentProblem? problem, WorkflowDefinition? previous, long? groupRevocableMs)
    {
        if (root is null)
        {
            return new DefinitionReading(null, [problem!], []);
        }
        var problems = new ProblemList(Kind.Name);
        var tables = new DefinitionTables(problems);
        var definition = tables.Read(root);
        if (definition is not null && !problems.HasErrors)
        {
            new DefinitionChecks(definition, tables, new FieldReader(root, "", problems))
                .Run(previous, groupRevocableMs);
        }
        if (definition is not null && !problems.HasErrors)
        {
            CheckSize(definition, problems);
        }
        return problems.HasErrors
            ? new DefinitionReading(null, problems.Errors, [])
            : new DefinitionReading(definition, [], problems.Notes);
    }

    // What cannot be read again must not travel. JSON has quotes and escapes that YAML does without.
    private static void CheckSize(WorkflowDefinition definition, ProblemList problems)
    {
        var size = Encoding.UTF8.GetByteCount(DefinitionDocument.Write(definition));
        if (size > MaximumSize)
        {
            problems.Error(
                0, 0, "", null, $"As canonical JSON the document has {size} bytes; it may have {MaximumSize}.",
                Kind.SizeRemedy);
        }
    }
}
