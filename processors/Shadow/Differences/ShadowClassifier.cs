using Alloc.Processors.Catalogue;
using Alloc.Processors.Documents;
using Alloc.Processors.Notation;

namespace Alloc.Processors.Shadow.Differences;

/// <summary>
/// Why a decision of the shadow differs: first what the two journals prove, then the first rule of the operations
/// catalogue that matches.
/// </summary>
public static class ShadowClassifier
{
    /// <summary>A difference that ends within this time is none: what both were told took as long to arrive.</summary>
    public static readonly TimeSpan TimingTolerance = TimeSpan.FromMinutes(1);

    /// <summary>How long the other system may go on deciding by supply that was taken away.</summary>
    public static readonly TimeSpan StaleFor = TimeSpan.FromMinutes(15);

    /// <summary>What a defect is called whose reservation was given more units than were ever asked for.</summary>
    public const string UsedTwice = "used twice";

    /// <summary>What a defect is called whose reservation was over.</summary>
    public const string Finished = "finished";

    /// <summary>What a defect is called whose pool never had so many units.</summary>
    public const string NeverThere = "never there";

    internal static ShadowVerdict Classify(
        ShadowDifference difference, ShadowPromise? promise, ShadowPool pool, ValueList<ShadowRuleRow> rules) =>
        Misused(difference, promise) ?? Caught(difference, promise, pool) ?? Stale(difference, pool)
        ?? Overdrawn(difference, pool) ?? Ruled(difference, rules)
        ?? new ShadowVerdict(ShadowClass.Unclassified, "", "", "neither the log nor a rule says why");

    /// <summary>Whether what comes within <see cref="TimingTolerance"/> may end the difference.</summary>
    internal static bool MayBeNone(ShadowDifference difference, ShadowPromise? promise) =>
        Misused(difference, promise) is null && (difference.Given > 0 || difference.Missing > 0);

    private static ShadowVerdict? Misused(ShadowDifference difference, ShadowPromise? promise)
    {
        if (promise is null || difference.Given == 0)
        {
            return null;
        }
        if (difference.Given > promise.Asked)
        {
            return Defect(
                UsedTwice, $"{difference.Given} units were given of it, and {promise.Asked} were ever asked for");
        }
        return promise.FinishedAtMs < difference.ArrivedAtMs
            ? Defect(Finished, $"its release had been asked for at {TimeText.Show(promise.FinishedAtMs.Value)}") : null;
    }

    private static ShadowVerdict? Caught(ShadowDifference difference, ShadowPromise? promise, ShadowPool pool)
    {
        var tolerance = (long)TimingTolerance.TotalMilliseconds;
        if (difference.Given > 0
            && promise?.ReachedAt(difference.Given, difference.SeenAtMs, difference.SeenAtMs + tolerance) is { } at)
        {
            return new ShadowVerdict(
                ShadowClass.TimingLag, "", "", $"the shadow granted it {Show(at - difference.SeenAtMs)} later");
        }
        var until = difference.DecidedAtMs + tolerance;
        return MadeUp(difference, pool, fact => fact.TMs <= until) is { } last
            ? new ShadowVerdict(
                ShadowClass.TimingLag, "", "",
                $"{Name(last)} made it up {Show(last.TMs - difference.DecidedAtMs)} after the decision")
            : null;
    }

    private static ShadowVerdict? Stale(ShadowDifference difference, ShadowPool pool)
    {
        if (difference.Told is { } told)
        {
            return new ShadowVerdict(
                ShadowClass.StaleSource, told.Source, "",
                $"{told.Source}#{told.Number} was known to {(told.ByShadow ? "the shadow" : "the authority")} already");
        }
        if (MadeUp(difference, pool, fact => fact.ObservedMs <= difference.DecidedAtMs) is { } late)
        {
            return new ShadowVerdict(
                ShadowClass.StaleSource, late.Source, "",
                $"{Name(late)} arrived at least {Show(late.TMs - late.ObservedMs!.Value)} after its source knew it; "
                + $"{difference.Missing} units were missing");
        }
        return TakenAway(difference, pool) is { } gone
            ? new ShadowVerdict(
                ShadowClass.StaleSource, gone.Source, "",
                $"granted as if {Name(gone)}, {Show(difference.DecidedAtMs - gone.TMs)} old, were not known yet; "
                + $"{difference.Missing} units were missing")
            : null;
    }

    private static ShadowVerdict? Overdrawn(ShadowDifference difference, ShadowPool pool) =>
        difference.PoolGiven > pool.Ever
            ? Defect(NeverThere, $"{difference.PoolGiven} units of the pool were given, and there were never more than "
                + $"{pool.Ever}")
            : null;

    private static ShadowVerdict? Ruled(ShadowDifference difference, ValueList<ShadowRuleRow> rules)
    {
        foreach (var rule in rules)
        {
            if (ShadowRules.IsFor(rule, difference))
            {
                return new ShadowVerdict(ShadowRules.ClassOf(rule), rule.Id, rule.Owner, rule.Because);
            }
        }
        return null;
    }

    // The fact with which those that came after the decision make up what was missing; null: they do not.
    private static SupplySeen? MadeUp(ShadowDifference difference, ShadowPool pool, Predicate<SupplySeen> counts)
    {
        long units = 0;
        for (var index = FirstAfter(pool, difference.DecidedAtMs); index < pool.Supply.Count; index++)
        {
            var fact = pool.Supply[index];
            units += fact.Change > 0 && counts(fact) ? fact.Change : 0;
            if (difference.Missing > 0 && units >= difference.Missing)
            {
                return fact;
            }
        }
        return null;
    }

    private static SupplySeen? TakenAway(ShadowDifference difference, ShadowPool pool)
    {
        var from = difference.DecidedAtMs - (long)StaleFor.TotalMilliseconds;
        long units = 0;
        for (var index = FirstAfter(pool, difference.DecidedAtMs) - 1; index >= 0; index--)
        {
            var fact = pool.Supply[index];
            if (fact.TMs < from)
            {
                break;
            }
            units -= Math.Min(fact.Change, 0);
            if (difference.Missing > 0 && units >= difference.Missing)
            {
                return fact;
            }
        }
        return null;
    }

    private static int FirstAfter(ShadowPool pool, long tMs)
    {
        var (low, high) = (0, pool.Supply.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = pool.Supply[middle].TMs <= tMs ? (middle + 1, high) : (low, middle);
        }
        return low;
    }

    private static ShadowVerdict Defect(string kind, string why) => new(ShadowClass.LegacyDefect, kind, "", why);

    private static string Name(SupplySeen fact) => $"{fact.Source}#{fact.Sequence ?? fact.Version ?? 0}";

    private static string Show(long ms) => DurationText.Show(ms);
}
