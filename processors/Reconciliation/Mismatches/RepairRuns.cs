using Alloc.Processors.Catalogue;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>
/// Runs of repairs, one after the other: every minute one that sends what is approved, and those that people ask for,
/// which approve what is proposed and send it. A run goes through a list of mismatches in small pieces, and is kept in
/// between: a hundred thousand do not block others, and a restart goes on where it was.
/// </summary>
internal sealed class RepairRuns(KeeperStores stores, MismatchBook book, RepairSender sender)
{
    /// <summary>How often the automatic run begins.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(60);

    /// <summary>Mismatches that are looked at in one piece of work.</summary>
    public const int LooksAtOnce = 500;

    /// <summary>Runs that may be under way at once.</summary>
    public const int MaximumRuns = 100;

    private const int PageSize = 50;
    private bool isWanted;
    private const string Everything = "*";

    private static readonly string[] ApprovedOfAllClasses =
        [.. Enum.GetNames<MismatchClass>().Select(c => MismatchFacets.ClassState(c, MismatchState.Approved))];

    /// <summary>A person asks for a run; returns why it is refused, or null.</summary>
    public string? Ask(RepairDecision decision, long nowMs)
    {
        if (stores.Count(new TallyKey(MismatchTallies.Runs)) >= MaximumRuns)
        {
            return FormattableString.Invariant(
                $"{MaximumRuns} runs are under way; ask again when some of them are finished");
        }
        var only = decision.Scope == Everything ? null : book.Find(decision.Scope);
        Add(new RunKey(nowMs, decision.DecisionId), new RepairRun
        {
            Actor = decision.Actor,
            Reason = decision.Reason,
            Automatic = false,
            Facets = only is not null ? [MismatchFacets.Scope(only.Mismatch.Scope.Id)]
                : decision.Scope == Everything ? [MismatchFacets.All]
                : [MismatchFacets.Pool(decision.Scope), MismatchFacets.Order(decision.Scope)],
            OnlyId = only?.Mismatch.MismatchId,
            Class = decision.Class,
            SinceMs = decision.SinceMs,
            Cap = decision.Cap,
        });
        return null;
    }

    /// <summary>Whether a run is under way, or wanted now.</summary>
    public bool AreWaiting => isWanted || stores.Runs.All().Any();

    /// <summary>A person has approved something: nobody waits a minute for what is to be done.</summary>
    public void Want() => isWanted = true;

    /// <summary>Does a piece of work.</summary>
    public void Work(long nowMs)
    {
        var known = stores.Keeper.Get(MismatchStores.TheKey);
        var keeper = known ?? new KeeperState { NextRunAtMs = checked(nowMs + (long)Interval.TotalMilliseconds) };
        if ((keeper.NextRunAtMs <= nowMs || isWanted) && !stores.Runs.All().Any(r => r.Value.Automatic))
        {
            isWanted = false;
            Add(new RunKey(nowMs, ""), new RepairRun
            {
                Actor = MismatchLife.Self,
                Automatic = true,
                Facets = ApprovedOfAllClasses,
            });
            keeper = keeper with { NextRunAtMs = checked(nowMs + (long)Interval.TotalMilliseconds) };
        }
        sender.Begin(keeper, nowMs);
        var looks = LooksAtOnce;
        while (looks > 0 && sender.MaySend && First() is var (key, run))
        {
            var walk = new RunWalk(stores, book, sender, key, run, nowMs);
            looks = walk.Go(looks, PageSize);
            if (!walk.IsFinished)
            {
                stores.Runs.Put(key, walk.Run);
                continue;
            }
            stores.Runs.Delete(key);
            stores.Tally(new TallyKey(MismatchTallies.Runs), -1);
            keeper = run.Automatic ? keeper with { LastRunFinishedAtMs = nowMs } : keeper;
            Finish(key, walk.Run, nowMs);
        }
        keeper = sender.End(keeper);
        if (keeper != known)
        {
            stores.Keeper.Put(MismatchStores.TheKey, keeper);
        }
    }

    private (RunKey Key, RepairRun Run)? First()
    {
        foreach (var (key, run) in stores.Runs.All())
        {
            return (key, run);
        }
        return null;
    }

    private void Add(RunKey key, RepairRun run)
    {
        stores.Runs.Put(key, run);
        stores.Tally(new TallyKey(MismatchTallies.Runs), 1);
    }

    private void Finish(RunKey key, RepairRun run, long nowMs)
    {
        if (run.Automatic)
        {
            return;
        }
        book.Tell(
            new MismatchEvent
            {
                MismatchId = "",
                AtMs = nowMs,
                Kind = MismatchEventKind.RunFinished,
                Actor = run.Actor,
                Reason = run.Reason,
                Detail = FormattableString.Invariant(
                    $"approved {run.Approved}, proposed {run.Proposed}, skipped {run.Skipped}, capped {run.Capped}"),
                DecisionId = key.DecisionId,
                Counts = new Dictionary<string, long>(StringComparer.Ordinal)
                {
                    ["approved"] = run.Approved,
                    ["proposed"] = run.Proposed,
                    ["skipped"] = run.Skipped,
                    ["capped"] = run.Capped,
                },
            }, key.DecisionId);
    }
}
