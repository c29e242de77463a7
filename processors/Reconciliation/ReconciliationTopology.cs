using Alloc.Engine.Processing;
using Alloc.Engine.Topology;
using Alloc.Processors.Reconciliation.Mismatches;
using Alloc.Processors.Reconciliation.Orders;
using Alloc.Processors.Reconciliation.Pools;
using Alloc.Processors.Steps;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Warehouse;

namespace Alloc.Processors.Reconciliation;

/// <summary>
/// Where records of one truth disagree. Each partition of pools and of orders compares what is said of its own; one
/// task keeps the mismatches.
/// <code>
/// allocation.commands ─────────┐
/// allocation.commands.dlq ─────┤
/// allocation.outcomes ─────────┼─► compare-pools ───┐
/// effects.receipts ────────────┤                    │
/// warehouse.movements ─────────┤                    ├─► reconciliation.differences ─► keep (MismatchTopology)
/// projection.reports ──────────┤                    │
/// reconciliation.control ──────┘                    │
/// allocation.by-order ─────────┐                    │
/// orders.status ───────────────┼─► compare-orders ──┘
/// payments.status ─────────────┤
/// reconciliation.control.orders┘
/// </code>
/// </summary>
public static class ReconciliationTopology
{
    /// <summary>Node that compares what is said of pools.</summary>
    public const string ComparePools = "compare-pools";

    /// <summary>Node that compares what is said of orders.</summary>
    public const string CompareOrders = "compare-orders";

    /// <summary>Builds the topology.</summary>
    /// <exception cref="TopologyException">The options contradict each other.</exception>
    public static Topology Build(ReconciliationOptions options, ReconciliationSerdes serdes)
    {
        var builder = new TopologyBuilder();
        AddComparisons(builder, options, serdes);
        MismatchTopology.Add(builder, options, serdes);
        return builder.Build();
    }

    /// <summary>Adds the comparisons to a topology.</summary>
    internal static void AddComparisons(
        TopologyBuilder builder, ReconciliationOptions options, ReconciliationSerdes serdes)
    {
        builder.UseWatermarks();
        AddPools(builder, options, serdes);
        AddOrders(builder, options, serdes);
    }

    private static void AddPools(TopologyBuilder builder, ReconciliationOptions options, ReconciliationSerdes serdes)
    {
        builder
            .AddSource("commands", options.CommandTopic, Serdes.Bytes, Serdes.Bytes)
            .AddProcessor<byte[], byte[], string, object>("commands-read", () => new ReadCommands(), "commands")
            .AddSource("letters", options.CommandDeadLetterTopic, Serdes.Bytes, Serdes.Bytes, new SourceOptions
            {
                ReadHeaders = true,
                Upstream = options.OutcomeUpstream,
            })
            .AddProcessor<byte[], byte[], string, object>("letters-read", () => new ReadOrigins(), "letters")
            .AddTypedSource("outcomes", options.OutcomeTopic, serdes.Outcomes, new SourceOptions
            {
                Upstream = options.OutcomeUpstream,
            })
            .AddTypedSource("receipts", options.ReceiptTopic, serdes.Receipts, OfOthers(options, options.ReceiptTopic))
            .AddSource("movements", options.MovementTopic, Serdes.Bytes, Serdes.Bytes, new SourceOptions
            {
                RequireLogAppendTime = options.RequireLogAppendTime,
            })
            .AddProcessor<byte[], byte[], string, object>(
                "movements-read",
                () => new ReadLeniently<WarehouseMovement>(
                    serdes.Movements, options.MovementTopic, options.Instruments),
                "movements")
            .AddTypedSource("reports", options.ReportTopic, serdes.Reports, OfOthers(options, options.ReportTopic))
            .AddTypedSource("control", options.PoolControlTopic, serdes.PoolControl, new SourceOptions())
            .AddProcessor<string, object, string, object>(
                ComparePools, () => new PoolProcessor(options, serdes), "commands-read", "letters-read",
                "outcomes-read", "receipts-read", "movements-read", "reports-read", "control-read");
        foreach (var store in PoolStores.Define(options.Persistence))
        {
            builder.AddStateStore(store, ComparePools);
        }
        AddSink(builder, "pool-differences", options, serdes, ComparePools);
    }

    private static void AddOrders(TopologyBuilder builder, ReconciliationOptions options, ReconciliationSerdes serdes)
    {
        builder
            .AddTypedSource("by-order", options.ByOrderTopic, serdes.ByOrder, new SourceOptions
            {
                Upstream = options.ByOrderUpstream,
            })
            .AddSource(
                "orders", options.OrderTopic, Serdes.Utf8, serdes.Orders, OfOthers(options, options.OrderTopic))
            .AddProcessor<string, OrderStatus, string, object>(
                "orders-read", () => new ReadWords<OrderStatus>(), "orders")
            .AddSource(
                "payments", options.PaymentTopic, Serdes.Utf8, serdes.Payments,
                OfOthers(options, options.PaymentTopic))
            .AddProcessor<string, PaymentStatus, string, object>(
                "payments-read", () => new ReadWords<PaymentStatus>(), "payments")
            .AddTypedSource("order-control", options.OrderControlTopic, serdes.OrderControl, new SourceOptions())
            .AddProcessor<string, object, string, object>(
                CompareOrders, () => new OrderProcessor(options), "by-order-read", "orders-read", "payments-read",
                "order-control-read");
        foreach (var store in OrderStores.Define(options.Persistence))
        {
            builder.AddStateStore(store, CompareOrders);
        }
        AddSink(builder, "order-differences", options, serdes, CompareOrders);
    }

    private static void AddSink(
        TopologyBuilder builder, string name, ReconciliationOptions options, ReconciliationSerdes serdes,
        string parent) => builder.AddTypedSink<string, Difference>(
            name, options.DifferenceTopic, Serdes.Utf8, serdes.Differences, new SinkOptions
            {
                CleanupPolicy = "delete",
            }, parent);

    private static SourceOptions OfOthers(ReconciliationOptions options, string topic) => new()
    {
        DeadLetterTopic = ReconciliationOptions.DeadLettersOf(topic),
        RequireLogAppendTime = options.RequireLogAppendTime,
    };
}
