using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;

namespace Alloc.Processors.Workflow.Process;

/// <summary>What an event makes of an order's payments.</summary>
internal static class EvolvePayments
{
    public static OrderProcess See(OrderProcess order, OrderEventBody.PaymentSeen e) => order with
    {
        Payments = [.. order.Payments.Select(p => p.PaymentId == e.PaymentId ? See(p, e) : p)],
    };

    /// <summary>Nobody answers, and nobody is asked any more.</summary>
    public static OrderProcess GiveUp(OrderProcess order, string paymentId) => order with
    {
        Payments = [.. order.Payments.Select(p => p.PaymentId == paymentId ? p with { AnswerByMs = null } : p)],
    };

    /// <summary>What nobody answered is asked for again, now.</summary>
    public static OrderProcess Resume(OrderProcess order, long nowMs) => order with
    {
        Payments =
        [
            .. order.Payments.Select(p => p.Ask != PaymentOperation.Unknown && p.AnswerByMs is null
                ? p with { AnswerByMs = nowMs, Attempt = 0 } : p),
        ],
    };

    /// <summary>Whether a state is the answer to an operation; the gateway may also tell of something else.</summary>
    public static bool Answers(PaymentState state, PaymentOperation asked) => asked switch
    {
        PaymentOperation.Authorize => state is PaymentState.Authorized or PaymentState.Captured or PaymentState.Failed
            or PaymentState.Voided or PaymentState.AuthorizationExpired,
        PaymentOperation.Capture => state is PaymentState.Captured or PaymentState.Failed or PaymentState.Voided
            or PaymentState.AuthorizationExpired,
        PaymentOperation.Void => state is PaymentState.Voided or PaymentState.Failed
            or PaymentState.AuthorizationExpired,
        PaymentOperation.Refund => state is PaymentState.Refunded or PaymentState.Failed,
        _ => false,
    };

    public static OrderProcess Ask(OrderProcess order, OrderEventBody.PaymentAsked e)
    {
        var payments = order.Payments.ToList();
        var index = payments.FindIndex(p => p.PaymentId == e.PaymentId);
        if (index < 0)
        {
            payments.Add(new PaymentProcess { PaymentId = e.PaymentId, Number = e.Number });
            index = payments.Count - 1;
        }
        payments[index] = payments[index] with
        {
            Ask = e.Operation,
            Key = e.Key,
            Attempt = e.Attempt,
            AskedAmountMinor = e.AmountMinor,
            AnswerByMs = e.AnswerByMs,
        };
        return order with { Payments = payments };
    }

    private static PaymentProcess See(PaymentProcess payment, OrderEventBody.PaymentSeen e)
    {
        var isRefusal = e.Refused is not null && e.Key == payment.Key;
        var isAnswer = e.Key == payment.Key || (e.Key is null && Answers(e.State, payment.Ask));
        var isRefund = isAnswer && payment.Ask == PaymentOperation.Refund && !isRefusal;
        // What was voided and is authorised all the same is voided again: as something new.
        var isBack = e.State == PaymentState.Authorized && payment.State is PaymentState.Voided or PaymentState.Failed;
        return payment with
        {
            State = e.State,
            Version = e.Version,
            AmountMinor = e.AmountMinor,
            AuthorizedUntilMs = e.AuthorizedUntilMs,
            Failures = isRefusal || isBack ? payment.Failures + 1 : payment.Failures,
            Ask = isAnswer ? PaymentOperation.Unknown : payment.Ask,
            AnswerByMs = isAnswer ? null : payment.AnswerByMs,
            RefundedMinor = isRefund
                ? checked(payment.RefundedMinor + payment.AskedAmountMinor) : payment.RefundedMinor,
            PaidBack = isRefund ? [.. payment.PaidBack, payment.Key] : payment.PaidBack,
        };
    }
}
