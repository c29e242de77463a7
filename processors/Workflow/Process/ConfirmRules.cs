using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>
/// The point of no return: when every line is confirmed and the payment authorised, the group is committed. One
/// refusal, one line that is lost, or the limit, and all lines are given back, answered or not.
/// </summary>
internal static class ConfirmRules
{
    public static void Ask(OrderDecision d)
    {
        foreach (var line in d.Order.OpenLines.ToList())
        {
            Ask(d, line, LineAsk.Confirm);
        }
    }

    public static void GoOn(OrderDecision d)
    {
        if (d.Order.OpenLines.Any(l => l.IsLost))
        {
            UndoRules.Begin(d, "HoldExpired");
            return;
        }
        if (d.Order.OpenLines.Any(l => !l.IsConfirmed && l.Ask != LineAsk.Confirm))
        {
            UndoRules.Begin(d, "ConfirmRefused");
            return;
        }
        if (!d.Order.OpenLines.All(l => l.IsConfirmed))
        {
            return;
        }
        if (!PaymentRules.IsAuthorized(d))
        {
            UndoRules.Begin(d, "AuthorizationExpired");
            return;
        }
        d.Say(new OrderEventBody.GroupCommitted());
        foreach (var line in d.Order.OpenLines.ToList())
        {
            Ask(d, line, LineAsk.Commit);
        }
        StepRules.Begin(d, OrderStep.Fulfil);
    }

    private static void Ask(OrderDecision d, LineProcess line, LineAsk ask) => d.Say(new OrderEventBody.LineAsked
    {
        LineId = line.LineId,
        Ask = ask,
        PoolId = line.PoolId,
        ReservationId = line.ReservationId,
    });
}
