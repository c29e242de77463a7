using Alloc.Processors.Keys;
using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Waiting;

/// <summary>
/// What the partition says of its stages: what changed since it said so last, numbered, so that whoever merges the
/// words of all partitions sees that one is missing or came twice.
/// </summary>
internal sealed class StageWords(WaitingStores stores, int partition)
{
    /// <summary>How often something is said of a stage though nothing changed.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);

    /// <summary>Changes in one word at most.</summary>
    public const int ChangesPerWord = 2_000;

    private const int WordsPerCall = 20;

    // Nothing that waits entered earlier: what entries are looked through from.
    private readonly Dictionary<string, long> oldest = new(StringComparer.Ordinal);

    /// <summary>Something entered a stage at a time.</summary>
    public void Entered(string stageId, long atMs)
    {
        if (oldest.TryGetValue(stageId, out var known) && atMs < known)
        {
            oldest[stageId] = atMs;
        }
    }

    /// <summary>The words about a stage that are due.</summary>
    /// <param name="stageId">The stage.</param>
    /// <param name="risk">How many of its holds are at risk, and when the first of them expires.</param>
    /// <param name="watermarkMs">Up to when the partition is known; long.MinValue: not yet.</param>
    /// <param name="catalogueVersion">Catalogue that it follows.</param>
    /// <param name="nowMs">The clock.</param>
    public IEnumerable<StageDelta> Say(
        string stageId, (long Count, long? FirstAtMs) risk, long watermarkMs, int catalogueVersion, long nowMs)
    {
        var tally = stores.Tallies.Get(stageId) ?? new StageTally();
        if (!tally.IsChanged && tally.HoldsAtRisk == risk.Count
            && nowMs - tally.SaidAtMs < Silence.TotalMilliseconds && nowMs >= tally.SaidAtMs)
        {
            yield break;
        }
        var prefix = OrderedKeys.PrefixOf(stageId);
        var oldestAtMs = Oldest(stageId);
        for (var word = 0; word < WordsPerCall; word++)
        {
            var changes = stores.Changes.Prefix(prefix).Take(ChangesPerWord).ToList();
            changes.ForEach(c => stores.Changes.Delete(c.Key));
            var isMore = changes.Count == ChangesPerWord;
            tally = tally with
            {
                Sequence = tally.Sequence + 1,
                SaidAtMs = nowMs,
                HoldsAtRisk = risk.Count,
                IsChanged = isMore,
            };
            stores.Tallies.Put(stageId, tally);
            yield return new StageDelta
            {
                Partition = partition,
                StageId = stageId,
                Sequence = tally.Sequence,
                AtMs = nowMs,
                WatermarkMs = watermarkMs == long.MinValue ? null : watermarkMs,
                CatalogueVersion = catalogueVersion,
                Waiting = tally.Waiting,
                OldestEnteredAtMs = oldestAtMs,
                InManualReview = tally.InManualReview,
                HoldsAtRisk = risk.Count,
                FirstRiskAtMs = risk.FirstAtMs,
                Arrivals = tally.Arrivals,
                Departures = tally.Departures,
                Completed = tally.Completed,
                CompletedLate = tally.CompletedLate,
                Retries = tally.Retries,
                Compensations = tally.Compensations,
                Duplicates = tally.Duplicates,
                Truncated = tally.Truncated,
                WaitedMs = tally.WaitedMs,
                HeldItems = tally.HeldItems,
                HoldLifeMs = tally.HoldLifeMs,
                Changes = [.. changes.Select(c => new StageChange
                {
                    Kind = c.Key.Kind,
                    Name = c.Key.Name,
                    Second = c.Key.Second,
                    SlaMs = c.Key.SlaMs,
                    Change = c.Value.Count,
                })],
            };
            if (!isMore)
            {
                yield break;
            }
        }
    }

    private long? Oldest(string stageId)
    {
        // Entries that are gone lie in front of those that wait: they are not gone through again each second.
        var from = oldest.GetValueOrDefault(stageId, long.MinValue);
        foreach (var entry in stores.Entries.Range(
            new EntryKey(stageId, from, ""), new EntryKey(stageId, long.MaxValue, "")))
        {
            oldest[stageId] = entry.Key.EnteredAtMs;
            return entry.Key.EnteredAtMs;
        }
        return null;
    }
}
