using Alloc.Processors.Documents;
using Alloc.Processors.Notation;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>Reads one row of each table. The fields are those of <c>schemas/policy/policy.schema.json</c>.</summary>
internal static class RowReader
{
    public static ClassRow Class(FieldReader f)
    {
        var attributes = new List<AttributeMatch>();
        foreach (var field in f.Named("attributes"))
        {
            if (field.Value.Kind != NodeKind.Text || field.Name.Length == 0)
            {
                f.Error("attributes", $"The attribute '{field.Name}' is {field.Value.Shown}.",
                    "Write a name and the text that it must have, in quotes.");
            }
            attributes.Add(new AttributeMatch(field.Name, field.Value.Text));
        }
        if (attributes.Count > PolicyRanges.Attributes)
        {
            f.Error("attributes", $"There are {attributes.Count} attributes; there may be {PolicyRanges.Attributes}.",
                "Write fewer.");
        }
        attributes.Sort((x, y) => string.CompareOrdinal(x.Name, y.Name));
        return new ClassRow(
            f.Text("id"), f.Pools("pools"), f.OptionalText("channel"), f.OptionalText("tier"), f.Text("class"))
        {
            Attributes = attributes.Count == 0 ? null : new ValueList<AttributeMatch>([.. attributes]),
        };
    }

    public static TtlRow Ttl(FieldReader f) => new(
        f.Text("id"),
        f.Pools("pools"),
        f.OptionalText("class"),
        f.Duration("minimum", 1, PolicyRanges.Longest),
        f.Duration("default", 1, PolicyRanges.Longest),
        f.Duration("maximum", 1, PolicyRanges.Longest),
        (int)f.Whole("extensions", 0, PolicyRanges.Extensions));

    public static ConductRow Conduct(FieldReader f) => new(
        f.Text("id"),
        f.Pools("pools"),
        f.Flag("lateConfirm", false),
        f.Flag("revocable", true),
        f.Flag("consumeFromHeld", true),
        f.Duration("groupRevocable", 0, PolicyRanges.Longest, 3_600 * PolicyRanges.Second));

    public static ImportanceRow Importance(FieldReader f)
    {
        var importance = f.Word<PoolImportance>("importance");
        if (importance != PoolImportance.Cheap)
        {
            f.Forbid("maximumTtl", $"importance {Words.Of(importance)}");
        }
        return new ImportanceRow(
            f.Text("id"), f.Pools("pools"), importance,
            importance == PoolImportance.Cheap ? f.Duration("maximumTtl", 1, PolicyRanges.Longest) : null);
    }

    public static OverbookingRow Overbooking(FieldReader f)
    {
        var kind = f.Word<OverbookingKind>("kind");
        foreach (var (name, owner) in new[]
        {
            ("units", OverbookingKind.Fixed), ("percent", OverbookingKind.Percent), ("curve", OverbookingKind.Curve),
        })
        {
            if (kind != owner)
            {
                f.Forbid(name, $"kind {Words.Of(kind)}");
            }
        }
        if (kind == OverbookingKind.None)
        {
            f.Forbid("classes", "kind none");
        }
        return new OverbookingRow(
            f.Text("id"),
            f.Pools("pools"),
            kind,
            kind == OverbookingKind.Fixed ? f.Whole("units", 0, PolicyRanges.Units) : 0,
            kind == OverbookingKind.Percent ? (int)f.Whole("percent", 0, PolicyRanges.OverbookingPercent) : 0,
            kind == OverbookingKind.Curve ? Curve(f) : null,
            kind != OverbookingKind.None && f.Has("classes") ? f.Texts("classes", PolicyRanges.Classes) : null);
    }

    public static ProtectionRow Protection(FieldReader f) => new(
        f.Text("id"),
        f.Pools("pools"),
        f.Text("class"),
        f.Whole("units", 0, PolicyRanges.Units),
        f.Word("counts", UsageCount.Open));

    public static QuotaRow Quota(FieldReader f)
    {
        var row = new QuotaRow(
            f.Text("id"),
            f.Pools("pools"),
            f.Word<QuotaScope>("scope"),
            f.OptionalText("value"),
            f.Whole("nominal", 0, PolicyRanges.Units),
            f.Whole("borrowing", 0, PolicyRanges.Units, 0),
            f.Whole("lending", 0, PolicyRanges.Units, 0),
            f.Word("counts", UsageCount.Open))
        {
            Reclaim = f.Word("reclaim", QuotaReclaim.None),
        };
        if (row.Scope == QuotaScope.Class)
        {
            f.Forbid("required", "scope class: everybody has one");
            return row;
        }
        return row with { IsRequired = f.Flag("required", row.IsRequiredByDefault) };
    }

    public static PreemptionRow Preemption(FieldReader f) => new(
        f.Text("id"),
        f.Pools("pools"),
        f.Text("class"),
        f.Texts("victims", PolicyRanges.Classes),
        f.Flag("includeConfirmed", false),
        f.Duration("minimumAge", 0, PolicyRanges.Longest, 0),
        f.Duration("cooldown", 0, PolicyRanges.Longest, 0),
        (int)f.Whole("maximumVictims", 1, PolicyRanges.Victims),
        f.Flag("victimWaitsAgain", false));

    public static WaitlistRow Waitlist(FieldReader f)
    {
        var order = f.Word<WaitlistOrder>("order");
        if (order != WaitlistOrder.None)
        {
            return new WaitlistRow(
                f.Text("id"),
                f.Pools("pools"),
                order,
                Boosts(f),
                f.Duration("offerTtl", 1, PolicyRanges.Longest),
                f.Duration("maximumWait", 1, PolicyRanges.Longest),
                (int)f.Whole("maximumWaiters", 1, PolicyRanges.Waiters));
        }
        foreach (var name in new[] { "boost", "offerTtl", "maximumWait", "maximumWaiters" })
        {
            f.Forbid(name, "order none");
        }
        return new WaitlistRow(f.Text("id"), f.Pools("pools"), order, [], 0, 0, 0);
    }

    public static DeficitRow Deficit(FieldReader f) =>
        new(f.Text("id"), f.Pools("pools"), f.Word<DeficitAction>("action"));

    public static ModeRow Mode(FieldReader f)
    {
        var effect = f.Word<ModeEffect>("effect");
        var hasCap = ModeRow.HasCap(effect);
        if (!hasCap)
        {
            f.Forbid("cap", $"effect {Words.Of(effect)}");
        }
        var hasClasses = f.Optional("classes") || effect == ModeEffect.WaitlistClasses;
        return new ModeRow(
            f.Text("id"), f.Text("mode"), f.Pools("pools"), effect,
            hasCap ? f.Duration("cap", 1, PolicyRanges.Longest) : 0)
        {
            Classes = hasClasses ? f.Texts("classes", PolicyRanges.Classes) : null,
        };
    }

    private static ValueList<CurveStep> Curve(FieldReader f)
    {
        var steps = new List<CurveStep>();
        foreach (var step in f.Objects("curve", PolicyRanges.CurveSteps))
        {
            steps.Add(new CurveStep(
                step.Duration("before", 0, PolicyRanges.Longest),
                (int)step.Whole("percent", 0, PolicyRanges.OverbookingPercent)));
            step.Finish();
        }
        if (steps.Count == 0)
        {
            f.Error("curve", "The curve has no step.", "Write the first one, for instance before: 30d, percent: 10.");
        }
        return new ValueList<CurveStep>([.. steps]);
    }

    private static ValueList<ClassBoost> Boosts(FieldReader f)
    {
        var boosts = new List<ClassBoost>();
        foreach (var field in f.Named("boost"))
        {
            if (field.Value.Kind != NodeKind.Text || DurationText.Parse(field.Value.Text) is not { } ms
                || ms > PolicyRanges.Longest)
            {
                f.Error("boost", $"The boost of '{field.Name}' is {field.Value.Shown}.",
                    "Write a class and a duration: 30m, 2h, 1d.");
                continue;
            }
            boosts.Add(new ClassBoost(field.Name, ms));
        }
        boosts.Sort((x, y) => string.CompareOrdinal(x.Class, y.Class));
        return new ValueList<ClassBoost>([.. boosts]);
    }
}
