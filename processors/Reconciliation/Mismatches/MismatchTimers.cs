using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>What happens to a mismatch because time passed, and when it is looked at next. Pure.</summary>
internal static class MismatchTimers
{
    /// <summary>When it is looked at next, milliseconds since 1970 UTC; null: nothing is due by itself.</summary>
    public static long? NextAtMs(KeptMismatch kept)
    {
        var row = kept.Mismatch;
        return row.ClosedAtMs is { } closedAtMs
            ? closedAtMs + (long)MismatchLife.ClosedTime.TotalMilliseconds
            : row.State switch
            {
                MismatchState.Accepted => row.AcceptedUntilMs,
                MismatchState.Repairing => kept.SentAtMs + (long)MismatchLife.ProofTime.TotalMilliseconds,
                _ when row.Exception is { } exception && !kept.IsOverdue => exception.DueAtMs,
                _ => kept.CompareUntilMs,
            };
    }

    /// <summary>Whether it was closed so long ago that nobody asks for it any more.</summary>
    public static bool IsForgotten(KeptMismatch kept, long nowMs) =>
        MismatchLife.IsClosed(kept.Mismatch) && NextAtMs(kept) <= nowMs;

    /// <summary>Does what is due by now.</summary>
    public static void Fire(MismatchStep step)
    {
        if (MismatchLife.IsClosed(step.Row) || NextAtMs(step.Kept) is not { } dueAtMs || dueAtMs > step.NowMs)
        {
            return;
        }
        switch (step.Row.State)
        {
            case MismatchState.Accepted:
                MismatchDecisions.EndAcceptance(step);
                break;
            case MismatchState.Repairing:
                MismatchLife.Doubt(step);
                break;
            case var _ when step.Row.Exception is not null:
                step.Kept = step.Kept with { IsOverdue = true };
                break;
            default:
                MismatchRouting.Route(step);
                break;
        }
    }
}
