using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;

namespace Alloc.Processors.Workflow.Process;

/// <summary>
/// Payments: authorised before an order is confirmed, captured when its first parcel ships. A try after a time-out has
/// the same key, so that a gateway that did it says so; a new number comes only after a definite no.
/// </summary>
internal static class PaymentRules
{
    /// <summary>The gateway told of a payment.</summary>
    public static void Take(OrderDecision d, PaymentStatus status)
    {
        var what = $"payment {status.PaymentId}, {status.State}, version {status.Version}";
        var known = d.Order.Payments.FirstOrDefault(p => p.PaymentId == status.PaymentId);
        if (known is null)
        {
            d.Ignore(what, d.Order.IsPlaced ? "no such payment was asked for" : "the order is not known");
            return;
        }
        if (status.Version <= known.Version)
        {
            return;
        }
        if (status.State == PaymentState.Unknown || status.Currency != d.Order.Order!.Currency)
        {
            d.Ignore(what, status.State == PaymentState.Unknown
                ? "its state is not known here"
                : $"it is in {status.Currency}, the order in {d.Order.Order!.Currency}");
            return;
        }
        d.Say(new OrderEventBody.PaymentSeen
        {
            PaymentId = status.PaymentId,
            State = status.State,
            Version = status.Version,
            AmountMinor = status.AmountMinor,
            AuthorizedUntilMs = status.AuthorizedUntilMs,
            Key = status.Key,
            Refused = status.Refused,
        });
        if (status.Refused is { } code && status.Key == known.Key
            && known.Ask is PaymentOperation.Capture or PaymentOperation.Void or PaymentOperation.Refund)
        {
            UndoRules.Pause(d, $"{known.Key} was refused: {code}");
        }
    }

    /// <summary>Whether the order's payment is authorised now.</summary>
    public static bool IsAuthorized(OrderDecision d) => d.Order.AmountMinor == 0
        || (d.Order.Payment is { State: PaymentState.Authorized, Ask: PaymentOperation.Unknown } payment
            && payment.AmountMinor >= d.Order.AmountMinor && !(payment.AuthorizedUntilMs <= d.T));

    /// <summary>Goes on with the authorisation; true where it is there.</summary>
    public static bool Authorise(OrderDecision d)
    {
        if (IsAuthorized(d))
        {
            return true;
        }
        var payment = d.Order.Payment;
        if (payment?.Ask is not (null or PaymentOperation.Unknown) || d.Order.PausedUntilMs is not null)
        {
            return false;
        }
        if (payment is { State: PaymentState.Authorized })
        {
            // Too little, or over by its own time: it goes back before another is asked for.
            AskFor(d, payment, PaymentOperation.Void, payment.AmountMinor, "");
            return false;
        }
        if (WasTried(d))
        {
            Pause(d);
            return false;
        }
        AskFor(d, null, PaymentOperation.Authorize, d.Order.AmountMinor, "");
        return false;
    }

    /// <summary>A pause is over: a payment that was refused is tried again, as another one.</summary>
    public static void TryAgain(OrderDecision d)
    {
        if (!d.Order.IsEnding && d.Order.Step == OrderStep.Authorise && WasTried(d))
        {
            AskFor(d, null, PaymentOperation.Authorize, d.Order.AmountMinor, "");
        }
    }

    /// <summary>The authorisation ran out before the order was confirmed.</summary>
    public static void AuthoriseAgain(OrderDecision d)
    {
        var over = d.Order.Payments.Count(
            p => p.State == PaymentState.AuthorizationExpired || p.AuthorizedUntilMs <= d.T);
        if (over > d.Definition.Payment.Reauthorisations)
        {
            UndoRules.Begin(d, "AuthorizationExpired");
            return;
        }
        StepRules.Begin(d, OrderStep.Authorise, "the authorisation ran out");
    }

    /// <summary>Captures what is shipped for the first time.</summary>
    public static void Collect(OrderDecision d)
    {
        if (!d.Order.IsCommitted || d.Order.AmountMinor == 0 || d.Order.Exception is not null
            || d.Order.Lines.All(l => l.Units.Consumed == 0) || d.Order.PausedUntilMs is not null
            || d.Order.Payment is not { Ask: PaymentOperation.Unknown } payment)
        {
            return;
        }
        switch (payment.State)
        {
            case PaymentState.Authorized:
                AskFor(d, payment, PaymentOperation.Capture, Math.Min(d.Order.AmountMinor, payment.AmountMinor), "");
                break;
            case PaymentState.Failed or PaymentState.Voided or PaymentState.AuthorizationExpired
                when d.Order.Lines.Any(l => l.Units.Consumed > l.Units.Returned):
                d.Except(
                    $"goods were shipped and payment {payment.PaymentId} is {payment.State}", "shipped, not paid");
                break;
            default:
                break;
        }
    }

    /// <summary>Asks the gateway for something, for the first time.</summary>
    /// <param name="d">The decision.</param>
    /// <param name="payment">Of which payment; null: of a new one.</param>
    /// <param name="operation">What.</param>
    /// <param name="amountMinor">How much, in the smallest unit of the currency.</param>
    /// <param name="part">For what, where a payment has several of the kind.</param>
    public static void AskFor(
        OrderDecision d, PaymentProcess? payment, PaymentOperation operation, long amountMinor, string part)
    {
        var number = payment?.Number ?? (d.Order.Payments.Count + 1);
        var paymentId = WorkflowIds.Payment(d.Order.OrderRef, number);
        d.Say(new OrderEventBody.PaymentAsked
        {
            PaymentId = paymentId,
            Number = number,
            Operation = operation,
            Key = WorkflowIds.PaymentKey(paymentId, operation, part, payment?.Failures ?? 0),
            AmountMinor = amountMinor,
            Attempt = 1,
            AnswerByMs = AnswerBy(d),
        });
    }

    /// <summary>No answer came in time: the same again, under the same key, as often as the definition says.</summary>
    public static void TimeOut(OrderDecision d, PaymentProcess payment)
    {
        // What may be authorised is never left alone: the step's limit ends it, and then it is voided.
        var triesAtMost = payment.Ask == PaymentOperation.Authorize ? int.MaxValue : d.Definition.Compensation.Tries;
        if (payment.Attempt >= triesAtMost)
        {
            d.Say(new OrderEventBody.PaymentUnanswered
            {
                PaymentId = payment.PaymentId,
                Attempts = payment.Attempt,
            });
            d.Except(
                $"{payment.Key} was not answered in {payment.Attempt} tries",
                $"the payment was {payment.State} when it was told last");
            return;
        }
        d.Say(new OrderEventBody.PaymentAsked
        {
            PaymentId = payment.PaymentId,
            Number = payment.Number,
            Operation = payment.Ask,
            Key = payment.Key,
            AmountMinor = payment.AskedAmountMinor,
            Attempt = payment.Attempt + 1,
            AnswerByMs = AnswerBy(d),
        });
    }

    private static long AnswerBy(OrderDecision d) => checked(d.T + d.Definition.Payment.AnswerWithinMs);

    // Whether a payment was refused in this step, and the next one waits for a pause.
    private static bool WasTried(OrderDecision d) => d.Order.Payment is
    {
        State: PaymentState.Failed or PaymentState.Voided or PaymentState.AuthorizationExpired
    };

    private static void Pause(OrderDecision d)
    {
        if (d.Order.Pauses + 1 >= d.Definition.Payment.Tries)
        {
            UndoRules.Begin(d, "PaymentFailed");
            return;
        }
        d.Say(new OrderEventBody.PaymentPaused
        {
            UntilMs = checked(d.T + d.Definition.Payment.PauseMs(d.Order.Pauses + 1)),
            Why = d.Order.Payment is { } payment ? $"payment {payment.PaymentId} is {payment.State}" : "",
        });
    }
}
