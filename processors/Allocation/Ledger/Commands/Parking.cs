using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Commands;

/// <summary>
/// Commands that come before what they need wait for it, as a whole, inside the entry of their reservation: until
/// something happens to the reservation, or until grace G ends.
/// </summary>
internal static class Parking
{
    /// <summary>
    /// Parks the command at hand, or leaves it parked; false when it has to be decided.
    /// </summary>
    public static bool TryPark(Decision d, string reservationId, Reservation? reservation, out Ruling ruling)
    {
        ruling = Ruling.GoesOnWaiting;
        if (!d.MayPark)
        {
            return false;
        }
        if (d.Parked is not null)
        {
            return true;
        }
        var limits = d.Policy.Limits;
        var waiting = reservation?.Parked.Count ?? 0;
        var hasRoom = waiting < limits.ParkedPerReservation && d.Pool.Parked < limits.ParkedPerPool;
        d.Look(Trace.Step(
            DecisionRule.Parking, hasRoom ? RuleResult.Applied : RuleResult.Failed, "grace",
            Trace.N(NumberName.Parked, waiting), Trace.N(NumberName.Limit, limits.ParkedPerReservation)));
        if (!hasRoom)
        {
            return false;
        }
        var dueAt = checked(d.T + limits.GraceMs);
        var before = reservation ?? new Reservation { ReservationId = reservationId, Version = 0 };
        var command = new ParkedCommand
        {
            Command = d.Command!,
            PayloadHash = d.Hash,
            Sequence = checked(d.Pool.Sequence + 1),
            DueAtMs = dueAt,
        };
        d.Write(before with { Version = before.Version + 1, Parked = [.. before.Parked, command] });
        d.SetTimer(dueAt, TimerKind.ParkingEnd, reservationId);
        ruling = new AllocationOutcomeEvent.Parked { ReservationId = reservationId, DueAtMs = dueAt };
        return true;
    }

    /// <summary>The reservation without a parked command.</summary>
    public static Reservation Without(Reservation reservation, ParkedCommand parked)
    {
        var rest = new List<ParkedCommand>(reservation.Parked.Count);
        foreach (var other in reservation.Parked)
        {
            if (other.Sequence != parked.Sequence)
            {
                rest.Add(other);
            }
        }
        return rest.Count == reservation.Parked.Count ? reservation : reservation with { Parked = rest };
    }

    /// <summary>Takes the command that was decided now out of its reservation, and its timer with it.</summary>
    public static void Finish(Decision d, ParkedCommand parked)
    {
        var id = ReservationOf(parked.Command);
        var rest = d.Find(id) ?? throw new LedgerFaultException(
            $"Pool {d.Pool.PoolId}: the reservation {id} of a parked command is gone.");
        if (!d.Touches(id))
        {
            d.Write(rest with { Version = rest.Version + 1 });
        }
        foreach (var other in rest.Parked)
        {
            if (other.DueAtMs == parked.DueAtMs)
            {
                return;
            }
        }
        d.CancelTimer(parked.DueAtMs, TimerKind.ParkingEnd, id);
    }

    /// <summary>The reservation that a command waits for.</summary>
    public static string ReservationOf(AllocationCommand command) => command.Body switch
    {
        AllocationCommandBody.Confirm confirm => confirm.ReservationId,
        AllocationCommandBody.Release release => release.ReservationId,
        AllocationCommandBody.Consume consume => consume.ReservationId,
        _ => throw new LedgerFaultException($"A command {command.Body.GetType().Name} is never parked."),
    };
}
