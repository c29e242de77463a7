using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.State;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Orders;

/// <summary>The stores of a partition of orders. Ids are never reused.</summary>
internal sealed class OrderStores(IProcessorContext context)
{
    public const string Orders = "order-truths";
    public const string Slices = "slices-of-ledger-partitions";
    public const string Marks = "order-marks";
    public const string Forgetting = "orders-to-forget";
    private const byte FirstId = 30;
    private const byte FirstOfDifferences = 33;

    /// <summary>All that is said of an order.</summary>
    public IKeyValueStore<string, OrderTruth> OrderOf { get; } =
        context.GetStore<IKeyValueStore<string, OrderTruth>>(Orders);

    /// <summary>Who decides about which pools, by partition of the ledger.</summary>
    public IKeyValueStore<long, SlicesOf> SlicesIn { get; } =
        context.GetStore<IKeyValueStore<long, SlicesOf>>(Slices);

    /// <summary>What the partition remembers.</summary>
    public IKeyValueStore<string, Mark> MarkOf { get; } = context.GetStore<IKeyValueStore<string, Mark>>(Marks);

    /// <summary>When orders are forgotten.</summary>
    public ITimeIndex<string> ToForget { get; } = context.GetStore<ITimeIndex<string>>(Forgetting);

    /// <summary>Defines them.</summary>
    public static IReadOnlyList<StoreDefinition> Define(StorePersistence persistence) =>
    [
        StoreDefinition.KeyValue(
            Orders, FirstId, Serdes.Utf8, new StateSerde<OrderTruth>(), persistence, EntryForm.Bytes),
        StoreDefinition.KeyValue(Slices, FirstId + 1, Serdes.Int64, new StateSerde<SlicesOf>(), persistence),
        StoreDefinition.KeyValue(Marks, FirstId + 2, Serdes.Utf8, new StateSerde<Mark>(), persistence),
        StoreDefinition.TimeIndex(Forgetting, FirstId + 7, Serdes.Utf8, persistence),
        .. DifferenceStores.OfOrders.Define(FirstOfDifferences, persistence),
    ];
}
