using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>
/// Other quantities: fewer until the order is being fulfilled; more as lines of their own, until the payment is asked
/// for.
/// </summary>
internal static class AmendRules
{
    public static string? WhyNot(OrderProcess order, OrderCommandBody.Amend amend)
    {
        if (order.IsEnding || order.IsCommitted || order.Step == OrderStep.Confirm)
        {
            return $"it is {order.State}: what is being confirmed, shipped or undone stays as it is.";
        }
        if (amend.Lines.Count == 0 && amend.Added.Count == 0)
        {
            return "it changes nothing: name lines with their new quantity, or lines to add.";
        }
        if (amend.Added.Count > 0 && order.Payments.Count > 0)
        {
            return "its payment was asked for: place another order for what is to be added.";
        }
        foreach (var change in amend.Lines)
        {
            if (order.Line(change.LineId) is not { IsOpen: true } line)
            {
                return $"line {change.LineId} is not there, or not served any more.";
            }
            if (change.Quantity < 0 || change.Quantity >= line.Quantity)
            {
                return $"line {change.LineId}: {change.Quantity} units, it has {line.Quantity}: fewer, or a line of "
                    + "its own for what is to be added.";
            }
            if (line.Ask != LineAsk.Unknown)
            {
                return $"line {change.LineId}: the ledger is asked for something ({line.Ask}): try again when it has "
                    + "answered.";
            }
        }
        if (amend.Lines.GroupBy(l => l.LineId).Any(g => g.Count() > 1))
        {
            return "a line is there twice: say it once.";
        }
        if (amend.Added.Select(OrderChecks.WhyNot).FirstOrDefault(w => w is not null) is { } why)
        {
            return why;
        }
        return amend.Added.FirstOrDefault(a => order.Line(a.LineId) is not null) is { } known
            ? $"line {known.LineId} is there already: another id for what is to be added."
            : order.OpenLines.Count() + amend.Added.Count == amend.Lines.Count(l => l.Quantity == 0)
            ? "nothing would be left: cancel the order."
            : null;
    }

    public static void Take(OrderDecision d, string commandId, OrderCommandBody.Amend amend)
    {
        var before = d.Order;
        var fewer = amend.Lines.Sum(c =>
            checked((before.Line(c.LineId)!.Quantity - c.Quantity) * before.Line(c.LineId)!.UnitPriceMinor));
        var more = amend.Added.Sum(a => checked(a.Quantity * a.UnitPriceMinor));
        d.Say(new OrderEventBody.Amended
        {
            CommandId = commandId,
            Lines = amend.Lines,
            Added = amend.Added,
            AmountMinor = checked(before.AmountMinor - fewer + more),
        });
        foreach (var change in amend.Lines)
        {
            var line = before.Line(change.LineId)!;
            if (line.ReservationId.Length > 0 && line.HasUnits)
            {
                d.Say(new OrderEventBody.LineAsked
                {
                    LineId = line.LineId,
                    Ask = change.Quantity == 0 ? LineAsk.Release : LineAsk.Reduce,
                    PoolId = line.PoolId,
                    ReservationId = line.ReservationId,
                    Quantity = change.Quantity == 0 ? 0 : checked((line.Quantity - change.Quantity) * line.PerUnit),
                    Reason = "Amended",
                });
            }
        }
    }

    /// <summary>The ledger does not take fewer: what was ordered stays, and is paid.</summary>
    public static void TakeBack(OrderDecision d, LineProcess line)
    {
        var units = line.AskedQuantity / line.PerUnit;
        d.Say(new OrderEventBody.Amended
        {
            CommandId = "",
            Lines = [new LineQuantity { LineId = line.LineId, Quantity = checked(line.Quantity + units) }],
            AmountMinor = checked(d.Order.AmountMinor + (units * line.UnitPriceMinor)),
        });
    }
}
