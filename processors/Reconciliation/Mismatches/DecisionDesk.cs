using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>
/// Takes what people decide, each decision once: a record with an id that was seen changes nothing, whether it was
/// taken or refused before.
/// </summary>
internal sealed class DecisionDesk(KeeperStores stores, MismatchBook book, RepairRuns runs)
{
    /// <summary>How long a decision's id is remembered.</summary>
    public static readonly TimeSpan MemoryTime = TimeSpan.FromDays(7);

    /// <summary>Decisions that are remembered at most; the oldest are forgotten first.</summary>
    public const int MaximumDecisions = 100_000;

    /// <summary>Takes a decision, or says in an event why not.</summary>
    public void Take(RepairDecision asked, long nowMs)
    {
        if (stores.Decisions.Get(asked.DecisionId) is not null)
        {
            return;
        }
        Remember(asked.DecisionId, nowMs);
        var decision = DecisionRules.Trim(asked);
        var kept = decision.Kind == DecisionKind.Run ? null : book.Find(decision.MismatchId);
        if ((DecisionRules.Fault(decision) ?? Decide(decision, kept, nowMs)) is { } why)
        {
            Refuse(decision, kept, why, nowMs);
        }
    }

    /// <summary>Forgets decisions of long ago, and the oldest where they are too many; a bounded number.</summary>
    public void Forget(long nowMs, int limit)
    {
        for (var n = 0; n < limit && stores.DecisionEnds.TryPeek(out var endsAtMs, out var id); n++)
        {
            if (endsAtMs > nowMs && stores.Count(new TallyKey(MismatchTallies.Decisions)) <= MaximumDecisions)
            {
                return;
            }
            stores.DecisionEnds.Remove(endsAtMs, id);
            stores.Decisions.Delete(id);
            stores.Tally(new TallyKey(MismatchTallies.Decisions), -1);
        }
    }

    private string? Decide(RepairDecision decision, KeptMismatch? kept, long nowMs)
    {
        if (decision.Kind == DecisionKind.Run)
        {
            return runs.Ask(decision, nowMs);
        }
        if (kept is null)
        {
            return "no such mismatch is known: it never was, or was closed more than "
                + $"{MismatchLife.ClosedTime.Days} days ago";
        }
        var step = new MismatchStep(kept, nowMs);
        var why = MismatchDecisions.Take(step, decision);
        if (why is null)
        {
            book.Save(kept, step);
            if (decision.Kind == DecisionKind.Approve)
            {
                runs.Want();
            }
        }
        return why;
    }

    private void Refuse(RepairDecision decision, KeptMismatch? kept, string why, long nowMs)
    {
        stores.Tally(new TallyKey(MismatchTallies.Refused), 1);
        book.Tell(
            new MismatchEvent
            {
                MismatchId = decision.MismatchId,
                Class = kept?.Mismatch.Class ?? "",
                AtMs = nowMs,
                Kind = MismatchEventKind.DecisionRefused,
                State = kept?.Mismatch.State,
                Actor = decision.Actor,
                Reason = decision.Reason,
                Detail = why,
                DecisionId = decision.DecisionId,
            }, decision.Kind == DecisionKind.Run ? decision.DecisionId : decision.MismatchId);
    }

    private void Remember(string decisionId, long nowMs)
    {
        stores.Decisions.Put(decisionId, new SeenDecision { AtMs = nowMs });
        stores.DecisionEnds.Add(checked(nowMs + (long)MemoryTime.TotalMilliseconds), decisionId);
        stores.Tally(new TallyKey(MismatchTallies.Decisions), 1);
    }
}
