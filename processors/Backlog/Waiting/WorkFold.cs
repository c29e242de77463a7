using Alloc.Schemas.Backlog;
using Alloc.Schemas.Workflow;

namespace Alloc.Processors.Backlog.Waiting;

/// <summary>
/// What stage events make of a piece of work. An event that is not above the highest attempt known, and is not that
/// attempt's own Left, is a repeat: it is counted and changes nothing.
/// </summary>
internal sealed class WorkFold(WaitingStores stores, RiskIndex risks)
{
    /// <summary>No item is kept longer.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromDays(30);

    /// <summary>How long an attempt is remembered at least.</summary>
    public static readonly TimeSpan ShortestMemory = TimeSpan.FromHours(24);

    /// <summary>Within this, work that enters a stage is taken to come from the one that it left last.</summary>
    public static readonly TimeSpan LongestStep = TimeSpan.FromHours(1);

    private const int PoolsOfItem = 20;
    private const string ReviewAttribute = "review";
    private const string ManualReview = "manual";

    /// <summary>Work entered a stage.</summary>
    /// <param name="stageEvent">The event, checked.</param>
    /// <param name="slaMs">The stage's SLA in the catalogue in force, milliseconds.</param>
    /// <param name="catalogueVersion">That catalogue.</param>
    /// <param name="atMs">The record's time in the log.</param>
    public void Enter(StageEvent stageEvent, long slaMs, int catalogueVersion, long atMs)
    {
        var work = stores.Works.Get(stageEvent.WorkId) ?? new WaitingWork();
        var known = Find(work, stageEvent.StageId);
        var isLate = known is { Standing: StageStanding.LeftFirst } && known.Attempt == stageEvent.Attempt;
        if (known is not null && stageEvent.Attempt <= known.Attempt && !isLate)
        {
            stores.Tally(stageEvent.StageId, t => t with { Duplicates = t.Duplicates + 1 });
            return;
        }
        work = Reroute(stageEvent.WorkId, work, known, atMs);
        var stage = new WorkStage
        {
            StageId = stageEvent.StageId,
            Attempt = stageEvent.Attempt,
            Standing = StageStanding.Open,
            EnteredAtMs = atMs,
            DueAtMs = atMs + slaMs,
            SlaMs = slaMs,
            CatalogueVersion = catalogueVersion,
            TimerAtMs = Math.Min(atMs + slaMs, atMs + (long)LongestWait.TotalMilliseconds),
            IsManualReview = stageEvent.Attributes.GetValueOrDefault(ReviewAttribute) == ManualReview,
            Pools = PoolsOf(stageEvent, work),
        };
        stores.Tally(stageEvent.StageId, t => t with
        {
            Arrivals = t.Arrivals + 1,
            Retries = t.Retries + (stageEvent.Attempt > 1 ? 1 : 0),
        });
        var from = work.LastStage is { } last && work.LastLeftAtMs >= atMs - (long)LongestStep.TotalMilliseconds
            ? last
            : "";
        stores.Change(new CountKey(stageEvent.StageId, StageChangeKind.Edge, from, 0, 0), 1);
        if (isLate)
        {
            // Its Left came first: it has entered and left by now, and never waited.
            Leave(stageEvent.WorkId, work, known!, result: null, waitedMs: 0, isLate: false);
            return;
        }
        Open(stageEvent.WorkId, work, stage);
    }

    /// <summary>Work left a stage; parameters as for Enter.</summary>
    public void Leave(StageEvent stageEvent, long slaMs, int catalogueVersion, long atMs)
    {
        var work = stores.Works.Get(stageEvent.WorkId) ?? new WaitingWork();
        var known = Find(work, stageEvent.StageId);
        if (known is not null && (stageEvent.Attempt < known.Attempt
            || (stageEvent.Attempt == known.Attempt && known.Standing != StageStanding.Open)))
        {
            stores.Tally(stageEvent.StageId, t => t with { Duplicates = t.Duplicates + 1 });
            return;
        }
        if (known is not null && stageEvent.Attempt == known.Attempt)
        {
            work = Close(stageEvent.WorkId, work, known, atMs);
            Leave(
                stageEvent.WorkId, work, Find(work, stageEvent.StageId)!, stageEvent.Result,
                Math.Max(0, atMs - known.EnteredAtMs), atMs > known.DueAtMs);
            return;
        }
        work = Reroute(stageEvent.WorkId, work, known, atMs);
        var stage = new WorkStage
        {
            StageId = stageEvent.StageId,
            Attempt = stageEvent.Attempt,
            Standing = StageStanding.LeftFirst,
            EnteredAtMs = atMs,
            DueAtMs = atMs + slaMs,
            SlaMs = slaMs,
            CatalogueVersion = catalogueVersion,
            TimerAtMs = atMs + slaMs,
        };
        SetTimer(stageEvent.WorkId, Find(work, stageEvent.StageId), stage);
        Save(stageEvent.WorkId, With(work, stage) with { LastStage = stageEvent.StageId, LastLeftAtMs = atMs });
    }

    /// <summary>The SLA of the item that an event is of, where it waits, in milliseconds; null: it does not.</summary>
    public long? SlaOfOpenMs(StageEvent stageEvent) =>
        stores.Works.Get(stageEvent.WorkId) is { } work
        && Find(work, stageEvent.StageId) is { Standing: StageStanding.Open } stage ? stage.SlaMs : null;

    /// <summary>A time that an item waited for has passed.</summary>
    /// <returns>The alert that it leads to; null for none.</returns>
    public AgingAlert? Pass(ItemKey key, long dueAtMs, long nowMs)
    {
        var work = stores.Works.Get(key.WorkId);
        var stage = work is null ? null : Find(work, key.StageId);
        if (stage is null || stage.TimerAtMs != dueAtMs)
        {
            stores.Timers.Remove(dueAtMs, key);
            return null;
        }
        switch (stage.Standing)
        {
            case StageStanding.Open when !stage.IsOverdue && dueAtMs == stage.DueAtMs:
                var overdue = stage with
                {
                    IsOverdue = true,
                    TimerAtMs = Math.Max(dueAtMs, stage.EnteredAtMs + (long)LongestWait.TotalMilliseconds),
                };
                SetTimer(key.WorkId, stage, overdue);
                Save(key.WorkId, With(work!, overdue));
                return Alert(key, stage, AgingKind.Overdue, nowMs);
            case StageStanding.Open:
                stores.Tally(stage.StageId, t => t with { Truncated = t.Truncated + 1 });
                Save(key.WorkId, Close(key.WorkId, work!, stage, dueAtMs));
                return null;
            case StageStanding.LeftFirst:
                var remembered = stage with
                {
                    Standing = StageStanding.Left,
                    TimerAtMs = dueAtMs + MemoryMs(stage.SlaMs),
                };
                SetTimer(key.WorkId, stage, remembered);
                Save(key.WorkId, With(work!, remembered));
                return Alert(key, stage, AgingKind.LeftWithoutEntered, nowMs);
            default:
                stores.Timers.Remove(dueAtMs, key);
                Save(key.WorkId, work! with { Stages = [.. work!.Stages.Where(s => s.StageId != key.StageId)] });
                return null;
        }
    }

    /// <summary>The stage of a piece of work; null: it is not known there.</summary>
    public static WorkStage? Find(WaitingWork work, string stageId)
    {
        foreach (var stage in work.Stages)
        {
            if (stage.StageId == stageId)
            {
                return stage;
            }
        }
        return null;
    }

    /// <summary>Keeps the work, or forgets it when nothing is left of it.</summary>
    public void Save(string workId, WaitingWork work)
    {
        if (work.Stages.Count == 0 && work.Holds.Count == 0)
        {
            stores.Works.Delete(workId);
        }
        else
        {
            stores.Works.Put(workId, work);
        }
    }

    private void Open(string workId, WaitingWork work, WorkStage stage)
    {
        stores.Tally(stage.StageId, t => t with
        {
            Waiting = t.Waiting + 1,
            InManualReview = t.InManualReview + (stage.IsManualReview ? 1 : 0),
        });
        CountWaiting(stage, 1);
        stores.Entries.Put(
            new EntryKey(stage.StageId, stage.EnteredAtMs, workId), new EntryMark { Attempt = stage.Attempt });
        SetTimer(workId, Find(work, stage.StageId), stage);
        var lifeMs = long.MaxValue;
        foreach (var hold in work.Holds)
        {
            risks.Add(workId, stage, hold);
            lifeMs = Math.Min(lifeMs, hold.ExpiresAtMs - stage.EnteredAtMs);
        }
        if (lifeMs is > 0 and < long.MaxValue)
        {
            stores.Tally(stage.StageId, t => t with
            {
                HeldItems = t.HeldItems + 1,
                HoldLifeMs = t.HoldLifeMs + lifeMs,
            });
        }
        Save(workId, With(work, stage));
    }

    // It waits no more, for whatever reason.
    private WaitingWork Close(string workId, WaitingWork work, WorkStage stage, long atMs)
    {
        stores.Tally(stage.StageId, t => t with
        {
            Waiting = t.Waiting - 1,
            Departures = t.Departures + 1,
            InManualReview = t.InManualReview - (stage.IsManualReview ? 1 : 0),
        });
        CountWaiting(stage, -1);
        stores.Entries.Delete(new EntryKey(stage.StageId, stage.EnteredAtMs, workId));
        foreach (var hold in work.Holds)
        {
            risks.Remove(workId, stage, hold);
        }
        var left = stage with
        {
            Standing = StageStanding.Left,
            TimerAtMs = atMs + MemoryMs(stage.SlaMs),
            IsManualReview = false,
            Pools = [],
        };
        SetTimer(workId, stage, left);
        return With(work, left) with { LastStage = stage.StageId, LastLeftAtMs = atMs };
    }

    // It left by its own word.
    private void Leave(
        string workId, WaitingWork work, WorkStage stage, StageResult? result, long waitedMs, bool isLate)
    {
        var hadLeftFirst = stage.Standing == StageStanding.LeftFirst;
        stores.Tally(stage.StageId, t => t with
        {
            Departures = t.Departures + (hadLeftFirst ? 1 : 0),
            Completed = t.Completed + 1,
            CompletedLate = t.CompletedLate + (isLate ? 1 : 0),
            Compensations = t.Compensations + (result == StageResult.Compensated ? 1 : 0),
            WaitedMs = t.WaitedMs + waitedMs,
        });
        if (hadLeftFirst)
        {
            var left = stage with
            {
                Standing = StageStanding.Left,
                TimerAtMs = stage.EnteredAtMs + MemoryMs(stage.SlaMs),
            };
            SetTimer(workId, stage, left);
            work = With(work, left);
        }
        Save(workId, work);
    }

    // A higher attempt is under way: the one that waits has gone another way.
    private WaitingWork Reroute(string workId, WaitingWork work, WorkStage? known, long atMs) =>
        known is { Standing: StageStanding.Open } ? Close(workId, work, known, atMs) : work;

    private void CountWaiting(WorkStage stage, long change)
    {
        var second = Math.DivRem(stage.EnteredAtMs, 1000, out var rest) - (rest < 0 ? 1 : 0);
        stores.Change(new CountKey(stage.StageId, StageChangeKind.Entry, "", second, stage.SlaMs), change);
        foreach (var pool in stage.Pools)
        {
            stores.Change(new CountKey(stage.StageId, StageChangeKind.Pool, pool, 0, 0), change);
        }
    }

    private void SetTimer(string workId, WorkStage? before, WorkStage after)
    {
        var key = new ItemKey(workId, after.StageId);
        if (before is not null && before.TimerAtMs != after.TimerAtMs)
        {
            stores.Timers.Remove(before.TimerAtMs, key);
        }
        stores.Timers.Add(after.TimerAtMs, key);
    }

    private static AgingAlert Alert(ItemKey key, WorkStage stage, AgingKind kind, long nowMs) => new()
    {
        WorkId = key.WorkId,
        StageId = key.StageId,
        Attempt = stage.Attempt,
        Kind = kind,
        AtMs = nowMs,
        EnteredAtMs = kind == AgingKind.Overdue ? stage.EnteredAtMs : null,
        DueAtMs = stage.DueAtMs,
    };

    private static long MemoryMs(long slaMs) => Math.Max(slaMs, (long)ShortestMemory.TotalMilliseconds);

    private static WaitingWork With(WaitingWork work, WorkStage stage)
    {
        var stages = new List<WorkStage>(work.Stages.Count + 1);
        var isFound = false;
        foreach (var other in work.Stages)
        {
            var isIt = other.StageId == stage.StageId;
            stages.Add(isIt ? stage : other);
            isFound |= isIt;
        }
        if (!isFound)
        {
            stages.Add(stage);
        }
        return work with { Stages = stages };
    }

    // What the event names; else where the work has holds.
    private static IReadOnlyList<string> PoolsOf(StageEvent stageEvent, WaitingWork work)
    {
        var named = stageEvent.Reservations.Count > 0
            ? stageEvent.Reservations.Select(r => r.PoolId)
            : work.Holds.Select(h => h.PoolId);
        return [.. named.Distinct(StringComparer.Ordinal).Take(PoolsOfItem)];
    }
}
