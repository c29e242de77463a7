using Alloc.Processors.Documents;

namespace Alloc.Processors.Catalogue;

/// <summary>Makes a catalogue of a document's fields, table by table, and keeps the places of its rows.</summary>
internal sealed class CatalogueTables(ProblemList problems)
{
    public List<Located<StageRow>> Stages { get; } = [];

    public List<Located<ModeRow>> Modes { get; } = [];

    public List<Located<EffectRow>> Effects { get; } = [];

    public List<Located<MismatchClassRow>> Classes { get; } = [];

    public List<Located<ShadowRuleRow>> ShadowRules { get; } = [];

    /// <summary>The catalogue; null where the document is no object.</summary>
    public OperationsCatalogue? Read(DocumentNode root)
    {
        if (root.Kind != NodeKind.Object)
        {
            problems.Error(
                root, "", $"The document is {(root.Kind == NodeKind.Null ? "empty" : root.Shown)}.",
                "Write an object with version and stages.");
            return null;
        }
        var fields = new FieldReader(root, "", problems);
        var version = (int)fields.Whole("version", 0, int.MaxValue);
        Rows(fields, "stages", CatalogueRanges.Stages, CatalogueRows.Stage, Stages);
        Rows(fields, "modes", CatalogueRanges.Modes, CatalogueRows.Mode, Modes);
        Rows(fields, "effects", CatalogueRanges.Effects, CatalogueRows.Effect, Effects);
        Rows(fields, "classes", Enum.GetValues<MismatchClass>().Length, CatalogueRows.Class, Classes);
        Rows(fields, "shadowRules", CatalogueRanges.ShadowRules, ShadowRuleFields.Read, ShadowRules);
        fields.Finish();
        return new OperationsCatalogue
        {
            Version = version,
            Stages = new([.. Stages.Select(stage => stage.Row)]),
            Modes = new([.. Modes.Select(mode => mode.Row)]),
            Effects = new([.. Effects.Select(effect => effect.Row)]),
            Classes = new([.. ShippedCatalogue.Version0.Classes.Select(shipped =>
                Classes.Find(row => row.Row.Class == shipped.Class).Row ?? shipped)]),
            ShadowRules = new([.. ShadowRules.Select(rule => rule.Row)]),
        };
    }

    private static void Rows<TRow>(
        FieldReader fields, string name, int maximum, Func<FieldReader, TRow> read, List<Located<TRow>> located)
    {
        foreach (var row in fields.Objects(name, maximum, namedBy: "id"))
        {
            located.Add(new Located<TRow>(read(row), row));
            row.Finish();
        }
    }
}
