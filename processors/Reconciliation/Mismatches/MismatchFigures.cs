using Alloc.Processors.Catalogue;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>What is shown of the mismatches of a moment.</summary>
internal sealed record MismatchFigures
{
    /// <summary>Open mismatches of a class, and when the oldest of them was opened.</summary>
    /// <param name="Class">The class.</param>
    /// <param name="Severity">page or ticket.</param>
    /// <param name="Count">Neither closed nor accepted.</param>
    /// <param name="OldestAgeSeconds">0 where there are none.</param>
    public readonly record struct OfClass(string Class, string Severity, long Count, double OldestAgeSeconds);

    /// <summary>Something counted by one name, or by two.</summary>
    /// <param name="First">The first.</param>
    /// <param name="Second">The second; empty where there is none.</param>
    /// <param name="Count">How many.</param>
    public readonly record struct Named(string First, string Second, long Count);

    /// <summary>Every class of the catalogue, and others that are there.</summary>
    public required IReadOnlyList<OfClass> Classes { get; init; }

    /// <summary>Accepted ones by class.</summary>
    public required IReadOnlyList<Named> Accepted { get; init; }

    /// <summary>The exception queue by owner.</summary>
    public required IReadOnlyList<Named> Queue { get; init; }

    /// <summary>What of it is overdue, by owner.</summary>
    public required IReadOnlyList<Named> Overdue { get; init; }

    /// <summary>Repairs by kind and result.</summary>
    public required IReadOnlyList<Named> Repairs { get; init; }

    /// <summary>Decisions that were refused.</summary>
    public required long RefusedDecisions { get; init; }

    /// <summary>When an automatic run was finished last; null: none was.</summary>
    public required long? LastSuccessMs { get; init; }

    /// <summary>What the stores have.</summary>
    public static MismatchFigures Of(KeeperStores stores, OperationsCatalogue catalogue, long nowMs)
    {
        var tallies = stores.Tallies.All().Select(e => (e.Key, e.Value.Count)).ToList();
        return new MismatchFigures
        {
            Classes = ClassesOf(stores, catalogue, tallies, nowMs),
            Accepted =
            [
                .. tallies.Where(t => t.Key.What == MismatchTallies.Open && IsAccepted(t.Key))
                    .GroupBy(t => t.Key.First).Select(g => new Named(g.Key, "", g.Sum(t => t.Count))),
            ],
            Queue = OfWhat(tallies, MismatchTallies.Queue),
            Overdue = OfWhat(tallies, MismatchTallies.Overdue),
            Repairs = OfWhat(tallies, MismatchTallies.Repairs),
            RefusedDecisions = stores.Count(new TallyKey(MismatchTallies.Refused)),
            LastSuccessMs = stores.Keeper.Get(MismatchStores.TheKey)?.LastRunFinishedAtMs,
        };
    }

    private static List<OfClass> ClassesOf(
        KeeperStores stores, OperationsCatalogue catalogue, List<(TallyKey Key, long Count)> tallies, long nowMs)
    {
        var counts = catalogue.Classes.ToDictionary(
            row => (row.Class.ToString(), Severities.NameOf(row.Severity)), _ => 0L);
        foreach (var (key, count) in tallies)
        {
            if (key.What == MismatchTallies.Open && !IsAccepted(key))
            {
                counts[(key.First, key.Second)] = counts.GetValueOrDefault((key.First, key.Second)) + count;
            }
        }
        return
        [
            .. counts.Select(c => new OfClass(
                c.Key.Item1, c.Key.Item2, c.Value,
                c.Value == 0 ? 0 : AgeOfOldest(stores, c.Key.Item1, c.Key.Item2, nowMs))),
        ];
    }

    // The first of the class's list.
    private static double AgeOfOldest(KeeperStores stores, string className, string severity, long nowMs)
    {
        var first = new OpenKey(
            MismatchFacets.Class(className), Severities.RankOf(severity), long.MinValue, "");
        foreach (var (key, _) in stores.Open.Range(first, first with { SeverityRank = first.SeverityRank + 1 }))
        {
            return Math.Max(0, nowMs - key.OpenedAtMs) / 1000.0;
        }
        return 0;
    }

    private static bool IsAccepted(TallyKey key) => key.Third == nameof(MismatchState.Accepted);

    private static List<Named> OfWhat(List<(TallyKey Key, long Count)> tallies, string what) =>
        [.. tallies.Where(t => t.Key.What == what).Select(t => new Named(t.Key.First, t.Key.Second, t.Count))];
}
