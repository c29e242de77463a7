using Alloc.Processors.Allocation.Ledger.PolicyInForce;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Partition;

/// <summary>Fires what is due before a record is decided.</summary>
internal static class DueTimers
{
    /// <summary>
    /// Fires timers in their order, at most so many for one record. False when more are due: they fire with the next.
    /// </summary>
    public static bool Fire(RecordFold fold)
    {
        for (var fired = 0; fold.State.TryPeekTimer(out var due) && due.DueAtMs <= fold.T; fired++)
        {
            if (fired == fold.Policy.Limits.TimersPerRecord || (fold.IsSpent && due.Kind == TimerKind.Promotion))
            {
                return false;
            }
            var timer = OwnExpiry.Before(fold.State, due, fold.T);
            fold.Commit(Outcome(fold, timer));
            if (timer.Kind == TimerKind.Promotion)
            {
                if (timer.PoolId == fold.PartitionPoolId)
                {
                    Sweep.Pools(fold, timer.Id);
                }
                fold.Ask(PoolQuestions.Shortage);
            }
            Settlement.Settle(fold, timer.PoolId);
        }
        return true;
    }

    /// <summary>
    /// More is due than fires for one record: a policy whose time has come is put in force, and what the command is
    /// about expires, all the same.
    /// </summary>
    public static void FireForCommand(RecordFold fold)
    {
        if (PolicyRules.TryFindDue(fold.State, fold.PartitionPoolId, fold.T, out var step))
        {
            fold.CommitAndSettle(fold.Consequences.Timer(fold.Now, fold.Record, step));
        }
        var command = fold.Record.Command;
        foreach (var reservationId in OwnExpiry.Named(fold.State, command))
        {
            if (OwnExpiry.Of(fold.State, command.PoolId, reservationId, fold.T) is { } timer)
            {
                fold.CommitAndSettle(fold.Consequences.Timer(fold.Now, fold.Record, timer));
            }
        }
    }

    private static AllocationOutcome Outcome(RecordFold fold, in LedgerTimer timer)
    {
        switch (timer.Kind)
        {
            case TimerKind.ApprovalEnd:
                var pending = fold.State.GetApproval(timer.PoolId, timer.Id) ?? throw new LedgerFaultException(
                    $"Pool {timer.PoolId}: the approval of {timer.Id} ends at {timer.DueAtMs}, but none is awaited.");
                return fold.Decide.Pending(fold.Now, fold.Record, timer.PoolId, pending, isApproved: false);
            case TimerKind.ParkingEnd:
                return fold.Decide.Parked(
                    fold.Now, fold.Record, timer.PoolId, Parked(fold.State, timer), mayPark: false).Final;
            default:
                return fold.Consequences.Timer(fold.Now, fold.Record, timer);
        }
    }

    private static ParkedCommand Parked(ILedgerState state, in LedgerTimer timer)
    {
        foreach (var parked in state.GetReservation(timer.PoolId, timer.Id)?.Parked ?? [])
        {
            if (parked.DueAtMs == timer.DueAtMs)
            {
                return parked;
            }
        }
        throw new LedgerFaultException(
            $"Pool {timer.PoolId}: the grace of a command for {timer.Id} ends at {timer.DueAtMs}, but none is parked "
            + "until then.");
    }
}
