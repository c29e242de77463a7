using Alloc.Schemas.Allocation;
using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Waiting;

/// <summary>What outcomes by order make of the holds that a piece of work needs. The work is the order.</summary>
internal sealed class HoldFold(WaitingStores stores, RiskIndex risks, WorkFold works)
{
    /// <summary>Holds of one order that are looked at; what an order holds beyond them is not.</summary>
    public const int MaximumHolds = 1_000;

    public void Take(OrderAllocation outcome)
    {
        if (outcome.Reservations.Count == 0)
        {
            return;
        }
        var known = stores.Works.Get(outcome.OrderRef);
        var work = known ?? new WaitingWork();
        foreach (var reservation in outcome.Reservations)
        {
            work = Take(outcome, reservation, work);
        }
        if (known is not null || work.Holds.Count > 0)
        {
            works.Save(outcome.OrderRef, work);
        }
    }

    private WaitingWork Take(OrderAllocation outcome, OrderReservation reservation, WaitingWork work)
    {
        WorkHold? before = null;
        foreach (var hold in work.Holds)
        {
            if (hold.ReservationId == reservation.ReservationId && hold.PoolId == outcome.PoolId)
            {
                before = hold;
                break;
            }
        }
        if (before is not null && reservation.Version < before.Version)
        {
            return work;
        }
        var after = outcome.Role == OrderRole.Owner && reservation is { Held: > 0, ExpiresAtMs: { } expiresAtMs }
            && (before is not null || work.Holds.Count < MaximumHolds)
            ? new WorkHold
            {
                PoolId = outcome.PoolId,
                ReservationId = reservation.ReservationId,
                Version = reservation.Version,
                ExpiresAtMs = expiresAtMs,
                NamedForMs = before?.NamedForMs,
            }
            : null;
        if (before is null && after is null)
        {
            return work;
        }
        if (before?.ExpiresAtMs != after?.ExpiresAtMs)
        {
            foreach (var stage in work.Stages)
            {
                Move(outcome.OrderRef, stage, before, after);
            }
        }
        var holds = work.Holds.Where(h => h != before).ToList();
        if (after is not null)
        {
            holds.Add(after);
        }
        return work with { Holds = holds };
    }

    private void Move(string workId, WorkStage stage, WorkHold? before, WorkHold? after)
    {
        if (stage.Standing != StageStanding.Open)
        {
            return;
        }
        if (before is not null)
        {
            risks.Remove(workId, stage, before);
        }
        if (after is not null)
        {
            risks.Add(workId, stage, after);
        }
    }
}
