using Alloc.Processors.Catalogue;
using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Merging;

/// <summary>What is said of a stage.</summary>
internal static class StageStatuses
{
    /// <summary>A partition that has not been heard of for longer is missing.</summary>
    public const long SilenceMs = 15_000;

    private const int HotPools = 10;
    private const double LeastShare = 0.05;

    /// <summary>The status, without what will happen.</summary>
    /// <param name="stageId">The stage.</param>
    /// <param name="stage">What the partitions say.</param>
    /// <param name="catalogue">The catalogue in force.</param>
    /// <param name="partitionCount">Partitions that there are.</param>
    /// <param name="nowMs">The clock.</param>
    public static StageStatus Of(
        string stageId, MergedStage stage, OperationsCatalogue catalogue, int partitionCount, long nowMs)
    {
        var row = catalogue.Stage(stageId);
        var slaMs = (long)(row?.Sla.TotalMilliseconds ?? stage.Entries.Counts.FirstOrDefault().Key.SlaMs);
        var (ages, breached) = stage.Entries.Ages(nowMs, 0.5, 0.9, 0.99);
        var waiting = stage.Waiting;
        return new StageStatus
        {
            StageId = stageId,
            AtMs = nowMs,
            CatalogueVersion = catalogue.Version,
            SlaMs = slaMs,
            Owner = row?.Owner ?? "",
            Waiting = waiting,
            OldestEnteredAtMs = stage.OldestEnteredAtMs,
            AgeP50Ms = ages[0],
            AgeP90Ms = ages[1],
            AgeP99Ms = ages[2],
            Breached = breached,
            ArrivalsPerSecond = Rates.Fast(stage.Merge.Arriving),
            DeparturesPerSecond = Rates.Fast(stage.Merge.Leaving),
            ArrivalsPerSecond10 = Rates.Slow(stage.Merge.Arriving),
            DeparturesPerSecond10 = Rates.Slow(stage.Merge.Leaving),
            Completed = stage.Merge.Completed,
            CompletedLate = stage.Sum(w => w.CompletedLate),
            Drain = DrainEstimate.Of(waiting, stage.Merge.Arriving, stage.Merge.Leaving, slaMs),
            Skew = waiting > 0 ? (double)stage.Words.Values.Max(w => w.Waiting) * partitionCount / waiting : 0,
            Retries = stage.Sum(w => w.Retries),
            Compensations = stage.Sum(w => w.Compensations),
            Duplicates = stage.Sum(w => w.Duplicates),
            Truncated = stage.Sum(w => w.Truncated),
            InManualReview = stage.Sum(w => w.InManualReview),
            HoldsAtRisk = stage.Sum(w => w.HoldsAtRisk),
            HotPools = [.. stage.Pools.OrderByDescending(p => p.Value).ThenBy(p => p.Key, StringComparer.Ordinal)
                .Take(HotPools).Select(p => new HotPool { PoolId = p.Key, Waiting = p.Value })],
            Partitions = [.. stage.Words.Values.Select(w => new StagePartition
            {
                Partition = w.Partition,
                Waiting = w.Waiting,
                OldestEnteredAtMs = w.OldestEnteredAtMs,
                WatermarkMs = w.WatermarkMs,
                AtMs = w.AtMs,
            })],
            Missing = [.. Enumerable.Range(0, partitionCount).Where(p =>
                !stage.Words.TryGetValue(p, out var word) || nowMs - word.AtMs > SilenceMs)],
        };
    }

    /// <summary>Whether more waits than the stage usually has: what leaves then is all that it can do.</summary>
    public static bool IsCongested(StageStatus status, MergedStage stage)
    {
        var oldestAgeMs = status.OldestEnteredAtMs is { } oldest ? status.AtMs - oldest : 0;
        return status.Waiting > 0 && stage.Merge.Arriving.SteadySeconds > 0
            && !LeavePrediction.IsUsual(stage.Merge, status.Waiting, oldestAgeMs);
    }

    /// <summary>The stage as a simulation begins with it.</summary>
    public static StageFlow FlowOf(StageStatus status, MergedStage stage)
    {
        var firstRiskAtMs = stage.Words.Values.Min(w => w.FirstRiskAtMs);
        return new StageFlow
        {
            StageId = status.StageId,
            SlaSeconds = status.SlaMs / 1000.0,
            Waiting = [.. stage.Entries.Counts.Select(e => (
                Math.Max(0, status.AtMs - e.Key.StartMs) / 1000.0, (double)e.Value))],
            Arrivals = Rates.Now(stage.Merge.Arriving),
            Departures = Rates.Now(stage.Merge.Leaving),
            UsualArrivals = Rates.Hourly(stage.Merge.Arriving),
            Peak = stage.Merge.Leaving.Peak,
            UsualSeconds = stage.Merge.TypicalWaitMs / 1000,
            IsCongested = IsCongested(status, stage),
            HoldLifeSeconds = stage.Merge.TypicalHoldLifeMs / 1000,
            HoldShare = stage.Merge.HoldShare,
            HoldsAtRisk = status.HoldsAtRisk,
            FirstRiskSeconds = firstRiskAtMs is { } atMs ? Math.Max(0, atMs - status.AtMs) / 1000.0 : null,
        };
    }

    /// <summary>What a stage's backlog is predicted to do: there, and where its items go next.</summary>
    public static IReadOnlyList<Propagation> PropagationOf(
        string stageId, bool isCongested, List<FlowEffect> effects,
        Dictionary<(string From, string To), double> shares, long nowMs) =>
        [.. effects.Where(e => e.StageId == stageId
                ? e.Effect is not (PropagationEffect.Starved)
                : isCongested && shares.GetValueOrDefault((stageId, e.StageId)) >= LeastShare)
            .OrderBy(e => e.InSeconds).ThenBy(e => e.StageId, StringComparer.Ordinal).ThenBy(e => e.Effect)
            .Select(e => new Propagation
            {
                StageId = e.StageId,
                Effect = e.Effect,
                AtMs = nowMs + (long)(e.InSeconds * 1000),
                Items = (long)Math.Round(e.Items),
            })];
}
