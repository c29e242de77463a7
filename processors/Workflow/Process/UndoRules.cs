using Alloc.Schemas.Fulfilment;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;

namespace Alloc.Processors.Workflow.Process;

/// <summary>
/// What was done is undone in reverse: the warehouse stops, reservations are released, the payment is voided or paid
/// back. What there is to undo follows from what the order has, so that an answer that comes late is undone too.
/// </summary>
internal static class UndoRules
{
    /// <summary>The order ends, and everything is undone from now on.</summary>
    /// <param name="d">The decision.</param>
    /// <param name="why">Why, in one word.</param>
    /// <param name="by">Who wants it; empty: the workflow.</param>
    /// <param name="end">How it ends.</param>
    public static void Begin(OrderDecision d, string why, string by = "", OrderEnd end = OrderEnd.Cancelled)
    {
        if (!d.Order.IsEnding)
        {
            d.Say(new OrderEventBody.UndoBegun { End = end, Why = why, By = by });
        }
    }

    /// <summary>Undoes the next thing, where its turn has come.</summary>
    public static void GoOn(OrderDecision d)
    {
        if (d.Order.PausedUntilMs is not null)
        {
            return;
        }
        if (d.Order.IsPrepared && !d.Order.IsStopped && d.Order.OpenLines.Any(l => !l.IsShipped))
        {
            d.Say(new OrderEventBody.FulfilmentAsked { Action = FulfilmentAction.Stop });
            d.Say(new OrderEventBody.LimitMoved
            {
                LimitAtMs = checked(d.T + d.Definition.StopLimit.WithinMs),
                Why = "the warehouse was asked to stop",
            });
            return;
        }
        if (d.Order.LimitAtMs is not null && d.Order.IsStopped)
        {
            // Until the warehouse has had its time, what it ships is shipped.
            return;
        }
        if (Release(d) || PayBack(d) || TakeBack(d))
        {
            return;
        }
        if (d.Order.State == OrderState.Compensating)
        {
            d.Say(new OrderEventBody.Ended { End = d.Order.End, Why = d.Order.Why });
        }
    }

    /// <summary>An undo was refused: it is tried again after a pause, as often as the definition says.</summary>
    public static void Pause(OrderDecision d, string what)
    {
        var attempt = d.Order.Pauses + 1;
        if (attempt < d.Definition.Compensation.Tries)
        {
            d.Say(new OrderEventBody.UndoPaused
            {
                What = what,
                Attempt = attempt,
                UntilMs = checked(d.T + d.Definition.Compensation.PauseMs(attempt)),
            });
        }
        else
        {
            d.Except(what, Done(d.Order));
        }
    }

    // True while something is to be released, or its release is not answered.
    private static bool Release(OrderDecision d)
    {
        var isOpen = false;
        foreach (var line in d.Order.Lines.Where(l => l.IsToRelease).ToList())
        {
            isOpen = true;
            if (line.Ask != LineAsk.Release && d.Order.Exception is null)
            {
                d.Say(new OrderEventBody.LineAsked
                {
                    LineId = line.LineId,
                    Ask = LineAsk.Release,
                    PoolId = line.PoolId,
                    ReservationId = line.ReservationId,
                    Reason = d.Order.IsCommitted ? d.Order.Why : "GroupAborted",
                });
            }
        }
        return isOpen;
    }

    // True while a payment is to be voided or paid back, or the answer is not there.
    private static bool PayBack(OrderDecision d)
    {
        foreach (var payment in d.Order.Payments.ToList())
        {
            if (payment.Ask != PaymentOperation.Unknown)
            {
                // Never beside what it undoes: the answer, or its time-out, comes first.
                return true;
            }
            if (payment.State == PaymentState.Authorized && d.Order.IsCommitted
                && d.Order.Lines.Any(l => l.Units.Consumed > 0))
            {
                // Goods left: they are paid first, and paid back when they are in again.
                return true;
            }
            var (operation, amountMinor) = payment.State switch
            {
                PaymentState.Authorized => (PaymentOperation.Void, payment.AmountMinor),
                PaymentState.Captured or PaymentState.Refunded when Unshipped(d.Order, payment) > 0 =>
                    (PaymentOperation.Refund, Unshipped(d.Order, payment)),
                _ => (PaymentOperation.Unknown, 0L),
            };
            if (operation == PaymentOperation.Unknown)
            {
                continue;
            }
            if (d.Order.Exception is null)
            {
                PaymentRules.AskFor(
                    d, payment, operation, amountMinor, operation == PaymentOperation.Refund ? "unshipped" : "");
            }
            return true;
        }
        return false;
    }

    // What was captured for goods that are not shipped, and was not paid back yet.
    private static long Unshipped(OrderProcess order, PaymentProcess payment)
    {
        long unshipped = 0;
        foreach (var line in order.OpenLines)
        {
            unshipped = checked(unshipped
                + ((line.Quantity - (line.Units.Consumed / line.PerUnit)) * line.UnitPriceMinor));
        }
        return Math.Min(unshipped, payment.AmountMinor) - payment.RefundedMinor;
    }

    // What was shipped although nobody wants it comes back.
    private static bool TakeBack(OrderDecision d)
    {
        var shipped = d.Order.OpenLines.Where(l => l.Units.Consumed > l.Units.Returned).ToList();
        if (shipped.Count == 0 || d.Order.Returns.Count > 0)
        {
            return d.Order.Returns.Any(r => !r.IsClosed);
        }
        d.Say(new OrderEventBody.ReturnOpened
        {
            ReturnId = "cancelled",
            Lines =
            [
                .. shipped.Select(l => new ReturnedLine { LineId = l.LineId, Quantity = l.Units.Consumed / l.PerUnit }),
            ],
            Reason = d.Order.Why,
        });
        return true;
    }

    private static string Done(OrderProcess order)
    {
        var open = order.Lines.Where(l => l.IsToRelease).Select(l => l.ReservationId).ToList();
        var payments = order.Payments.Select(p => $"{p.PaymentId} {p.State}").ToList();
        return $"not released: {(open.Count == 0 ? "nothing" : string.Join(", ", open))}; payments: "
            + (payments.Count == 0 ? "none" : string.Join(", ", payments));
    }
}
