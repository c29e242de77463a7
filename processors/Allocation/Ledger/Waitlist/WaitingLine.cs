using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Waitlist;

/// <summary>The line of those that wait, as outcomes change it.</summary>
internal static class WaitingLine
{
    /// <summary>Applies an outcome, before its reservations are written; how many more wait now.</summary>
    public static int Apply(ILedgerState state, AllocationOutcome outcome)
    {
        var change = 0;
        var poolId = outcome.RequestedPoolId ?? outcome.PoolId;
        for (var index = 0; index < outcome.After.Count; index++)
        {
            var after = outcome.After[index];
            if (after.EnqueuedAtMs is null)
            {
                continue;
            }
            if (state.GetReservation(poolId, after.ReservationId) is { Waiting: > 0 } before)
            {
                state.RemoveWaiter(poolId, WaiterPlace.Of(before));
                change--;
            }
            if (after.Waiting > 0)
            {
                state.PutWaiter(
                    poolId, WaiterPlace.Of(after), new Place { Quantity = after.Waiting, Class = after.Class });
                change++;
            }
        }
        return change;
    }
}
