using Alloc.Processors.Documents;

namespace Alloc.Processors.Workflow.Definition;

/// <summary>Compares two definitions, row by row and field by field.</summary>
public static class DefinitionDifferences
{
    private static readonly string[] Objects = ["payment", "compensation", "review", "promise"];

    /// <summary>The differences, in the order of the later definition; versions are not compared.</summary>
    public static IReadOnlyList<DocumentChange> Between(WorkflowDefinition was, WorkflowDefinition willBe)
    {
        var (before, after) = (Node(was), Node(willBe));
        return
        [
            .. DocumentDifferences.OfTable(before, after, "segments"),
            .. DocumentDifferences.OfTable(before, after, "limits", "step", isRanked: false),
            .. Objects.SelectMany(name => DocumentDifferences.OfObject(before, after, name)),
            .. DocumentDifferences.OfTable(before, after, "mappings", isRanked: false),
            .. DocumentDifferences.OfTable(before, after, "migrations", "from", isRanked: false),
        ];
    }

    private static DocumentNode Node(WorkflowDefinition definition) =>
        DefinitionReader.Kind.ReadJson(DefinitionDocument.Write(definition), out _)!;
}
