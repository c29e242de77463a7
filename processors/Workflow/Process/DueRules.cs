using Alloc.Processors.Workflow.Definition;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;

namespace Alloc.Processors.Workflow.Process;

/// <summary>A time has come: a limit, an answer that did not come, or the end of a pause.</summary>
internal static class DueRules
{
    /// <summary>When the order has to be looked at again; null: when something comes.</summary>
    public static long? NextAt(OrderProcess order)
    {
        long? next = order.LimitAtMs;
        Earlier(order.PausedUntilMs);
        Earlier(order is { State: OrderState.ReadyForFulfillment } ? order.WaveAtMs : null);
        foreach (var payment in order.Payments)
        {
            Earlier(payment.AnswerByMs);
        }
        return next;

        void Earlier(long? at) => next = at is { } time && !(next <= time) ? time : next;
    }

    /// <param name="d">The decision.</param>
    /// <param name="held">Inputs that were held back; empty: none.</param>
    public static void Take(OrderDecision d, string held)
    {
        foreach (var payment in d.Order.Payments.Where(p => p.AnswerByMs <= d.T).ToList())
        {
            Answer(d, payment);
        }
        if (d.Order.PausedUntilMs <= d.T)
        {
            d.Say(new OrderEventBody.PauseEnded());
            PaymentRules.TryAgain(d);
        }
        if (d.Order.LimitAtMs <= d.T)
        {
            Limit(d, held.Length == 0 ? "" : $", while {held} was held back");
        }
    }

    private static void Answer(OrderDecision d, PaymentProcess payment)
    {
        if (d.Order.IsEnding && payment.Ask == PaymentOperation.Authorize)
        {
            // It may be authorised all the same: a void of the same payment is the answer either way.
            PaymentRules.AskFor(d, payment, PaymentOperation.Void, payment.AskedAmountMinor, "");
            return;
        }
        PaymentRules.TimeOut(d, payment);
    }

    private static void Limit(OrderDecision d, string held)
    {
        var (order, step) = (d.Order, d.Order.Step);
        if (order.IsEnding)
        {
            // The warehouse, or whoever brings goods back, has had its time.
            d.Say(new OrderEventBody.LimitPassed { What = $"{(order.IsStopped ? "Stop" : step.ToString())}{held}" });
            if (!order.IsStopped || d.Definition.StopLimit.Then == LimitAction.Exception)
            {
                d.Except("what was to be undone did not come to an end in time");
            }
            return;
        }
        d.Say(new OrderEventBody.LimitPassed { What = $"{step}{held}" });
        if (step == OrderStep.Fraud)
        {
            FraudRules.TimeOut(d);
        }
        else if (d.Definition.Limit(step).Then == LimitAction.Exception)
        {
            d.Except($"{order.State} for longer than it may take");
        }
        else
        {
            UndoRules.Begin(d, WhyOf(step));
        }
    }

    private static string WhyOf(OrderStep step) => step switch
    {
        OrderStep.Hold => "HoldTimeout",
        OrderStep.Review => "ReviewTimeout",
        OrderStep.Authorise => "PaymentTimeout",
        OrderStep.Confirm => "ConfirmTimeout",
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "Nothing is undone at its limit."),
    };
}
