using Alloc.Engine.Processing;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.ByOrder;

/// <summary>Writes what an outcome means for each order that it touches.</summary>
/// <param name="options">Topics and instruments.</param>
internal sealed class ByOrderProcessor(ByOrderOptions options)
    : IProcessor<string, AllocationOutcome, OrderKey, OrderAllocation>
{
    private readonly List<OrderAllocation> orders = [];
    private IProcessorContext<OrderKey, OrderAllocation> context = null!;

    public void Init(IProcessorContext<OrderKey, OrderAllocation> context) => this.context = context;

    public void Process(in Record<string, AllocationOutcome> record)
    {
        if (record.Value is not { } outcome)
        {
            var at = context.Metadata;
            throw new StreamsException(
                $"The journal has a record without a value at {at?.Topic}-{at?.Partition}@{at?.Offset}.");
        }
        orders.Clear();
        OrderAllocations.Of(outcome, orders);
        foreach (var order in orders)
        {
            if (OrderAllocations.RefFault(order.OrderRef) is { } fault)
            {
                options.Instruments.Unaddressed.Add(1, KeyValuePair.Create<string, object?>("reason", fault));
                continue;
            }
            Forward(new OrderKey(order.OrderRef), order);
        }
        if (OrderAllocations.OfAuthority(outcome) is { } authority)
        {
            for (var partition = 0; partition < options.PartitionCount; partition++)
            {
                Forward(new OrderKey(ReservedKeys.Authority, partition), authority);
            }
        }
    }

    private void Forward(OrderKey key, OrderAllocation order) =>
        context.Forward(new Record<OrderKey, OrderAllocation>(key, order, order.TMs));
}
