using System.Text.Json;
using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>Writes the canonical document of a policy; see <see cref="PolicyDocument.Write"/>.</summary>
internal static class CanonicalPolicy
{
    public static string Write(AllocationPolicy policy) => CanonicalJson.Write(json =>
    {
        json.WriteNumber("version", policy.Version);
        json.WriteTexts("classes", policy.Classes);
        json.WriteRows("classMappings", policy.ClassMappings, (mapping, w) =>
        {
            w.WriteString("from", mapping.From);
            w.WriteString("to", mapping.To);
        });
        CanonicalLimits.Write(json, policy.Limits);
        json.WriteTable("class", policy.ClassTable, CanonicalRows.Class);
        json.WriteTable("ttl", policy.TtlTable, CanonicalRows.Ttl);
        json.WriteTable("conduct", policy.ConductTable, CanonicalRows.Conduct);
        json.WriteTable("importance", policy.ImportanceTable, CanonicalRows.Importance);
        json.WriteTable("overbooking", policy.OverbookingTable, CanonicalRows.Overbooking);
        json.WriteTable("protection", policy.ProtectionTable, CanonicalRows.Protection);
        json.WriteTable("quota", policy.QuotaTable, CanonicalRows.Quota);
        json.WriteTable("preemption", policy.PreemptionTable, CanonicalRows.Preemption);
        json.WriteTable("waitlist", policy.WaitlistTable, CanonicalRows.Waitlist);
        json.WriteTable("deficit", policy.DeficitTable, CanonicalRows.Deficit);
        json.WriteTable("modes", policy.ModeTable, CanonicalRows.Mode);
        if (policy.Drift is { } drift)
        {
            json.WriteStartObject("drift");
            json.WriteNumber("absolute", drift.Absolute);
            json.WriteNumber("percent", drift.Percent);
            json.WriteEndObject();
        }
    });

    private static void WriteTable<TRow>(
        this Utf8JsonWriter json, string name, PolicyTable<TRow> table, Action<TRow, Utf8JsonWriter> write)
        where TRow : IPolicyRow => json.WriteRows(name, table, (row, w) =>
        {
            w.WriteString("id", row.Id);
            w.WriteString("pools", row.Pools.Text);
            write(row, w);
        });
}
