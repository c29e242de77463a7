using Alloc.Processors.Documents;

namespace Alloc.Processors.Workflow.Definition;

/// <summary>
/// Reads one row of each table but segments, and the objects. The fields are those of
/// <c>schemas/workflow/definition.schema.json</c>; what an object leaves out is as shipped.
/// </summary>
internal static class DefinitionRows
{
    private const long Second = DefinitionRanges.Second;
    private const long Day = DefinitionRanges.Day;

    public static LimitRow Limit(FieldReader f)
    {
        var step = f.TryWord<WorkflowStep>("step");
        var withinMs = f.Duration("within", Second, DefinitionRanges.Longest);
        if (step is not { } known)
        {
            f.Ignore("then", "inReviewRouting");
            return new LimitRow(default, withinMs, default);
        }
        var then = Action(f, "then", LimitActions.Of(known)) ?? default;
        var routed = LimitActions.InReviewRouting(known);
        if (routed.Count == 0)
        {
            f.Forbid("inReviewRouting", $"step {Words.Of(known)}");
            return new LimitRow(known, withinMs, then);
        }
        return new LimitRow(known, withinMs, then)
        {
            InReviewRouting = f.Optional("inReviewRouting") ? Action(f, "inReviewRouting", routed) : null,
        };
    }

    public static MappingRow Mapping(FieldReader f)
    {
        var id = f.Id("id");
        var system = f.Checked("system", SystemWrongs);
        var version = (int)f.Whole("version", 1, int.MaxValue);
        var code = f.Text("code");
        if (OutsideSystems.KindOf(system) is not { } kind)
        {
            f.Ignore("means");
            return new MappingRow(id, system, version, code, default);
        }
        var word = f.OneOf("means", OutsideSystems.MeaningsOf(kind).Select(meaning => meaning.ToString()));
        return new MappingRow(
            id, system, version, code, Enum.TryParse<OutsideMeaning>(word, out var means) ? means : default);
    }

    public static MigrationRow Migration(FieldReader f) => new(
        (int)f.Whole("from", 1, int.MaxValue), (int)f.Whole("to", 1, int.MaxValue), f.Word<MigrationRule>("rule"));

    public static PaymentRules Payment(FieldReader? f)
    {
        var shipped = ShippedDefinition.Version1.Payment;
        if (f is null)
        {
            return shipped;
        }
        var rules = new PaymentRules(
            (int)f.Whole("tries", 1, DefinitionRanges.PaymentTries, shipped.Tries),
            f.Duration("firstPause", Second, Day, shipped.FirstPauseMs),
            (int)f.Whole("factor", 1, DefinitionRanges.Factor, shipped.Factor),
            f.Duration("answerWithin", Second, Day, shipped.AnswerWithinMs),
            (int)f.Whole("reauthorisations", 0, DefinitionRanges.Reauthorisations, shipped.Reauthorisations));
        f.Finish();
        return rules;
    }

    public static CompensationRules Compensation(FieldReader? f)
    {
        var shipped = ShippedDefinition.Version1.Compensation;
        if (f is null)
        {
            return shipped;
        }
        var rules = new CompensationRules(
            (int)f.Whole("tries", 1, DefinitionRanges.CompensationTries, shipped.Tries),
            f.Duration("firstPause", Second, Day, shipped.FirstPauseMs),
            (int)f.Whole("factor", 1, DefinitionRanges.Factor, shipped.Factor),
            f.Duration("longestPause", Second, Day, shipped.LongestPauseMs),
            f.Duration("answerWithin", Second, Day, shipped.AnswerWithinMs));
        f.Finish();
        return rules;
    }

    public static ReviewRules Review(FieldReader? f)
    {
        var shipped = ShippedDefinition.Version1.Review;
        if (f is null)
        {
            return shipped;
        }
        var rules = new ReviewRules(
            (int)f.Whole("reviewers", 0, DefinitionRanges.Reviewers, shipped.Reviewers),
            f.Duration("perCase", Second, Day, shipped.PerCaseMs),
            (int)f.Whole("acceptBelow", 0, DefinitionRanges.Score, shipped.AcceptBelow),
            (int)f.Whole("rejectFrom", 0, DefinitionRanges.Score, shipped.RejectFrom));
        f.Finish();
        return rules;
    }

    public static PromiseRules Promise(FieldReader? f)
    {
        var shipped = ShippedDefinition.Version1.Promise;
        if (f is null)
        {
            return shipped;
        }
        var rules = new PromiseRules(
            f.Duration("notifyAtMostEvery", Second, DefinitionRanges.Longest, shipped.NotifyAtMostEveryMs));
        f.Finish();
        return rules;
    }

    /// <summary>One of the actions; null where there is none or another, which is an error.</summary>
    private static LimitAction? Action(FieldReader f, string name, IReadOnlyList<LimitAction> allowed)
    {
        var word = f.OneOf(name, allowed.Select(Words.Of));
        foreach (var action in allowed)
        {
            if (Words.Of(action) == word)
            {
                return action;
            }
        }
        return null;
    }

    private static IEnumerable<(string What, string Remedy)> SystemWrongs(string text)
    {
        var wrongs = RowIds.Wrongs(text).ToList();
        return wrongs.Count > 0 || OutsideSystems.KindOf(text) is not null ? wrongs :
        [
            ("says no kind of system",
                $"Write {Words.List<OutsideKind>()}, or one of several: {Words.Of(OutsideKind.Carrier)}/north."),
        ];
    }
}
