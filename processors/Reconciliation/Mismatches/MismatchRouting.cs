using System.Globalization;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>
/// Who goes on with a mismatch that is open: the next run, a person, two people, or the exception queue, which has what
/// no rule repairs. Pure: no store, no clock.
/// </summary>
internal static class MismatchRouting
{
    /// <summary>Attempts of a repair before the exception queue has it.</summary>
    public const int MaximumAttempts = 3;

    /// <summary>When somebody should have decided about one that pages, from when it came into the queue.</summary>
    public static readonly TimeSpan PageDue = TimeSpan.FromHours(1);

    /// <summary>The same of a ticket.</summary>
    public static readonly TimeSpan TicketDue = TimeSpan.FromHours(24);

    /// <summary>Its approved repair cannot be made: what it was to send cannot be read.</summary>
    public static void FailToSend(MismatchStep step, string why)
    {
        step.Row = step.Row with { State = MismatchState.Open, ProposedBy = null, Approver = null, Repair = null };
        step.Kept = step.Kept with { Facts = null, NoRepairWhy = why };
        Queue(step, QueueCause.NoRepair, why);
    }

    /// <summary>It is open and nothing is under way: what happens next, by its row and by what was tried.</summary>
    public static void Route(MismatchStep step)
    {
        step.Kept = step.Kept with { CompareUntilMs = null };
        var kept = step.Kept;
        if (kept.Tried.Count >= MaximumAttempts)
        {
            Queue(step, QueueCause.Exhausted, string.Create(
                CultureInfo.InvariantCulture, $"{kept.Tried.Count} attempts did not repair it"));
        }
        else if (step.Row.Repair is not { } repair)
        {
            Queue(step, QueueCause.NoRepair, kept.NoRepairWhy);
        }
        else if (kept.Automatic && !repair.NeedsSecondApprover)
        {
            step.Row = step.Row with
            {
                State = MismatchState.Approved,
                ProposedBy = MismatchLife.Self,
                Approver = MismatchLife.Self,
            };
            step.Tell(MismatchEventKind.Approved, MismatchLife.Self, $"{repair.Summary}; the class's repair is on");
        }
        else
        {
            step.Row = step.Row with
            {
                State = MismatchState.Proposed,
                ProposedBy = MismatchLife.Self,
                Approver = null,
            };
            step.Tell(MismatchEventKind.Proposed, MismatchLife.Self, repair.NeedsSecondApprover
                ? $"{repair.Summary}; two people must want it"
                : $"{repair.Summary}; a person must want it");
        }
    }

    /// <summary>The exception queue has it: no rule repairs it, or none may.</summary>
    public static void Queue(MismatchStep step, QueueCause cause, string why)
    {
        var due = step.Row.Severity == Severities.Page ? PageDue : TicketDue;
        step.Row = step.Row with
        {
            Exception = new MismatchException
            {
                SinceMs = step.NowMs,
                DueAtMs = checked(step.NowMs + (long)due.TotalMilliseconds),
                Why = why,
                Tried = step.Kept.Tried,
                Choices = step.Kept.Choices,
            },
        };
        step.Kept = step.Kept with { Queued = cause, IsOverdue = false, CompareUntilMs = null };
        step.Tell(MismatchEventKind.Queued, MismatchLife.Self, why);
    }
}
