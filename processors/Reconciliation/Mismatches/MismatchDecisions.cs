using Alloc.Processors.Notation;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>
/// What people may decide about a mismatch, and when.
/// <code>
///           Open     in the queue  Proposed  Approved  Repairing  Accepted  closed
/// Approve   –        –             ✔ (1)     –         –          –         –
/// Reject    ✔        –             ✔         ✔         –          –         –
/// Accept    ✔        ✔             ✔         ✔         –          ✔ (2)     –
/// Assign    ✔        ✔             ✔         ✔         ✔          ✔         –
/// </code>
/// (1) Where two people must want it, the first asks and another one approves. (2) It is meant until another time.
/// Pure: no store, no clock.
/// </summary>
internal static class MismatchDecisions
{
    /// <summary>Takes a decision; returns why it is refused, in words, or null where it counts.</summary>
    /// <param name="step">The mismatch.</param>
    /// <param name="decision">The decision, of which <see cref="DecisionRules"/> found nothing wrong.</param>
    public static string? Take(MismatchStep step, RepairDecision decision)
    {
        if (step.Row.ClosedAtMs is { } closedAtMs)
        {
            return $"it is closed: {step.Row.State} since {TimeText.Show(closedAtMs)}";
        }
        return decision.Kind switch
        {
            DecisionKind.Approve => Approve(step, decision.Actor, decision.Reason, decision.DecisionId),
            DecisionKind.Reject => Reject(step, decision),
            DecisionKind.Accept => Accept(step, decision),
            _ => Assign(step, decision),
        };
    }

    /// <summary>Somebody wants the proposed repair.</summary>
    public static string? Approve(MismatchStep step, string actor, string reason, string decisionId)
    {
        var row = step.Row;
        if (row is not { State: MismatchState.Proposed, Repair: { } repair })
        {
            return $"no repair is proposed: it is {StandingOf(step.Kept)}";
        }
        if (!repair.NeedsSecondApprover)
        {
            step.Row = row with { State = MismatchState.Approved, Approver = actor, Reason = reason };
            step.Tell(MismatchEventKind.Approved, actor, repair.Summary, reason, decisionId);
            return null;
        }
        if (IsAskedFor(row) && row.ProposedBy == actor)
        {
            return $"{actor} cannot approve own request: another person must";
        }
        var isFirst = !IsAskedFor(row);
        step.Row = isFirst
            ? row with { ProposedBy = actor, Reason = reason }
            : row with { State = MismatchState.Approved, Approver = actor, Reason = reason };
        step.Tell(
            isFirst ? MismatchEventKind.Proposed : MismatchEventKind.Approved, actor,
            isFirst ? $"{repair.Summary}; another person must approve it"
                : $"{repair.Summary}; asked for by {row.ProposedBy}", reason, decisionId);
        return null;
    }

    /// <summary>Whether a person asked for the repair.</summary>
    public static bool IsAskedFor(Mismatch row) => row.ProposedBy is { } by && by != MismatchLife.Self;

    /// <summary>Its time to be meant is over, and it still stands.</summary>
    public static void EndAcceptance(MismatchStep step)
    {
        var until = step.Row.AcceptedUntilMs ?? step.NowMs;
        step.Row = step.Row with { State = MismatchState.Open, AcceptedUntilMs = null };
        step.Tell(MismatchEventKind.AcceptanceOver, MismatchLife.Self, $"it was meant until {TimeText.Show(until)}");
        MismatchRouting.Route(step);
    }

    private static string? Reject(MismatchStep step, RepairDecision decision)
    {
        if (step.Kept.Queued != QueueCause.Unknown
            || step.Row.State is not (MismatchState.Open or MismatchState.Proposed or MismatchState.Approved))
        {
            return $"there is no repair to be rejected: it is {StandingOf(step.Kept)}";
        }
        step.Row = step.Row with
        {
            State = MismatchState.Open,
            ProposedBy = null,
            Approver = null,
            Reason = decision.Reason,
        };
        step.Tell(
            MismatchEventKind.Rejected, decision.Actor, step.Row.Repair?.Summary ?? "", decision.Reason,
            decision.DecisionId);
        MismatchRouting.Queue(step, QueueCause.NotWanted, $"{decision.Actor} rejected its repair: {decision.Reason}");
        return null;
    }

    private static string? Accept(MismatchStep step, RepairDecision decision)
    {
        if (step.Row.State == MismatchState.Repairing)
        {
            return "its repair was sent, and the comparison has not spoken: it is Repairing";
        }
        if (decision.UntilMs <= step.NowMs)
        {
            return $"until is {TimeText.Show(decision.UntilMs.Value)}, which has passed";
        }
        step.Row = step.Row with
        {
            State = MismatchState.Accepted,
            AcceptedUntilMs = decision.UntilMs,
            ProposedBy = null,
            Approver = null,
            Exception = null,
            Reason = decision.Reason,
        };
        step.Kept = step.Kept with { Queued = QueueCause.Unknown, IsOverdue = false, CompareUntilMs = null };
        step.Tell(
            MismatchEventKind.Accepted, decision.Actor,
            decision.UntilMs is { } until ? $"it is meant until {TimeText.Show(until)}" : "it is meant",
            decision.Reason, decision.DecisionId);
        return null;
    }

    private static string? Assign(MismatchStep step, RepairDecision decision)
    {
        step.Row = step.Row with { Assignee = decision.Assignee };
        step.Tell(
            MismatchEventKind.Assigned, decision.Actor, $"{decision.Assignee} takes it", decision.Reason,
            decision.DecisionId);
        return null;
    }

    private static string StandingOf(KeptMismatch kept) => kept.Queued == QueueCause.Unknown
        ? kept.Mismatch.State.ToString()
        : "in the exception queue";
}
