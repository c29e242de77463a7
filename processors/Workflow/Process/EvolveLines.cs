using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>What an event makes of an order's lines.</summary>
internal static class EvolveLines
{
    public static OrderProcess Ask(OrderProcess order, OrderEventBody.LineAsked e, long sequence) =>
        With(order, e.LineId, l => Ask(l, e, sequence));

    public static OrderProcess See(OrderProcess order, OrderEventBody.LineSeen e) =>
        Seen(With(order, e.LineId, l => See(l, e)));

    public static OrderProcess Refuse(OrderProcess order, OrderEventBody.LineRefused e) =>
        With(order, e.LineId, l => Refuse(l, e));

    public static OrderProcess Amend(OrderProcess order, OrderEventBody.Amended e) => order with
    {
        AmountMinor = e.AmountMinor,
        Lines =
        [
            .. order.Lines.Select(l => e.Lines.FirstOrDefault(a => a.LineId == l.LineId) is { } change
                ? change.Quantity == 0
                    ? l with { Quantity = 0, ClosedWhy = "Amended" } : l with { Quantity = change.Quantity }
                : l),
            .. e.Added.Select(a => Evolve.NewLine(a) with { Candidates = Planning.Of(a) }),
        ],
    };

    // Nobody pays for what is not served.
    public static OrderProcess Close(OrderProcess order, OrderEventBody.LineClosed e) =>
        With(order, e.LineId, l => l with { ClosedWhy = e.Why }) with
        {
            AmountMinor = checked(order.AmountMinor - order.Price(e.LineId)),
        };

    private static LineProcess Ask(LineProcess line, OrderEventBody.LineAsked e, long sequence)
    {
        var asked = line with { Ask = e.Ask, AskedBy = sequence, AskedQuantity = e.Quantity };
        return e.Ask == LineAsk.Hold
            ? asked with
            {
                PoolId = e.PoolId,
                ReservationId = e.ReservationId,
                Attempt = line.Attempt + 1,
                MayWait = e.MayWait,
                Units = new LineUnits(),
                IsReleased = false,
                IsCommitted = false,
            }
            : asked;
    }

    private static LineProcess See(LineProcess line, OrderEventBody.LineSeen e)
    {
        var seen = line with { Units = e.Units };
        if (!e.Answers)
        {
            return seen;
        }
        return seen with
        {
            Ask = LineAsk.Unknown,
            IsReleased = line.IsReleased || line.Ask == LineAsk.Release,
            IsCommitted = line.IsCommitted || line.Ask == LineAsk.Commit,
        };
    }

    // Where a hold is refused the next candidate is asked, under another id: this one may be known by now.
    private static LineProcess Refuse(LineProcess line, OrderEventBody.LineRefused e) => e.Ask == LineAsk.Hold
        ? line with
        {
            Ask = LineAsk.Unknown,
            Candidate = line.Candidate + 1,
            PoolId = "",
            ReservationId = "",
            Units = new LineUnits(),
        }
        : line with { Ask = LineAsk.Unknown };

    // What was shipped says how far fulfilment is.
    private static OrderProcess Seen(OrderProcess order)
    {
        if (order.Step != OrderStep.Fulfil || order.IsEnding)
        {
            return order;
        }
        var open = order.OpenLines.ToList();
        return open.TrueForAll(l => l.IsShipped) ? order with { State = OrderState.Shipped, LimitAtMs = null }
            : open.Exists(l => l.Units.Consumed > 0) ? order with { State = OrderState.PartiallyShipped }
            : order;
    }

    private static OrderProcess With(OrderProcess order, string lineId, Func<LineProcess, LineProcess> change) =>
        order with { Lines = [.. order.Lines.Select(l => l.LineId == lineId ? change(l) : l)] };
}
