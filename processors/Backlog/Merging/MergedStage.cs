using Alloc.Engine.Processing;
using Alloc.Processors.Keys;
using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Merging;

/// <summary>
/// A stage as all partitions together say it is: a copy in memory of what the stores hold, which is made anew whenever
/// a change of the stores did not come to its end.
/// </summary>
internal sealed class MergedStage
{
    /// <summary>Entries that are older are counted by the minute.</summary>
    public const long FineMs = 3_600_000;

    private const long MinuteMs = 60_000;
    private const long SilenceMs = 5_000;
    private const double TypicalItems = 300;
    private const double LearningSeconds = 6 * 3600;

    private readonly string stageId;
    private readonly MergeStores stores;
    private readonly SortedDictionary<int, StageDelta> words = [];
    private readonly Dictionary<string, long> pools = new(StringComparer.Ordinal);
    private (long, long, long, int) totalsOfSaid;

    public MergedStage(string stageId, MergeStores stores, long nowMs)
    {
        this.stageId = stageId;
        this.stores = stores;
        var prefix = OrderedKeys.PrefixOf(stageId);
        foreach (var (key, word) in stores.Words.Prefix(prefix))
        {
            words[key.Partition] = word;
        }
        foreach (var (key, count) in stores.Counts.Prefix(prefix))
        {
            if (key.Kind == StageChangeKind.Entry)
            {
                Entries.Add(key.Second * 1000, key.SlaMs, count.Count);
            }
            else
            {
                pools[key.Name] = count.Count;
            }
        }
        Merge = stores.Merges.Get(stageId) ?? new StageMerge
        {
            SinceMs = nowMs,
            AtMs = nowMs,
            Arriving = new RateMemory(),
            Leaving = new RateMemory(),
        };
    }

    /// <summary>The last word of each partition.</summary>
    public IReadOnlyDictionary<int, StageDelta> Words => words;

    /// <summary>Waiting items by when they entered.</summary>
    public EntryHistogram Entries { get; } = new();

    /// <summary>Waiting items by pool.</summary>
    public IReadOnlyDictionary<string, long> Pools => pools;

    /// <summary>What is remembered between two looks.</summary>
    public StageMerge Merge { get; private set; }

    /// <summary>What was said of it last; null: nothing since this copy was made.</summary>
    public StageStatus? Said
    {
        get;
        set => (field, totalsOfSaid) = (value, Totals);
    }

    /// <summary>Since when its figures are whole, as far as this copy knows; null: they are not.</summary>
    public long? KnownSinceMs { get; private set; }

    // Everything that is counted, and the catalogue that it is shown by.
    private (long, long, long, int) Totals => (
        Sum(w => w.Arrivals + w.Departures), Sum(w => w.Completed + w.Truncated + w.Retries), Sum(w => w.Duplicates),
        words.Values.Select(w => w.CatalogueVersion).DefaultIfEmpty().Max());

    /// <summary>Items that wait.</summary>
    public long Waiting => Sum(w => w.Waiting);

    /// <summary>When the oldest of them entered; null: nothing waits.</summary>
    public long? OldestEnteredAtMs => words.Values.Min(w => w.OldestEnteredAtMs);

    /// <summary>A total over all partitions.</summary>
    public long Sum(Func<StageDelta, long> figure)
    {
        var sum = 0L;
        foreach (var word in words.Values)
        {
            sum += figure(word);
        }
        return sum;
    }

    /// <summary>Whether nothing waits, came or went since it was said so a few seconds ago.</summary>
    public bool IsQuiet(long nowMs) => Said is { Waiting: 0 } said && Waiting == 0
        && nowMs >= said.AtMs && nowMs - said.AtMs < SilenceMs && totalsOfSaid == Totals;

    /// <summary>Notes whether the figures that are said of it now are whole.</summary>
    public void Note(bool isWhole, long nowMs) => KnownSinceMs = isWhole ? KnownSinceMs ?? nowMs : null;

    /// <summary>Takes in a word; false where it is known already.</summary>
    /// <exception cref="StreamsException">One before it is missing.</exception>
    public bool Take(StageDelta word)
    {
        var known = words.GetValueOrDefault(word.Partition)?.Sequence ?? 0;
        if (word.Sequence <= known)
        {
            return false;
        }
        if (word.Sequence != known + 1)
        {
            throw new StreamsException(
                $"Partition {word.Partition} of the stages says word {word.Sequence} about {stageId}, and word "
                + $"{known + 1} is missing: what waits there is not known any more. The topic of deltas lost records, "
                + "by its retention or by hand. Stop the backlog application everywhere, delete its state and its "
                + "changelogs, set its group to the beginning of workflow.stages, of allocation.by-order (or holds are "
                + "lost) and of operations.catalogue (or the merger knows none) and to the end of backlog.deltas, and "
                + "start it: docs/backlog.md, \"Built anew\".");
        }
        foreach (var change in word.Changes)
        {
            switch (change.Kind)
            {
                case StageChangeKind.Entry:
                    var startMs = change.Second * 1000;
                    startMs = startMs < Merge.CoarseBeforeMs ? startMs - startMs % MinuteMs : startMs;
                    Put(startMs, change.SlaMs, change.Change);
                    break;
                case StageChangeKind.Pool:
                    var count = pools.GetValueOrDefault(change.Name) + change.Change;
                    var key = new CountKey(stageId, StageChangeKind.Pool, change.Name, 0, 0);
                    if (count == 0)
                    {
                        pools.Remove(change.Name);
                        stores.Counts.Delete(key);
                    }
                    else
                    {
                        pools[change.Name] = count;
                        stores.Counts.Put(key, new CountOf { Count = count });
                    }
                    break;
                default:
                    break;
            }
        }
        var last = word with { Changes = [] };
        words[word.Partition] = last;
        stores.Words.Put(new WordKey(stageId, word.Partition), last);
        return true;
    }

    /// <summary>Looks at what came and went since the last time.</summary>
    public void Look(long nowMs)
    {
        Coarsen(nowMs);
        var seconds = Math.Max(0, nowMs - Merge.AtMs) / 1000.0;
        var arrivals = Sum(w => w.Arrivals);
        var departures = Sum(w => w.Departures);
        var completed = Sum(w => w.Completed);
        var waitedMs = Sum(w => w.WaitedMs);
        var heldItems = Sum(w => w.HeldItems);
        var holdLifeMs = Sum(w => w.HoldLifeMs);
        var left = completed - Merge.Completed;
        var held = heldItems - Merge.HeldItems;
        var entered = arrivals - Merge.Arrivals;
        var (typicalWait, typicalLeft) = Typical(waitedMs - Merge.WaitedMs, left, seconds, nowMs);
        Merge = Merge with
        {
            AtMs = nowMs,
            Arrivals = arrivals,
            Departures = departures,
            Completed = completed,
            WaitedMs = waitedMs,
            HeldItems = heldItems,
            HoldLifeMs = holdLifeMs,
            Arriving = Rates.Next(Merge.Arriving, entered, seconds),
            Leaving = Rates.Next(Merge.Leaving, departures - Merge.Departures, seconds),
            TypicalWaitMs = typicalWait,
            TypicalLeft = typicalLeft,
            TypicalHoldLifeMs = held <= 0 ? Merge.TypicalHoldLifeMs : Mean(
                Merge.TypicalHoldLifeMs, Math.Min(TypicalItems, Merge.HeldItems), holdLifeMs - Merge.HoldLifeMs, held)
                .Value,
            HoldShare = entered <= 0 ? Merge.HoldShare : Mean(
                Merge.HoldShare, Math.Min(TypicalItems, Merge.Arrivals), held, entered).Value,
        };
        stores.Merges.Put(stageId, Merge);
    }

    // What is usual is learned while things are as usual; a backlog that lasts becomes usual over hours.
    private (double WaitMs, double Left) Typical(double waitedMs, double left, double seconds, long nowMs)
    {
        var oldestAgeMs = OldestEnteredAtMs is { } oldest ? Math.Max(0, nowMs - oldest) : 0;
        if (left <= 0 || Merge.TypicalLeft < LeavePrediction.EnoughLeft
            || LeavePrediction.IsUsual(Merge, Waiting, oldestAgeMs))
        {
            return Mean(Merge.TypicalWaitMs, Merge.TypicalLeft, waitedMs, left);
        }
        var share = 1 - Math.Exp(-seconds / LearningSeconds);
        return (Merge.TypicalWaitMs + share * (waitedMs / left - Merge.TypicalWaitMs), Merge.TypicalLeft);
    }

    private static (double Value, double Count) Mean(double value, double count, double sum, double items)
    {
        if (items <= 0)
        {
            return (value, count);
        }
        var weight = Math.Min(TypicalItems, count + items);
        return (value + (sum / items - value) * Math.Min(1, items / weight), weight);
    }

    private void Coarsen(long nowMs)
    {
        var beforeMs = (nowMs - FineMs) / MinuteMs * MinuteMs;
        if (beforeMs <= Merge.CoarseBeforeMs)
        {
            return;
        }
        var fine = Entries.Counts.TakeWhile(e => e.Key.StartMs < beforeMs)
            .Where(e => e.Key.StartMs % MinuteMs != 0).ToList();
        Merge = Merge with { CoarseBeforeMs = beforeMs };
        foreach (var ((startMs, slaMs), count) in fine)
        {
            Put(startMs, slaMs, -count);
            Put(startMs - startMs % MinuteMs, slaMs, count);
        }
    }

    private void Put(long startMs, long slaMs, long change)
    {
        var key = new CountKey(stageId, StageChangeKind.Entry, "", startMs / 1000, slaMs);
        var count = Entries.Add(startMs, slaMs, change);
        if (count == 0)
        {
            stores.Counts.Delete(key);
        }
        else
        {
            stores.Counts.Put(key, new CountOf { Count = count });
        }
    }
}
