using Alloc.Processors.Workflow.Definition;
using Alloc.Schemas.Fraud;
using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>Whether an order may go on: the fraud service says so, or a reviewer.</summary>
internal static class FraudRules
{
    /// <summary>How often an order is looked at, where decisions run out.</summary>
    private const int AsksAtMost = 3;

    /// <summary>A decision came.</summary>
    public static void Take(OrderDecision d, FraudDecision decision)
    {
        var what = $"fraud decision {decision.DecisionId}";
        if (decision.DecisionId == d.Order.DecisionId)
        {
            return;
        }
        if (!d.Order.IsPlaced)
        {
            d.Ignore(what, "the order is not known");
        }
        else if (d.Order.IsEnding || d.Order.IsCommitted)
        {
            d.Ignore(what, d.Order.IsEnding ? "it came late: the order ends" : "it came late: the order is committed");
        }
        else if (decision.RequestId.Length > 0 && decision.RequestId != d.Order.FraudRequestId)
        {
            d.Ignore(what, $"it answers {decision.RequestId}, which is not asked any more");
        }
        else if (decision.Verdict == FraudVerdict.Unknown)
        {
            d.Ignore(what, "its verdict is not known here");
        }
        else
        {
            d.Say(new OrderEventBody.FraudDecided
            {
                DecisionId = decision.DecisionId,
                Verdict = decision.Verdict,
                Score = decision.Score,
                ValidUntilMs = decision.ValidUntilMs,
                Code = decision.Code,
            });
        }
    }

    /// <summary>The service is asked.</summary>
    /// <param name="d">The decision.</param>
    /// <param name="answerBy">When an answer comes too late.</param>
    public static void Ask(OrderDecision d, long answerBy) => d.Say(new OrderEventBody.FraudAsked
    {
        RequestId = WorkflowIds.FraudRequest(d.Order.OrderRef, d.Order.FraudCount + 1),
        AnswerByMs = answerBy,
    });

    /// <summary>Whether what was decided does not count any more.</summary>
    public static bool IsOver(OrderDecision d) =>
        d.Order is { IsReviewed: false, Verdict: FraudVerdict.Accept } && d.Order.VerdictUntilMs <= d.T;

    /// <summary>The decision ran out before the order was confirmed.</summary>
    public static void AskAgain(OrderDecision d)
    {
        if (d.Order.FraudCount >= AsksAtMost)
        {
            UndoRules.Begin(d, "FraudTimeout");
            return;
        }
        StepRules.Begin(d, OrderStep.Fraud, "the decision ran out");
    }

    /// <summary>Whether a verdict stands that keeps the order from going on; it is acted on.</summary>
    public static bool Stands(OrderDecision d)
    {
        switch (d.Order)
        {
            case { Verdict: FraudVerdict.Reject, IsReviewed: false }:
                UndoRules.Begin(d, "FraudRejected");
                return true;
            case { Verdict: FraudVerdict.Review, IsReviewed: false, Step: not OrderStep.Review }:
                Review(d, "the fraud service wants a person to look");
                return true;
            default:
                return false;
        }
    }

    /// <summary>A person has to look.</summary>
    public static void Review(OrderDecision d, string why)
    {
        StepRules.Begin(d, OrderStep.Review, why);
        d.Say(new OrderEventBody.ReviewOpened
        {
            DueAtMs = d.Order.LimitAtMs!.Value,
            Why = why,
            Waiting = d.Around.ReviewsWaiting,
            PredictedMs = d.Definition.Review.PredictedWaitMs(d.Around.ReviewsWaiting),
        });
    }

    /// <summary>
    /// No decision came in time. What happens then the definition says; where orders go to reviewers and none has room,
    /// the score decides, if there is one.
    /// </summary>
    public static void TimeOut(OrderDecision d)
    {
        var hasRoom = d.Definition.HasRoom(d.Around.ReviewsWaiting);
        if (d.Definition.Limit(OrderStep.Fraud).At(d.Around.IsReviewRouting && hasRoom) == LimitAction.Review)
        {
            Review(d, "no fraud decision came in time");
            return;
        }
        var ruling = d.Around.IsReviewRouting && d.Order.DecisionId is not null
            ? d.Definition.Review.Beyond(d.Order.Score) : ScoreRuling.Cancel;
        if (ruling == ScoreRuling.Cancel)
        {
            UndoRules.Begin(d, "FraudTimeout");
            return;
        }
        Review(d, "no fraud decision came in time");
        d.Say(new OrderEventBody.ReviewDecided
        {
            By = "definition",
            Verdict = ruling == ScoreRuling.Accept ? ReviewVerdict.Accept : ReviewVerdict.Reject,
            Reason = $"no reviewer has room, and the score is {d.Order.Score}",
        });
        if (ruling == ScoreRuling.Reject)
        {
            UndoRules.Begin(d, "ReviewRejected");
        }
    }
}
