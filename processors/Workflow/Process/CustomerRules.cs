using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>
/// Customers are told where their order is: what is committed, no sooner, and with a reason where it is worse than what
/// they heard before.
/// </summary>
internal static class CustomerRules
{
    private static readonly string[] BestLast =
        ["Received", "UnderReview", "Confirmed", "ReadyToShip", "Shipped", "ReturnUnderWay", "Returned"];

    public static void Tell(OrderDecision d)
    {
        if (!d.Order.IsPlaced || OrderStates.ToCustomers(d.Order.State) is not { } state
            || state == d.Order.CustomerState)
        {
            return;
        }
        var isWorse = Array.IndexOf(BestLast, state) < Array.IndexOf(BestLast, d.Order.CustomerState);
        d.Say(new OrderEventBody.CustomerTold
        {
            Number = d.Order.ToldCount + 1,
            CustomerState = state,
            Template = $"order-{state}",
            Why = isWorse ? d.Order.Why : "",
        });
    }
}
