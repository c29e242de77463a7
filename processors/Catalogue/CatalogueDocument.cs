using System.Text.Json;
using Alloc.Processors.Documents;

namespace Alloc.Processors.Catalogue;

/// <summary>Writes catalogues.</summary>
public static class CatalogueDocument
{
    /// <summary>
    /// The canonical document: JSON without white space, every field of every row in a fixed order, so that it says the
    /// same whatever is shipped later. Fields that do not apply are left out.
    /// </summary>
    public static string Write(OperationsCatalogue catalogue) => CanonicalJson.Write(json =>
    {
        json.WriteNumber("version", catalogue.Version);
        json.WriteRows("stages", catalogue.Stages, Stage);
        json.WriteRows("modes", catalogue.Modes, Mode);
        json.WriteRows("effects", catalogue.Effects, Effect);
        json.WriteRows("classes", catalogue.Classes, Class);
        json.WriteRows("shadowRules", catalogue.ShadowRules, ShadowRuleFields.Write);
    });

    /// <summary>One rule about differences of the shadow, as a row of the canonical document.</summary>
    public static string WriteRule(ShadowRuleRow rule) =>
        CanonicalJson.Write(json => ShadowRuleFields.Write(rule, json));

    /// <summary>SHA-256 of the canonical document, lower-case hexadecimal.</summary>
    public static string HashOf(OperationsCatalogue catalogue) => HashOf(Write(catalogue));

    /// <summary>SHA-256 of a document's bytes in UTF-8, lower-case hexadecimal.</summary>
    public static string HashOf(string document) => CanonicalJson.HashOf(document);

    private static void Stage(StageRow row, Utf8JsonWriter json)
    {
        json.WriteString("id", row.Id);
        if (row.After.Count > 0)
        {
            json.WriteTexts("after", row.After);
        }
        json.WriteDuration("sla", (long)row.Sla.TotalMilliseconds);
        json.WriteNumber("pageShare", row.PageShare);
        json.WriteString("customerState", row.CustomerState);
        json.WriteString("owner", row.Owner);
        json.WriteString("runbook", row.Runbook);
    }

    private static void Mode(ModeRow row, Utf8JsonWriter json)
    {
        json.WriteString("id", row.Id);
        json.WriteString("stage", row.Stage);
        json.WriteWord("measure", row.Measure);
        Threshold(json, "onAt", row, row.OnAt);
        Threshold(json, "offAt", row, row.OffAt);
        json.WriteDuration("minimumDwell", (long)row.MinimumDwell.TotalMilliseconds);
        json.WriteWord("effect", row.Effect);
        if (row.CapMs is { } cap)
        {
            json.WriteDuration("cap", cap);
        }
        if (row.Pools.Count > 0)
        {
            json.WriteTexts("pools", row.Pools.Select(pattern => pattern.Text));
        }
        if (row.Classes.Count > 0)
        {
            json.WriteTexts("classes", row.Classes);
        }
    }

    private static void Threshold(Utf8JsonWriter json, string name, ModeRow row, double value)
    {
        if (row.Measure == ModeMeasure.BreachedShare)
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteDuration(name, (long)value);
        }
    }

    private static void Effect(EffectRow row, Utf8JsonWriter json)
    {
        json.WriteString("id", row.Id);
        json.WriteString("event", row.Event);
        json.WriteTexts("services", row.Services);
        json.WriteDuration("sla", (long)row.Sla.TotalMilliseconds);
    }

    private static void Class(MismatchClassRow row, Utf8JsonWriter json)
    {
        json.WriteString("id", row.Class.ToString());
        if (row.Tolerance is { } tolerance)
        {
            json.WriteDuration("tolerance", (long)tolerance.TotalMilliseconds);
        }
        if (row.Follows is { } follows)
        {
            json.WriteBoolean("followsLag", true);
            json.WriteDuration("atLeast", (long)follows.AtLeast.TotalMilliseconds);
            json.WriteDuration("atMost", (long)follows.AtMost.TotalMilliseconds);
        }
        json.WriteWord("severity", row.Severity);
        json.WriteString("owner", row.Owner);
        json.WriteString("runbook", row.Runbook);
        json.WriteBoolean("repair", row.Repair);
        json.WriteNumber("repairCap", row.RepairCap);
    }
}
