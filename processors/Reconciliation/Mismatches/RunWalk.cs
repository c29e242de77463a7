using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>
/// A piece of a run: goes on through its lists from the mismatch after the one that it looked at last.
/// </summary>
internal sealed class RunWalk(
    KeeperStores stores, MismatchBook book, RepairSender sender, RunKey key, RepairRun begun, long nowMs)
{
    private readonly Dictionary<string, long> sent = new(begun.Sent, StringComparer.Ordinal);
    private RepairRun run = begun;

    /// <summary>The run as it is after the piece.</summary>
    public RepairRun Run => run with { Sent = sent };

    /// <summary>Whether it is at its end.</summary>
    public bool IsFinished => run.Facet >= run.Facets.Count;

    /// <summary>
    /// Looks at mismatches until it may not send, or may look no more; returns how many it still may look at.
    /// </summary>
    /// <param name="looks">Mismatches that it may look at.</param>
    /// <param name="pageSize">Those that are read at once.</param>
    public int Go(int looks, int pageSize)
    {
        while (!IsFinished && looks > 0 && sender.MaySend)
        {
            // Read before anything is written: lists change under the walk.
            var wanted = Math.Min(looks, pageSize);
            var page = NextPage(wanted);
            var isPassed = true;
            foreach (var (place, line) in page)
            {
                if (!sender.MaySend)
                {
                    isPassed = false;
                    break;
                }
                looks--;
                Pass(place);
                if (!Look(place, line))
                {
                    page.Clear();
                    break;
                }
            }
            if (isPassed && page.Count < wanted)
            {
                looks--;
                NextFacet();
            }
        }
        return looks;
    }

    private List<KeyValuePair<OpenKey, OpenMismatch>> NextPage(int count)
    {
        var facet = run.Facets[run.Facet];
        var passed = new OpenKey(facet, run.PassedSeverity, run.PassedOpenedAtMs, run.PassedId);
        return [.. stores.Open
            .Range(passed, new OpenKey(facet, Severities.End, long.MinValue, ""))
            .Where(e => e.Key != passed).Take(count)];
    }

    private void Pass(OpenKey place) => run = run with
    {
        PassedSeverity = place.SeverityRank,
        PassedOpenedAtMs = place.OpenedAtMs,
        PassedId = place.MismatchId,
    };

    private void NextFacet() => run = run with
    {
        Facet = run.Facet + 1,
        PassedSeverity = -1,
        PassedOpenedAtMs = 0,
        PassedId = "",
    };

    // False: nothing of this list can be sent any more.
    private bool Look(OpenKey place, OpenMismatch line)
    {
        if ((run.OnlyId is { } only && only != place.MismatchId) || (run.Class is { } name && name != line.Class)
            || place.OpenedAtMs < run.SinceMs)
        {
            return true;
        }
        switch (line.State)
        {
            case MismatchState.Approved:
                return SendApproved(place.MismatchId);
            case MismatchState.Proposed when line.NeedsSecondApprover:
                AskForSecond(place.MismatchId);
                return true;
            case MismatchState.Proposed:
                Approve(place.MismatchId);
                return true;
            default:
                run = run with { Skipped = run.Skipped + 1 };
                return true;
        }
    }

    private bool SendApproved(string mismatchId)
    {
        var kept = book.Find(mismatchId)!;
        if (IsCapped(kept))
        {
            run = run with { Capped = run.Capped + 1 };
            // The rest of the class waits for the next run; a list of a person's run has others, too.
            return !run.Automatic;
        }
        Send(kept, new MismatchStep(kept, nowMs));
        return true;
    }

    private void AskForSecond(string mismatchId)
    {
        var kept = book.Find(mismatchId)!;
        if (MismatchDecisions.IsAskedFor(kept.Mismatch))
        {
            run = run with { Skipped = run.Skipped + 1 };
            return;
        }
        var step = new MismatchStep(kept, nowMs);
        MismatchDecisions.Approve(step, run.Actor, run.Reason, key.DecisionId);
        book.Save(kept, step);
        run = run with { Proposed = run.Proposed + 1 };
    }

    private void Approve(string mismatchId)
    {
        var kept = book.Find(mismatchId)!;
        if (IsCapped(kept))
        {
            run = run with { Capped = run.Capped + 1 };
            return;
        }
        var step = new MismatchStep(kept, nowMs);
        MismatchDecisions.Approve(step, run.Actor, run.Reason, key.DecisionId);
        run = run with { Approved = run.Approved + 1 };
        Send(kept, step);
    }

    private void Send(KeptMismatch kept, MismatchStep step)
    {
        if (sender.Send(kept, step))
        {
            sent[kept.Mismatch.Class] = sent.GetValueOrDefault(kept.Mismatch.Class) + 1;
        }
    }

    private bool IsCapped(KeptMismatch kept) =>
        sent.GetValueOrDefault(kept.Mismatch.Class) >= kept.RepairCap || sent.Values.Sum() >= run.Cap;
}
