using System.Text.Json;
using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>
/// Writes the fields of one row of each table, after its id and pools; what has its default is left out.
/// </summary>
internal static class CanonicalRows
{
    public static void Class(ClassRow row, Utf8JsonWriter json)
    {
        json.WriteOptional("channel", row.Channel);
        json.WriteOptional("tier", row.Tier);
        if (row.Attributes is { } attributes)
        {
            json.WriteStartObject("attributes");
            foreach (var attribute in attributes)
            {
                json.WriteString(attribute.Name, attribute.Value);
            }
            json.WriteEndObject();
        }
        json.WriteString("class", row.Class);
    }

    public static void Ttl(TtlRow row, Utf8JsonWriter json)
    {
        json.WriteOptional("class", row.Class);
        json.WriteDuration("minimum", row.MinimumMs);
        json.WriteDuration("default", row.DefaultMs);
        json.WriteDuration("maximum", row.MaximumMs);
        json.WriteNumber("extensions", row.ExtensionLimit);
    }

    public static void Conduct(ConductRow row, Utf8JsonWriter json)
    {
        json.WriteUnless("lateConfirm", row.LateConfirm, false);
        json.WriteUnless("revocable", row.IsRevocable, true);
        json.WriteUnless("consumeFromHeld", row.ConsumeFromHeld, true);
        json.WriteDurationUnless("groupRevocable", row.GroupRevocableMs, 3_600 * PolicyRanges.Second);
    }

    public static void Importance(ImportanceRow row, Utf8JsonWriter json)
    {
        json.WriteWord("importance", row.Importance);
        if (row.MaximumTtlMs is { } maximum)
        {
            json.WriteDuration("maximumTtl", maximum);
        }
    }

    public static void Overbooking(OverbookingRow row, Utf8JsonWriter json)
    {
        json.WriteWord("kind", row.Kind);
        switch (row.Kind)
        {
            case OverbookingKind.Fixed:
                json.WriteNumber("units", row.Units);
                break;
            case OverbookingKind.Percent:
                json.WriteNumber("percent", row.Percent);
                break;
            case OverbookingKind.Curve:
                json.WriteRows("curve", row.Curve!, (step, w) =>
                {
                    w.WriteDuration("before", step.BeforeServiceMs);
                    w.WriteNumber("percent", step.Percent);
                });
                break;
            default:
                break;
        }
        if (row.Classes is { } classes)
        {
            json.WriteTexts("classes", classes);
        }
    }

    public static void Protection(ProtectionRow row, Utf8JsonWriter json)
    {
        json.WriteString("class", row.Class);
        json.WriteNumber("units", row.Units);
        json.WriteWordUnless("counts", row.Counts, UsageCount.Open);
    }

    public static void Quota(QuotaRow row, Utf8JsonWriter json)
    {
        json.WriteWord("scope", row.Scope);
        json.WriteOptional("value", row.Value);
        json.WriteNumber("nominal", row.Nominal);
        json.WriteUnless("borrowing", row.BorrowingLimit, 0);
        json.WriteUnless("lending", row.LendingLimit, 0);
        json.WriteUnless("required", row.IsRequired, row.IsRequiredByDefault);
        json.WriteWordUnless("reclaim", row.Reclaim, QuotaReclaim.None);
        json.WriteWordUnless("counts", row.Counts, UsageCount.Open);
    }

    public static void Preemption(PreemptionRow row, Utf8JsonWriter json)
    {
        json.WriteString("class", row.Class);
        json.WriteTexts("victims", row.Victims);
        json.WriteUnless("includeConfirmed", row.IncludeConfirmed, false);
        json.WriteDurationUnless("minimumAge", row.MinimumAgeMs, 0);
        json.WriteDurationUnless("cooldown", row.CooldownMs, 0);
        json.WriteNumber("maximumVictims", row.MaximumVictims);
        json.WriteUnless("victimWaitsAgain", row.VictimWaitsAgain, false);
    }

    public static void Waitlist(WaitlistRow row, Utf8JsonWriter json)
    {
        json.WriteWord("order", row.Order);
        if (row.Order == WaitlistOrder.None)
        {
            return;
        }
        if (row.Boosts.Count > 0)
        {
            json.WriteStartObject("boost");
            foreach (var boost in row.Boosts)
            {
                json.WriteDuration(boost.Class, boost.BoostMs);
            }
            json.WriteEndObject();
        }
        json.WriteDuration("offerTtl", row.OfferTtlMs);
        json.WriteDuration("maximumWait", row.MaximumWaitMs);
        json.WriteNumber("maximumWaiters", row.MaximumWaiters);
    }

    public static void Deficit(DeficitRow row, Utf8JsonWriter json) => json.WriteWord("action", row.Action);

    public static void Mode(ModeRow row, Utf8JsonWriter json)
    {
        json.WriteString("mode", row.Mode);
        json.WriteWord("effect", row.Effect);
        if (ModeRow.HasCap(row.Effect))
        {
            json.WriteDuration("cap", row.CapMs);
        }
        if (row.Classes is { } classes)
        {
            json.WriteTexts("classes", classes);
        }
    }
}
