using Alloc.Schemas.Fraud;
using Alloc.Schemas.Fulfilment;
using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>Each step has what it asks for and when it is done; then the next one of the segment begins.</summary>
internal static class StepRules
{
    /// <summary>A hold outlives the step that needs it by this.</summary>
    public const long HoldMarginMs = 60_000;

    /// <summary>The order goes on by one step, where it can.</summary>
    public static void GoOn(OrderDecision d)
    {
        if (d.Order.Step == OrderStep.Plan)
        {
            d.Say(Planning.Of(d.Order.Order!));
            BeginNext(d);
            return;
        }
        if (!d.Order.IsCommitted && FraudRules.Stands(d))
        {
            return;
        }
        if (IsBeforeConfirm(d.Order.Step))
        {
            HoldRules.GoOn(d);
            if (d.Order.IsEnding)
            {
                return;
            }
        }
        switch (d.Order.Step)
        {
            case OrderStep.Hold when HoldRules.AreAllServed(d.Order):
            case OrderStep.Fraud when d.Order.Verdict == FraudVerdict.Accept:
            case OrderStep.Review when d.Order.IsReviewed:
                BeginNext(d);
                break;
            case OrderStep.Authorise:
                if (PaymentRules.Authorise(d))
                {
                    BeginNext(d);
                }
                break;
            case OrderStep.Confirm:
                ConfirmRules.GoOn(d);
                break;
            case OrderStep.Fulfil when d.Order.State == OrderState.ReadyForFulfillment
                && d.Order.IsPrepared && (d.Order.WaveAtMs ?? d.T) <= d.T:
                d.Say(new OrderEventBody.WaveBegun());
                break;
            default:
                break;
        }
    }

    /// <summary>A step begins: its limit, and what it asks for.</summary>
    public static void Begin(OrderDecision d, OrderStep step, string why = "")
    {
        var limitAt = checked(d.T + d.Definition.Limit(step).WithinMs);
        d.Say(new OrderEventBody.StepBegun { Step = step, LimitAtMs = limitAt, Why = why });
        if (step is OrderStep.Fraud or OrderStep.Review or OrderStep.Authorise)
        {
            Extend(d, limitAt);
        }
        switch (step)
        {
            case OrderStep.Fraud:
                FraudRules.Ask(d, limitAt);
                break;
            case OrderStep.Confirm:
                ConfirmRules.Ask(d);
                break;
            case OrderStep.Fulfil:
                d.Say(new OrderEventBody.FulfilmentAsked { Action = FulfilmentAction.Prepare });
                break;
            default:
                break;
        }
    }

    private static bool IsBeforeConfirm(OrderStep step) =>
        step is OrderStep.Hold or OrderStep.Fraud or OrderStep.Review or OrderStep.Authorise;

    private static void BeginNext(OrderDecision d)
    {
        // A review stands in for the fraud decision.
        var done = d.Order.Step == OrderStep.Review ? OrderStep.Fraud : d.Order.Step;
        var next = d.Definition.StepAfter(d.Order.Segment, done);
        if (next == OrderStep.Fraud && d.Order.Verdict == FraudVerdict.Accept && !FraudRules.IsOver(d))
        {
            next = d.Definition.StepAfter(d.Order.Segment, OrderStep.Fraud);
        }
        if (next == OrderStep.Confirm)
        {
            if (!HoldRules.AreAllServed(d.Order) || d.Order.OpenLines.Any(l => l.Ask == LineAsk.Reduce))
            {
                // A line was lost meanwhile and is asked for elsewhere, or is about to have fewer units: the limit of
                // this step still counts.
                return;
            }
            if (FraudRules.IsOver(d))
            {
                FraudRules.AskAgain(d);
                return;
            }
            if (!PaymentRules.IsAuthorized(d))
            {
                PaymentRules.AuthoriseAgain(d);
                return;
            }
        }
        Begin(d, next);
    }

    // Where a hold ends before the step does, it is asked to live longer; where that is refused, its end is the limit.
    private static void Extend(OrderDecision d, long limitAt)
    {
        foreach (var line in d.Order.OpenLines.ToList())
        {
            if (line.Units.Held > 0 && line.Ask != LineAsk.Extend
                && line.Units.ExpiresAtMs < checked(limitAt + HoldMarginMs))
            {
                d.Say(new OrderEventBody.LineAsked
                {
                    LineId = line.LineId,
                    Ask = LineAsk.Extend,
                    PoolId = line.PoolId,
                    ReservationId = line.ReservationId,
                    TtlMs = checked(limitAt - d.T + HoldMarginMs),
                });
            }
        }
    }
}
