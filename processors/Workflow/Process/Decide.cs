using System.Diagnostics;
using Alloc.Processors.Workflow.Definition;
using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>
/// What an order does when it hears of something: first what is heard is put down, then the order goes on as far as it
/// can, and the customer is told of each state that it comes to. It looks and never changes anything;
/// <see cref="Evolve"/> changes.
/// </summary>
internal static class Decide
{
    /// <summary>Steps that an order can take at once; more are a mistake of ours.</summary>
    private const int StepsAtMost = 64;

    /// <param name="order">The order; <see cref="Evolve.Nothing"/> where nothing is known of it.</param>
    /// <param name="input">What is heard.</param>
    /// <param name="t">When, by the clock of the partition, in milliseconds since 1970 UTC.</param>
    /// <param name="source">Where it was read; of time alone, nothing.</param>
    /// <param name="definition">The definition that the order goes by: of one that is placed, the newest.</param>
    /// <param name="around">What the partition knows besides.</param>
    /// <returns>What happens, in order; empty where there is nothing to say.</returns>
    public static IReadOnlyList<OrderEvent> On(
        OrderProcess order, OrderInput input, long t, OrderSource source, WorkflowDefinition definition,
        Surroundings around)
    {
        var d = new OrderDecision(order, t, source, definition, around);
        switch (input)
        {
            case OrderInput.Command command:
                CommandRules.Take(d, command.Value);
                break;
            case OrderInput.Outcome outcome:
                LedgerRules.Take(d, outcome.Value);
                break;
            case OrderInput.Fraud fraud:
                FraudRules.Take(d, fraud.Value);
                break;
            case OrderInput.Payment payment:
                PaymentRules.Take(d, payment.Value);
                break;
            case OrderInput.Due due:
                DueRules.Take(d, due.Held);
                break;
            default:
                throw new UnreachableException();
        }
        GoOn(d);
        return d.Events;
    }

    private static void GoOn(OrderDecision d)
    {
        for (var steps = 0; d.Order.IsPlaced; steps++)
        {
            var before = d.Order.Sequence;
            CustomerRules.Tell(d);
            if (d.Order.IsEnding)
            {
                UndoRules.GoOn(d);
            }
            else
            {
                StepRules.GoOn(d);
            }
            PaymentRules.Collect(d);
            ReturnRules.GoOn(d);
            if (d.Order.Sequence == before)
            {
                return;
            }
            if (steps > StepsAtMost + d.Order.Lines.Count)
            {
                throw new InvalidOperationException($"Order {d.Order.OrderRef} does not come to rest.");
            }
        }
    }
}
