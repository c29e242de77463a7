using Alloc.Schemas.Allocation;
using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>What the ledger tells: how reservations are, and what it says no to.</summary>
internal static class LedgerRules
{
    private const string Rejected = "Rejected";

    public static void Take(OrderDecision d, OrderAllocation told)
    {
        if (!d.Order.IsPlaced)
        {
            // Reservations of an order that nobody placed here are somebody else's business.
            return;
        }
        if (told.Role == OrderRole.FormerOwner)
        {
            TakeAway(d, told);
            return;
        }
        var asker = Asker(d.Order, told.CommandId);
        if (told.Event == Rejected)
        {
            Refuse(d, told, asker);
            return;
        }
        var isTold = false;
        foreach (var reservation in told.Reservations)
        {
            var line = d.Order.Lines.FirstOrDefault(
                l => l.PoolId == told.PoolId && l.ReservationId == reservation.ReservationId);
            // Of a former try nothing is left; what is no newer than what is known was said before.
            if (line is null || reservation.Version <= line.Units.Version)
            {
                continue;
            }
            isTold |= line.LineId == asker?.LineId;
            See(d, line, told, UnitsOf(reservation), line.LineId == asker?.LineId);
        }
        // An answer that touched nothing: it was so already.
        if (asker is not null && !isTold && d.Order.Line(asker.LineId)!.Ask != LineAsk.Unknown)
        {
            See(d, asker, told, asker.Units, isAnswer: true);
        }
    }

    private static void See(
        OrderDecision d, LineProcess line, OrderAllocation told, LineUnits units, bool isAnswer) =>
        d.Say(new OrderEventBody.LineSeen
        {
            LineId = line.LineId,
            Happened = told.Event,
            OutcomeId = told.OutcomeId,
            Units = units,
            Answers = isAnswer,
        });

    private static void Refuse(OrderDecision d, OrderAllocation told, LineProcess? asker)
    {
        if (asker is null)
        {
            // It answers what is not asked any more, or a command of somebody else.
            return;
        }
        d.Say(new OrderEventBody.LineRefused
        {
            LineId = asker.LineId,
            Ask = asker.Ask,
            OutcomeId = told.OutcomeId,
            Reasons = told.Reasons,
        });
        // What a refused hold or confirmation means, the step looks at by itself.
        var reasons = string.Join(", ", told.Reasons);
        switch (asker.Ask)
        {
            case LineAsk.Extend when !d.Order.IsEnding && asker.Units.ExpiresAtMs < d.Order.LimitAtMs:
                d.Say(new OrderEventBody.LimitMoved
                {
                    LimitAtMs = asker.Units.ExpiresAtMs.Value,
                    Why = $"line {asker.LineId} is not held for longer: {reasons}",
                });
                break;
            case LineAsk.Release when d.Order.IsEnding:
                UndoRules.Pause(d, $"{asker.ReservationId} is not released: {reasons}");
                break;
            case LineAsk.Reduce when !d.Order.IsEnding:
                AmendRules.TakeBack(d, asker);
                break;
            case LineAsk.Release or LineAsk.Commit:
                d.Except($"line {asker.LineId}: {asker.Ask} was refused: {reasons}");
                break;
            default:
                break;
        }
    }

    private static void TakeAway(OrderDecision d, OrderAllocation told)
    {
        var lines = d.Order.Lines.Where(l => l.PoolId == told.PoolId
            && told.Reservations.Any(r => r.ReservationId == l.ReservationId)).Select(l => l.LineId).ToList();
        if (lines.Count > 0)
        {
            d.Except(
                $"the reservation of line {string.Join(", ", lines)} was given to another order", told.OutcomeId);
        }
    }

    // The line whose last ask this answers.
    private static LineProcess? Asker(OrderProcess order, string? commandId) => commandId is null
        ? null
        : order.Lines.FirstOrDefault(l => l.Ask != LineAsk.Unknown
            && WorkflowIds.Command(order.OrderRef, l.AskedBy, l.LineId) == commandId);

    private static LineUnits UnitsOf(OrderReservation r) => new()
    {
        Held = r.Held,
        Confirmed = r.Confirmed,
        Consumed = r.Consumed,
        Returned = r.Returned,
        Released = r.Released,
        Expired = r.Expired,
        Preempted = r.Preempted,
        Waiting = r.Waiting,
        ExpiresAtMs = r.ExpiresAtMs,
        Version = r.Version,
    };
}
