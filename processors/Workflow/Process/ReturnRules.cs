using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;

namespace Alloc.Processors.Workflow.Process;

/// <summary>Goods come back: when they are in, they are paid back, and the return is over.</summary>
internal static class ReturnRules
{
    /// <summary>Units of a line, as ordered, that could still come back: shipped, and of no return yet.</summary>
    public static long Returnable(OrderProcess order, LineProcess line) =>
        (line.Units.Consumed / line.PerUnit) - Announced(order.Returns, line.LineId);

    /// <summary>Units of a line, as ordered, that have to be in for a return to be: with those of the ones before it.
    /// </summary>
    public static long DueWith(OrderProcess order, ReturnProcess open, string lineId) => Announced(
        order.Returns.TakeWhile(r => r.ReturnId != open.ReturnId).Append(open), lineId);

    public static void GoOn(OrderDecision d)
    {
        foreach (var open in d.Order.Returns.Where(r => !r.IsClosed).ToList())
        {
            if (!AreIn(d.Order, open))
            {
                continue;
            }
            var amountMinor = open.Lines.Sum(l => checked(l.Quantity * d.Order.Line(l.LineId)!.UnitPriceMinor));
            if (amountMinor == 0 || IsPaidBack(d.Order, open))
            {
                d.Say(new OrderEventBody.ReturnClosed { ReturnId = open.ReturnId });
                continue;
            }
            if (d.Order.Exception is null && d.Order.Payment is
                {
                    Ask: PaymentOperation.Unknown, State: PaymentState.Captured or PaymentState.Refunded
                } payment)
            {
                PaymentRules.AskFor(d, payment, PaymentOperation.Refund, amountMinor, PartOf(open));
            }
        }
    }

    // Like nothing else that is paid back of a payment, whatever people call their returns.
    private static string PartOf(ReturnProcess open) => $"return-{open.ReturnId}";

    // What came back is of the first return that waits for it: no unit is paid back twice.
    private static bool AreIn(OrderProcess order, ReturnProcess open) => open.Lines.All(l =>
        order.Line(l.LineId) is { } line
        && line.Units.Returned >= checked(DueWith(order, open, l.LineId) * line.PerUnit));

    private static long Announced(IEnumerable<ReturnProcess> returns, string lineId) =>
        returns.SelectMany(r => r.Lines).Where(l => l.LineId == lineId).Sum(l => l.Quantity);

    // Where nothing was ever taken, nothing is to be given back.
    private static bool IsPaidBack(OrderProcess order, ReturnProcess open) =>
        order.Payments.All(p => p.State is PaymentState.Voided or PaymentState.Failed
            or PaymentState.AuthorizationExpired)
        || order.Payments.Any(p => p.PaidBack.Any(
            k => WorkflowIds.IsPaymentKey(k, p.PaymentId, PaymentOperation.Refund, PartOf(open))));
}
