using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>What an event makes of an order's returns.</summary>
internal static class EvolveReturns
{
    public static OrderProcess Open(OrderProcess order, OrderEventBody.ReturnOpened e) =>
        Evolve.Take(order, e.CommandId) with
        {
            State = order.IsEnding ? order.State : OrderState.Returning,
            Step = OrderStep.Return,
            Returns =
            [
                .. order.Returns,
                new ReturnProcess { ReturnId = e.ReturnId, Lines = e.Lines },
            ],
        };

    public static OrderProcess Close(OrderProcess order, string returnId)
    {
        IReadOnlyList<ReturnProcess> returns =
            [.. order.Returns.Select(r => r.ReturnId == returnId ? r with { IsClosed = true } : r)];
        var isOver = returns.All(r => r.IsClosed);
        var isAllBack = order.OpenLines.All(l => l.Units.Returned >= l.Units.Consumed);
        return order with
        {
            Returns = returns,
            LimitAtMs = isOver ? null : order.LimitAtMs,
            State = !isOver || order.IsEnding ? order.State : isAllBack ? OrderState.Returned : OrderState.Shipped,
        };
    }
}
