using System.Globalization;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Merging;

/// <summary>What a mode's row looks at, and what it changes, in words.</summary>
internal static class ModeMeasures
{
    /// <summary>Of fewer items no share is taken: one of two is no half.</summary>
    public const long FewestItems = 20;

    /// <summary>
    /// Rates have to be those of a stage that is known for this long: what is read at once after an outage comes and
    /// goes as nothing ever does.
    /// </summary>
    public const long RatesKnownMs = 60_000;

    /// <summary>The measure's value; null: it is not known; infinite: it never drains.</summary>
    /// <param name="row">The mode.</param>
    /// <param name="status">What is said of its stage; null: nothing.</param>
    /// <param name="knownSinceMs">Since when the figures of the stage are whole; null: they are not.</param>
    public static double? Of(ModeRow row, StageStatus? status, long? knownSinceMs)
    {
        if (status is null || knownSinceMs is not { } sinceMs)
        {
            return null;
        }
        return row.Measure switch
        {
            ModeMeasure.BreachedShare => status.Waiting < FewestItems ? 0 : (double)status.Breached / status.Waiting,
            ModeMeasure.OldestAge => status.OldestEnteredAtMs is { } oldest ? Math.Max(0, status.AtMs - oldest) : 0,
            _ when status.AtMs - sinceMs < RatesKnownMs => null,
            _ => status.Drain is { } drain ? drain.EstimateMs ?? double.PositiveInfinity : null,
        };
    }

    /// <summary>Name of the measure in records.</summary>
    public static string NameOf(ModeMeasure measure) => Camel(measure.ToString());

    /// <summary>Name of the effect in records.</summary>
    public static string NameOf(DegradedEffect effect) => Camel(effect.ToString());

    /// <summary>Whether an effect of this name is one of the ledger.</summary>
    public static bool ActsOnLedger(string effect) => effect != NameOf(DegradedEffect.ManualReview)
        && effect != NameOf(DegradedEffect.LaterAuthorization);

    /// <summary>What the mode changes while it is on.</summary>
    public static string Changes(ModeRow row)
    {
        var cap = row.CapMs is { } capMs
            ? string.Create(
                CultureInfo.InvariantCulture,
                $" {(row.Effect == DegradedEffect.ExtendHolds ? "by " : "")}at most {capMs / 1000.0:0.###} s")
            : "";
        var where = row.Pools.Count > 0
            ? $" in pools {string.Join(", ", row.Pools.Select(p => p.Text))}"
            : " in all pools that are not critical";
        var whom = row.Classes.Count > 0 ? $" of classes {string.Join(", ", row.Classes)}" : "";
        return row.Effect switch
        {
            DegradedEffect.ExtendHolds => $"holds{whom} that fall due live longer once{cap}{where}",
            DegradedEffect.RejectHolds => $"new holds{whom} are rejected{where}",
            DegradedEffect.WaitlistClasses => $"requests{whom} wait instead of being granted{where}",
            DegradedEffect.ShortenTtl => $"new holds{whom} live{cap}{where}",
            DegradedEffect.ManualReview => $"work{whom} goes to manual review{where}",
            _ => $"payments{whom} are authorised later{where}",
        };
    }

    private static string Camel(string name) => char.ToLowerInvariant(name[0]) + name[1..];
}
