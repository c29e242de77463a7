using Alloc.Processors.Workflow.Definition;
using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>
/// A decision in the making: what happens is said one after the other, and each rule sees the order as what was said
/// before leaves it.
/// </summary>
internal sealed class OrderDecision(
    OrderProcess order, long t, OrderSource source, WorkflowDefinition definition, Surroundings around)
{
    private readonly List<OrderEvent> events = [];

    /// <summary>The order, with what was said so far.</summary>
    public OrderProcess Order { get; private set; } = order;

    /// <summary>The time, by the clock of the partition, in milliseconds since 1970 UTC.</summary>
    public long T => t;

    /// <summary>The definition that the order goes by.</summary>
    public WorkflowDefinition Definition => definition;

    public Surroundings Around => around;

    /// <summary>What happens, in order.</summary>
    public IReadOnlyList<OrderEvent> Events => events;

    /// <summary>Sequence of the next thing that is said.</summary>
    public long NextSequence => checked(Order.Sequence + 1);

    /// <summary>Something happens.</summary>
    public void Say(OrderEventBody body)
    {
        var happened = new OrderEvent
        {
            OrderRef = Order.OrderRef,
            Sequence = NextSequence,
            TMs = t,
            Source = source,
            DefinitionVersion = definition.Version,
            Body = body,
        };
        Order = Evolve.Apply(Order, happened);
        events.Add(happened);
    }

    /// <summary>A person has to look; where one has to already, the first reason stands.</summary>
    public void Except(string what, string done = "")
    {
        if (Order.Exception is null)
        {
            Say(new OrderEventBody.Excepted { What = what, Done = done });
        }
    }

    /// <summary>Something came that does not fit.</summary>
    public void Ignore(string what, string why) => Say(new OrderEventBody.InputIgnored { What = what, Why = why });
}
