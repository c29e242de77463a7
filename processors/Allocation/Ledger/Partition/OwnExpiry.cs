using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Partition;

/// <summary>
/// Whatever is decided at t about a reservation, its own expiry that is due by t comes first: at its expiry a hold is
/// expired, and a wait is over, whether or not the timer has fired. Timers fire in the order of their times, and no
/// more than so many for one record, so one that ends the parking of a command, a victim that is looked for or a
/// command that comes may find a reservation whose expiry has not fired yet.
/// </summary>
internal static class OwnExpiry
{
    /// <summary>The expiry of a reservation that is due and has not fired; null: none.</summary>
    public static LedgerTimer? Of(ILedgerState state, string poolId, string? reservationId, long t)
    {
        if (reservationId is null || state.GetReservation(poolId, reservationId) is not { } known)
        {
            return null;
        }
        var dueAt = known.Held > 0 ? known.ExpiresAtMs : known.Waiting > 0 ? known.WaitUntilMs : null;
        return dueAt <= t ? new LedgerTimer(dueAt.Value, TimerKind.Expiry, poolId, reservationId) : null;
    }

    /// <summary>The timer that fires now: the one that is due, or the expiry of the reservation that it is about.
    /// </summary>
    public static LedgerTimer Before(ILedgerState state, in LedgerTimer timer, long t) => timer.Kind switch
    {
        TimerKind.ParkingEnd => Of(state, timer.PoolId, timer.Id, t) ?? timer,
        TimerKind.ApprovalEnd => Of(state, timer.PoolId, Awaiting(state, timer.PoolId, timer.Id), t) ?? timer,
        _ => timer,
    };

    /// <summary>Every reservation that a command is about, as it names them; null for none.</summary>
    public static IEnumerable<string?> Named(ILedgerState state, AllocationCommand command)
    {
        switch (command.Body)
        {
            case AllocationCommandBody.Hold { Lines.Count: > 0 } hold:
                return hold.Lines.Select(l => l.ReservationId);
            case AllocationCommandBody.Split split:
                return split.Parts.Select(p => p.ReservationId).Prepend(split.ReservationId);
            case AllocationCommandBody.Approve approve:
                return [Awaiting(state, command.PoolId, approve.ApprovedCommandId)];
            default:
                return [CommandKinds.ReservationIn(command.Body)];
        }
    }

    // The reservation of a command that waits for an approval.
    private static string? Awaiting(ILedgerState state, string poolId, string commandId) =>
        state.GetApproval(poolId, commandId) is { } pending ? CommandKinds.ReservationIn(pending.Command.Body) : null;
}
