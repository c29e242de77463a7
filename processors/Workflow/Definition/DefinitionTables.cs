using Alloc.Processors.Documents;

namespace Alloc.Processors.Workflow.Definition;

/// <summary>Makes a definition of a document's fields, table by table, and keeps the places of its rows.</summary>
internal sealed class DefinitionTables(ProblemList problems)
{
    public List<Located<SegmentRow>> Segments { get; } = [];

    public List<Located<LimitRow>> Limits { get; } = [];

    public List<Located<MappingRow>> Mappings { get; } = [];

    public List<Located<MigrationRow>> Migrations { get; } = [];

    /// <summary>The definition; null where the document is no object.</summary>
    public WorkflowDefinition? Read(DocumentNode root)
    {
        if (root.Kind != NodeKind.Object)
        {
            problems.Error(
                root, "", $"The document is {(root.Kind == NodeKind.Null ? "empty" : root.Shown)}.",
                "Write an object with version, segments and limits.");
            return null;
        }
        var fields = new FieldReader(root, "", problems);
        var version = (int)fields.Whole("version", 1, int.MaxValue);
        Rows(fields, "segments", "id", DefinitionRanges.Segments, SegmentFields.Segment, Segments);
        Rows(fields, "limits", "step", Enum.GetValues<WorkflowStep>().Length, DefinitionRows.Limit, Limits);
        Rows(fields, "mappings", "id", DefinitionRanges.Mappings, DefinitionRows.Mapping, Mappings);
        Rows(fields, "migrations", "from", DefinitionRanges.Migrations, DefinitionRows.Migration, Migrations);
        var definition = new WorkflowDefinition
        {
            Version = version,
            Segments = new([.. Segments.Select(segment => segment.Row)]),
            Limits = new([.. Limits.Select(limit => limit.Row).OrderBy(limit => limit.Step)]),
            Payment = DefinitionRows.Payment(fields.Object("payment")),
            Compensation = DefinitionRows.Compensation(fields.Object("compensation")),
            Review = DefinitionRows.Review(fields.Object("review")),
            Promise = DefinitionRows.Promise(fields.Object("promise")),
            Mappings = new([.. Mappings.Select(mapping => mapping.Row)
                .OrderBy(mapping => mapping.OutsideSystem, StringComparer.Ordinal)
                .ThenBy(mapping => mapping.Version)
                .ThenBy(mapping => mapping.Code, StringComparer.Ordinal)]),
            Migrations = new([.. Migrations.Select(migration => migration.Row).OrderBy(migration => migration.From)]),
        };
        fields.Finish();
        return definition;
    }

    private static void Rows<TRow>(
        FieldReader fields, string name, string namedBy, int maximum, Func<FieldReader, TRow> read,
        List<Located<TRow>> located)
    {
        foreach (var row in fields.Objects(name, maximum, namedBy))
        {
            located.Add(new Located<TRow>(read(row), row));
            row.Finish();
        }
    }
}
