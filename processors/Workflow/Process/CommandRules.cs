using System.Diagnostics;
using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>
/// What people and shops want of an order: done where it fits, refused with the reason where it does not.
/// </summary>
internal static class CommandRules
{
    public static void Take(OrderDecision d, OrderCommand command)
    {
        if (d.Order.Commands.Contains(command.CommandId))
        {
            // It was taken, or refused, before; the answer is in the journal.
            return;
        }
        if (WhyNot(d, command) is { } reason)
        {
            Refuse(d, command, reason);
            return;
        }
        switch (command.Body)
        {
            case OrderCommandBody.Place place:
                d.Say(new OrderEventBody.Placed
                {
                    CommandId = command.CommandId,
                    Order = place.Order,
                    Segment = d.Definition.SegmentOf(
                        place.Order.Attributes, place.Order.AmountMinor, place.Order.Currency).Id,
                });
                break;
            case OrderCommandBody.Cancel cancel:
                d.Say(new OrderEventBody.CancelAsked { CommandId = command.CommandId, Reason = cancel.Reason });
                UndoRules.Begin(d, "CancelledByCustomer", command.Actor.Id);
                break;
            case OrderCommandBody.Amend amend:
                AmendRules.Take(d, command.CommandId, amend);
                break;
            case OrderCommandBody.ReturnGoods goods:
                d.Say(new OrderEventBody.ReturnOpened
                {
                    CommandId = command.CommandId,
                    ReturnId = goods.ReturnId,
                    Lines = goods.Lines,
                    Reason = goods.Reason,
                });
                d.Say(new OrderEventBody.LimitMoved
                {
                    LimitAtMs = checked(d.T + d.Definition.Limit(OrderStep.Return).WithinMs),
                    Why = "the goods of a return are to come",
                });
                break;
            case OrderCommandBody.TakeReview:
                d.Say(new OrderEventBody.ReviewTaken { CommandId = command.CommandId, By = command.Actor.Id });
                break;
            case OrderCommandBody.DecideReview decided:
                d.Say(new OrderEventBody.ReviewDecided
                {
                    CommandId = command.CommandId,
                    By = command.Actor.Id,
                    Verdict = decided.Verdict,
                    Reason = decided.Reason,
                });
                if (decided.Verdict == ReviewVerdict.Reject)
                {
                    UndoRules.Begin(d, "ReviewRejected", command.Actor.Id);
                }
                break;
            case OrderCommandBody.Retry retry:
                d.Say(new OrderEventBody.Resumed
                {
                    CommandId = command.CommandId,
                    By = command.Actor.Id,
                    Reason = retry.Reason,
                });
                break;
            case OrderCommandBody.Migrate migrate:
                d.Say(new OrderEventBody.Migrated
                {
                    CommandId = command.CommandId,
                    ToVersion = migrate.DefinitionVersion,
                });
                break;
            default:
                throw new UnreachableException();
        }
    }

    private static string? WhyNot(OrderDecision d, OrderCommand command)
    {
        var order = d.Order;
        if (command.Body is OrderCommandBody.Place place)
        {
            return order.IsPlaced
                ? $"the order is there already, since {order.PlacedBy}: amend it, or use another reference."
                : OrderChecks.WhyNot(place.Order);
        }
        if (!order.IsPlaced)
        {
            return "the order is not known: place it first.";
        }
        if (command.ExpectedVersion is { } version && version != order.Sequence)
        {
            return $"expectedVersion is {version}, the order has {order.Sequence}: look at what changed.";
        }
        return command.Body switch
        {
            OrderCommandBody.Cancel when order.IsEnding => $"it ends already: {order.Why}.",
            OrderCommandBody.Cancel when order.State is OrderState.Shipped or OrderState.Returning
                or OrderState.Returned => "everything is shipped: return it.",
            OrderCommandBody.Amend amend => AmendRules.WhyNot(order, amend),
            OrderCommandBody.ReturnGoods goods => WhyNot(order, goods),
            OrderCommandBody.TakeReview or OrderCommandBody.DecideReview when order.Step != OrderStep.Review
                || order.IsEnding => "no reviewer is asked: the case is decided, or there was none.",
            OrderCommandBody.DecideReview { Verdict: ReviewVerdict.Unknown } =>
                "the verdict is not known here: Accept or Reject.",
            OrderCommandBody.Retry when order.Exception is null => "nothing was given up: there is nothing to retry.",
            OrderCommandBody.Migrate migrate when !d.Definition.MayMove(
                order.DefinitionVersion, migrate.DefinitionVersion) =>
                $"definition {d.Definition.Version} does not let orders of {order.DefinitionVersion} move to "
                + $"{migrate.DefinitionVersion}: see its migrations.",
            _ => null,
        };
    }

    private static string? WhyNot(OrderProcess order, OrderCommandBody.ReturnGoods goods)
    {
        if (order.IsEnding || order.State is not (OrderState.Shipped or OrderState.Returning or OrderState.Returned))
        {
            return $"it is {order.State}, not Shipped: cancel what is not shipped yet, or wait until it is.";
        }
        if (goods.ReturnId.Length == 0 || goods.ReturnId.Contains('#', StringComparison.Ordinal))
        {
            return $"returnId '{goods.ReturnId}' is no id: it has a name without '#'.";
        }
        if (order.Returns.Any(r => r.ReturnId == goods.ReturnId))
        {
            return $"return {goods.ReturnId} is there already: use another id.";
        }
        if (goods.Lines.Count == 0)
        {
            return "it has no lines: say what comes back.";
        }
        if (goods.Lines.GroupBy(l => l.LineId).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            return $"line {twice.Key} is there twice: say it once, with all units.";
        }
        foreach (var asked in goods.Lines)
        {
            var most = order.Line(asked.LineId) is { } line ? ReturnRules.Returnable(order, line) : 0;
            if (asked.Quantity < 1 || asked.Quantity > most)
            {
                return $"line {asked.LineId}: {asked.Quantity} units, {most} can come back.";
            }
        }
        return null;
    }

    private static void Refuse(OrderDecision d, OrderCommand command, string reason) =>
        d.Say(new OrderEventBody.CommandRefused
        {
            CommandId = command.CommandId,
            Command = command.Body.GetType().Name,
            Reason = reason,
        });
}
