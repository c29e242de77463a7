using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>States of orders, and what customers hear of them.</summary>
internal static class OrderStates
{
    /// <summary>The state of an order that waits in a step.</summary>
    public static OrderState Of(OrderStep step) => step switch
    {
        OrderStep.Plan => OrderState.AcceptedForProcessing,
        OrderStep.Hold => OrderState.InventoryHoldPending,
        OrderStep.Fraud => OrderState.AwaitingFraudDecision,
        OrderStep.Review => OrderState.ManualReviewRequired,
        OrderStep.Authorise => OrderState.AuthorizationPending,
        OrderStep.Confirm => OrderState.Confirming,
        OrderStep.Fulfil => OrderState.ReadyForFulfillment,
        OrderStep.Return => OrderState.Returning,
        _ => OrderState.Unknown,
    };

    /// <summary>What the customer hears; null: what was said before, for what is undone is no news until it is.
    /// </summary>
    public static string? ToCustomers(OrderState state) => state switch
    {
        OrderState.AcceptedForProcessing => "Received",
        OrderState.InventoryHoldPending or OrderState.AwaitingFraudDecision or OrderState.ManualReviewRequired
            or OrderState.AuthorizationPending or OrderState.Confirming => "UnderReview",
        OrderState.ReadyForFulfillment => "Confirmed",
        OrderState.InFulfillment or OrderState.PartiallyShipped => "ReadyToShip",
        OrderState.Shipped => "Shipped",
        OrderState.Returning => "ReturnUnderWay",
        OrderState.Returned => "Returned",
        OrderState.Cancelled or OrderState.Failed => "Cancelled",
        _ => null,
    };
}
