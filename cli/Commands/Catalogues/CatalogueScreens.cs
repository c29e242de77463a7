using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Alloc.Processors.Documents;
using Spectre.Console;

namespace Alloc.Cli.Commands.Catalogues;

/// <summary>What commands about catalogues show alike.</summary>
internal static class CatalogueScreens
{
    private const int MostNamed = 5;

    public static JsonArray Json(IReadOnlyList<DocumentChange> changes) =>
        [.. changes.Select(change => (JsonNode)Json(change))];

    /// <summary>A row for each difference.</summary>
    public static void Changes(CommandContext context, int version, IReadOnlyList<DocumentChange> changes)
    {
        if (changes.Count == 0)
        {
            context.Screen.Data.MarkupLine($"Nothing differs from version {version}.");
            return;
        }
        context.Screen.Rows(
            [.. changes.Select(Json)],
            Column.Text("TABLE", "table"),
            Column.Text("ROW", "row"),
            Column.Text("CHANGE", "kind"),
            Column.Text("FIELD", "field"),
            Column.Text("WAS", "was"),
            Column.Text("WILL BE", "willBe"));
    }

    /// <summary>The first differences in a sentence.</summary>
    public static string Sentence(IReadOnlyList<DocumentChange> changes) => changes.Count == 0
        ? "it says the same"
        : string.Join("; ", changes.Take(MostNamed))
            + (changes.Count > MostNamed ? $"; and {changes.Count - MostNamed} more" : "");

    /// <summary>The tables of a catalogue; the document's own field names.</summary>
    public static void Tables(CommandContext context, JsonObject document)
    {
        Table(context, document, "stages",
            Column.Text("STAGE", "id"), Column.Text("SLA", "sla"), Column.Number("PAGE AT", "pageShare"),
            Column.Text("CUSTOMERS SEE", "customerState"), Column.Text("OWNER", "owner"),
            Column.Text("AFTER", "after"));
        Table(context, document, "modes",
            Column.Text("MODE", "id"), Column.Text("STAGE", "stage"), Column.Text("MEASURE", "measure"),
            Column.Text("ON AT", "onAt"), Column.Text("OFF AT", "offAt"), Column.Text("EFFECT", "effect"),
            Column.Text("CAP", "cap"), Column.Text("POOLS", "pools"), Column.Text("CLASSES", "classes"));
        Table(context, document, "effects",
            Column.Text("EFFECT", "id"), Column.Text("EVENT", "event"), Column.Text("SLA", "sla"),
            Column.Text("SERVICES", "services"));
        Table(context, document, "classes",
            Column.Text("MISMATCH", "id"), Column.Text("SEVERITY", "severity"), Column.Text("OWNER", "owner"),
            Column.Text("TOLERANCE", "tolerance"), Column.Text("REPAIR", "repair"), Column.Number("CAP", "repairCap"));
        Table(context, document, "shadowRules",
            Column.Text("SHADOW RULE", "id"), Column.Text("CLASS", "class"), Column.Text("OWNER", "owner"),
            Column.Text("POOLS", "pools"), Column.Text("COMMAND", "command"), Column.Text("SHADOW", "shadow"),
            Column.Text("RECORDED", "recorded"), Column.Text("BECAUSE", "because"));
    }

    private static void Table(CommandContext context, JsonObject document, string name, params Column[] columns)
    {
        if (document[name] is JsonArray rows)
        {
            context.Screen.Data.WriteLine();
            context.Screen.Rows([.. rows.Select(row => row!.AsObject())], columns);
        }
    }

    private static JsonObject Json(DocumentChange change) => new()
    {
        ["kind"] = Words.Spaced(change.Kind.ToString()),
        ["table"] = change.Table,
        ["row"] = change.Row,
        ["field"] = change.Field,
        ["was"] = change.Was,
        ["willBe"] = change.WillBe,
    };
}
