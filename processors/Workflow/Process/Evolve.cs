using System.Diagnostics;
using Alloc.Schemas.Fulfilment;
using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>What an event makes of an order. It changes and never decides.</summary>
internal static class Evolve
{
    /// <summary>Commands whose ids are remembered.</summary>
    private const int CommandsRemembered = 64;

    /// <summary>An order of which nothing is known yet.</summary>
    public static OrderProcess Nothing(string orderRef) => new() { OrderRef = orderRef, Sequence = 0 };

    /// <summary>The order after an event.</summary>
    public static OrderProcess Apply(OrderProcess order, OrderEvent happened)
    {
        var before = order with { Sequence = happened.Sequence };
        var after = Change(before, happened);
        return after.State == before.State ? after : after with { SinceMs = happened.TMs };
    }

    private static OrderProcess Change(OrderProcess o, OrderEvent happened) => happened.Body switch
    {
        OrderEventBody.Placed e => Take(o, e.CommandId) with
        {
            DefinitionVersion = happened.DefinitionVersion,
            Segment = e.Segment,
            State = OrderState.AcceptedForProcessing,
            Step = OrderStep.Plan,
            PlacedBy = e.CommandId,
            Order = e.Order,
            AmountMinor = e.Order.AmountMinor,
            Lines = [.. e.Order.Lines.Select(NewLine)],
        },
        OrderEventBody.Planned e => o with
        {
            Lines = [.. o.Lines.Select(l => e.Lines.FirstOrDefault(p => p.LineId == l.LineId) is { } plan
                ? l with { Candidates = plan.Candidates } : l)],
        },
        OrderEventBody.StepBegun e => o with
        {
            Step = e.Step,
            State = OrderStates.Of(e.Step),
            LimitAtMs = e.LimitAtMs,
            Pauses = 0,
            PausedUntilMs = null,
        },
        OrderEventBody.LimitMoved e => o with { LimitAtMs = e.LimitAtMs },
        OrderEventBody.LimitPassed => o with { LimitAtMs = null },
        OrderEventBody.LineAsked e => EvolveLines.Ask(o, e, happened.Sequence),
        OrderEventBody.LineSeen e => EvolveLines.See(o, e),
        OrderEventBody.LineRefused e => EvolveLines.Refuse(o, e),
        OrderEventBody.LineClosed e => EvolveLines.Close(o, e),
        OrderEventBody.FraudAsked e => o with
        {
            FraudRequestId = e.RequestId,
            FraudCount = o.FraudCount + 1,
            Verdict = default,
        },
        OrderEventBody.FraudDecided e => o with
        {
            FraudRequestId = null,
            DecisionId = e.DecisionId,
            Verdict = e.Verdict,
            Score = e.Score,
            VerdictUntilMs = e.ValidUntilMs,
        },
        OrderEventBody.ReviewOpened e => o with { ReviewDueAtMs = e.DueAtMs, Reviewer = null },
        OrderEventBody.ReviewTaken e => Take(o, e.CommandId) with { Reviewer = e.By },
        OrderEventBody.ReviewDecided e => Take(o, e.CommandId) with
        {
            ReviewDueAtMs = null,
            Reviewer = e.By,
            IsReviewed = e.Verdict == ReviewVerdict.Accept,
        },
        OrderEventBody.PaymentAsked e => EvolvePayments.Ask(o, e),
        OrderEventBody.PaymentSeen e => EvolvePayments.See(o, e),
        OrderEventBody.PaymentPaused e => o with { PausedUntilMs = e.UntilMs, Pauses = o.Pauses + 1 },
        OrderEventBody.PauseEnded => o with { PausedUntilMs = null },
        OrderEventBody.PaymentUnanswered e => EvolvePayments.GiveUp(o, e.PaymentId),
        OrderEventBody.UndoPaused e => o with { PausedUntilMs = e.UntilMs, Pauses = e.Attempt },
        OrderEventBody.GroupCommitted => o with { IsCommitted = true },
        OrderEventBody.FulfilmentAsked e => e.Action == FulfilmentAction.Stop
            ? o with { IsStopped = true }
            : o with { IsPrepared = true, WaveAtMs = e.WaveAtMs },
        OrderEventBody.WaveBegun => o with { State = OrderState.InFulfillment, WaveAtMs = null },
        OrderEventBody.CancelAsked e => Take(o, e.CommandId),
        OrderEventBody.UndoBegun e => o with
        {
            State = OrderState.Compensating,
            End = e.End,
            Why = e.Why,
            By = e.By,
            LimitAtMs = null,
            Pauses = 0,
            PausedUntilMs = null,
            ReviewDueAtMs = null,
            FraudRequestId = null,
        },
        OrderEventBody.Excepted e => o with { Exception = e.What },
        OrderEventBody.Resumed e => EvolvePayments.Resume(Take(o, e.CommandId), happened.TMs) with
        {
            Exception = null,
            Pauses = 0,
            PausedUntilMs = null,
        },
        OrderEventBody.Ended e => o with
        {
            State = e.End == OrderEnd.Failed ? OrderState.Failed : OrderState.Cancelled,
            Why = e.Why,
            LimitAtMs = null,
        },
        OrderEventBody.ReturnOpened e => EvolveReturns.Open(o, e),
        OrderEventBody.ReturnClosed e => EvolveReturns.Close(o, e.ReturnId),
        OrderEventBody.Amended e => EvolveLines.Amend(Take(o, e.CommandId), e),
        OrderEventBody.CustomerTold e => o with { CustomerState = e.CustomerState, ToldCount = e.Number },
        OrderEventBody.CommandRefused e => Take(o, e.CommandId),
        OrderEventBody.InputIgnored => o,
        OrderEventBody.Migrated e => Take(o, e.CommandId) with { DefinitionVersion = e.ToVersion },
        _ => throw new UnreachableException(),
    };

    /// <summary>A line that nothing was asked for.</summary>
    internal static LineProcess NewLine(OrderedLine line) => new()
    {
        LineId = line.LineId,
        Quantity = line.Quantity,
        UnitPriceMinor = line.UnitPriceMinor,
        IfUnavailable = line.IfUnavailable,
        Class = line.Class,
        Candidates = [],
        Units = new LineUnits(),
    };

    /// <summary>A command was taken: its id is remembered.</summary>
    internal static OrderProcess Take(OrderProcess order, string commandId) => commandId.Length == 0
        ? order
        : order with { Commands = [.. order.Commands.TakeLast(CommandsRemembered - 1), commandId] };
}
