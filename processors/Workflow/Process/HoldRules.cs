using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>
/// Lines are held, at the first pool that can serve them; a line that lost its hold to somebody else is asked for again
/// at the next. A hold that ran out is the truth, and wins over everything that is still hoped for.
/// </summary>
internal static class HoldRules
{
    /// <summary>Whether every line that is open has its units.</summary>
    public static bool AreAllServed(OrderProcess order) => order.OpenLines.All(l => l.IsServed);

    public static void GoOn(OrderDecision d)
    {
        // Fraud may come first: then nothing is held yet.
        if (d.Order.Step != OrderStep.Hold && d.Order.Lines.All(l => l.Attempt == 0))
        {
            return;
        }
        foreach (var lineId in d.Order.OpenLines.Select(l => l.LineId).ToList())
        {
            if (d.Order.IsEnding)
            {
                return;
            }
            Serve(d, d.Order.Line(lineId)!);
        }
    }

    private static void Serve(OrderDecision d, LineProcess line)
    {
        if (line.IsServed || line.Units.Waiting > 0 || (line.Ask is LineAsk.Hold or LineAsk.Extend && !line.IsLost))
        {
            return;
        }
        if (line.ReservationId.Length > 0 && line.IsLost)
        {
            Lose(d, line);
            return;
        }
        if (line.ReservationId.Length > 0)
        {
            // It was asked for, and what the ledger said is not all of it: fewer units than were asked for.
            UndoRules.Begin(d, "TooFewUnits");
            return;
        }
        Ask(d, line);
    }

    private static void Lose(OrderDecision d, LineProcess line)
    {
        if (line.MayWait || line.Units.Expired > 0)
        {
            UndoRules.Begin(d, line.MayWait ? "OutOfStock" : "HoldExpired");
            return;
        }
        d.Say(new OrderEventBody.LineRefused
        {
            LineId = line.LineId,
            Ask = LineAsk.Hold,
            OutcomeId = "",
            Reasons = [line.Units.Preempted > 0 ? "Preempted" : "Released"],
        });
        Ask(d, d.Order.Line(line.LineId)!);
    }

    private static void Ask(OrderDecision d, LineProcess line)
    {
        var isWait = line.Candidate >= line.Candidates.Count;
        if (isWait && (line.IfUnavailable != Unavailable.Wait || line.MayWait))
        {
            GiveUp(d, line);
            return;
        }
        var candidate = line.Candidates[isWait ? 0 : line.Candidate];
        var waitUntil = d.Order.LimitAtMs ?? d.T;
        d.Say(new OrderEventBody.LineAsked
        {
            LineId = line.LineId,
            Ask = LineAsk.Hold,
            PoolId = candidate.PoolId,
            ReservationId = WorkflowIds.Reservation(d.Order.OrderRef, line.LineId, line.Attempt + 1),
            Quantity = checked(line.Quantity * candidate.PerUnit),
            TtlMs = checked(Math.Max(waitUntil - d.T, 0) + StepRules.HoldMarginMs),
            MayWait = isWait,
            WaitUntilMs = isWait ? waitUntil : null,
            Attempt = line.Attempt + 1,
        });
    }

    private static void GiveUp(OrderDecision d, LineProcess line)
    {
        if (line.IfUnavailable != Unavailable.CancelLine || d.Order.OpenLines.Count() == 1)
        {
            UndoRules.Begin(d, "OutOfStock");
            return;
        }
        d.Say(new OrderEventBody.LineClosed { LineId = line.LineId, Why = "OutOfStock" });
    }
}
