using Alloc.Processors.Allocation.Policy.Document;
using Alloc.Processors.Documents;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Catalogue;

/// <summary>
/// Reads one row of each table. The fields are those of <c>schemas/operations/catalogue.schema.json</c>.
/// </summary>
internal static class CatalogueRows
{
    private const double PageShare = 0.2;
    private const int RepairCap = 100;

    private static readonly string[] Events =
        [.. typeof(AllocationOutcomeEvent).GetNestedTypes().Select(type => type.Name).Order(StringComparer.Ordinal)];

    public static StageRow Stage(FieldReader f) => new(
        f.Id("id"),
        f.OptionalTexts("after", CatalogueRanges.Stages),
        Time(f, "sla"),
        f.Share("pageShare", PageShare),
        f.OneOf("customerState", Enum.GetNames<CustomerState>()) ?? "",
        f.Id("owner"),
        Runbook(f));

    public static ModeRow Mode(FieldReader f)
    {
        var measure = f.TryWord<ModeMeasure>("measure");
        var effect = f.TryWord<DegradedEffect>("effect");
        return new ModeRow(
            f.Id("id"),
            f.Id("stage"),
            measure ?? default,
            Threshold(f, "onAt", measure),
            Threshold(f, "offAt", measure),
            TimeSpan.FromMilliseconds(f.Duration(
                "minimumDwell", CatalogueRanges.Second, CatalogueRanges.Longest, CatalogueRanges.DwellMs)),
            effect ?? default,
            Cap(f, effect),
            f.PoolList("pools", CatalogueRanges.Pools),
            f.OptionalTexts("classes", CatalogueRanges.PriorityClasses));
    }

    public static EffectRow Effect(FieldReader f) => new(
        f.Id("id"),
        f.OneOf("event", Events) ?? "",
        f.Texts("services", CatalogueRanges.Services, RowIds.Wrongs),
        Time(f, "sla"));

    public static MismatchClassRow Class(FieldReader f) => new(
        Enum.TryParse<MismatchClass>(f.OneOf("id", Enum.GetNames<MismatchClass>()), out var mismatch)
            ? mismatch : default,
        f.OptionalDuration("tolerance", CatalogueRanges.Second, CatalogueRanges.Longest) is { } ms
            ? TimeSpan.FromMilliseconds(ms) : null,
        f.Word<MismatchSeverity>("severity"),
        f.Id("owner"),
        Runbook(f),
        f.Flag("repair", false),
        (int)f.Whole("repairCap", 1, CatalogueRanges.RepairCap, RepairCap))
    {
        Follows = Follows(f),
    };

    private static LagFollowing? Follows(FieldReader f)
    {
        if (!f.Flag("followsLag", false))
        {
            f.Forbid("atLeast", "a tolerance that follows no lag");
            f.Forbid("atMost", "a tolerance that follows no lag");
            return null;
        }
        var widest = LagFollowing.Widest;
        return new LagFollowing(Bound("atLeast", widest.AtLeast), Bound("atMost", widest.AtMost));

        TimeSpan Bound(string name, TimeSpan byDefault) => TimeSpan.FromMilliseconds(f.Duration(
            name, (long)widest.AtLeast.TotalMilliseconds, (long)widest.AtMost.TotalMilliseconds,
            (long)byDefault.TotalMilliseconds));
    }

    private static double Threshold(FieldReader f, string name, ModeMeasure? measure)
    {
        if (measure is null)
        {
            f.Ignore(name);
            return 0;
        }
        return measure == ModeMeasure.BreachedShare ? f.Share(name) : f.Duration(name, 0, CatalogueRanges.Longest);
    }

    // An effect that lasts has a bound, the others have nothing to bound.
    private static long? Cap(FieldReader f, DegradedEffect? effect)
    {
        switch (effect)
        {
            case DegradedEffect.ExtendHolds or DegradedEffect.ShortenTtl or DegradedEffect.LaterAuthorization:
                return f.Duration("cap", 1, CatalogueRanges.Longest);
            case { } other:
                f.Forbid("cap", $"effect {Words.Of(other)}");
                return null;
            default:
                f.Ignore("cap");
                return null;
        }
    }

    private static TimeSpan Time(FieldReader f, string name) =>
        TimeSpan.FromMilliseconds(f.Duration(name, CatalogueRanges.Second, CatalogueRanges.Longest));

    private static string Runbook(FieldReader f) => f.Checked("runbook", RunbookWrongs);

    private static IEnumerable<(string What, string Remedy)> RunbookWrongs(string text)
    {
        var isUrl = Uri.TryCreate(text, UriKind.Absolute, out var url)
            && url.Scheme is "http" or "https" && url.Host.Length > 0 && url.UserInfo.Length == 0;
        var isPath = text.Length > 0 && char.IsAsciiLetterOrDigit(text[0])
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/' or '#')
            && !text.Split('#')[0].Split('/').Contains("..");
        if (text.Length > 0 && !isUrl && !isPath)
        {
            yield return ("is neither a URL nor a relative path",
                "Write https://… or a path from the root of the repository: docs/runbooks/StageSlaBreach.md.");
        }
    }
}
