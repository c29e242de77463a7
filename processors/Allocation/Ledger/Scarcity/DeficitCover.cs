using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Scarcity;

/// <summary>Units of one reservation that would go back to a pool which promised too many.</summary>
/// <param name="Reservation">Who has them.</param>
/// <param name="Held">Held units.</param>
/// <param name="Confirmed">Confirmed units.</param>
public sealed record CoveringUnits(Reservation Reservation, long Held, long Confirmed);

/// <summary>
/// What would cover the deficit of a pool, in the order in which ExpireNewestHeld takes it: held units, the newest
/// first; then, which no policy takes, confirmed ones, the newest first.
/// </summary>
/// <param name="Deficit">Units promised beyond supply and overbooking.</param>
/// <param name="Action">What the policy does about it.</param>
/// <param name="Units">No more than are needed, or were looked at.</param>
public sealed record DeficitCover(long Deficit, DeficitAction Action, IReadOnlyList<CoveringUnits> Units)
{
    /// <summary>Units of all of them.</summary>
    public long Sum => Units.Sum(u => u.Held + u.Confirmed);

    /// <summary>For a pool; null where it is not known.</summary>
    internal static DeficitCover? Of(ILedgerState state, AllocationPolicy policy, string poolId, int limit)
    {
        if (state.GetPool(poolId) is not { } pool)
        {
            return null;
        }
        var action = policy.DeficitFor(poolId)?.Action ?? DeficitAction.OperatorList;
        var units = new List<CoveringUnits>();
        var holders = pool.Deficit > 0 ? DeficitRules.Newest(state, policy, poolId) : [];
        var left = pool.Deficit;
        foreach (var confirmed in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (var holder in holders)
            {
                if (left <= 0 || units.Count == limit)
                {
                    break;
                }
                var known = state.GetReservation(poolId, holder.ReservationId);
                var quantity = confirmed ? known?.Confirmed ?? 0 : known?.Held ?? 0;
                if (quantity > 0)
                {
                    units.Add(new CoveringUnits(known!, confirmed ? 0 : quantity, confirmed ? quantity : 0));
                    left -= quantity;
                }
            }
        }
        return new DeficitCover(pool.Deficit, action, units);
    }
}
