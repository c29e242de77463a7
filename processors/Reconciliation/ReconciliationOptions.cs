using Alloc.Engine.State;
using Alloc.Engine.Topology;
using Alloc.Processors.ByOrder;
using Alloc.Schemas.Catalogue;

namespace Alloc.Processors.Reconciliation;

/// <summary>What the topology of reconciliation needs to know of its surroundings.</summary>
public sealed record ReconciliationOptions
{
    /// <summary>Topic of the ledger's commands: what is to be answered, and where repairs go.</summary>
    public string CommandTopic { get; init; } = "allocation.commands";

    /// <summary>Topic of commands that could not be processed.</summary>
    public string CommandDeadLetterTopic { get; init; } = "allocation.commands.dlq";

    /// <summary>Topic of outcomes: the journal.</summary>
    public string OutcomeTopic { get; init; } = "allocation.outcomes";

    /// <summary>Topic of outcomes by order.</summary>
    public string ByOrderTopic { get; init; } = "allocation.by-order";

    /// <summary>Topic of what orders are.</summary>
    public string OrderTopic { get; init; } = "orders.status";

    /// <summary>Topic of what payments are.</summary>
    public string PaymentTopic { get; init; } = "payments.status";

    /// <summary>Topic of goods that moved.</summary>
    public string MovementTopic { get; init; } = "warehouse.movements";

    /// <summary>Topic of what sources count; nothing here reads it.</summary>
    public string StockTopic { get; init; } = "supply.stock";

    /// <summary>Topic of receipts.</summary>
    public string ReceiptTopic { get; init; } = "effects.receipts";

    /// <summary>Topic of what scans of searches found.</summary>
    public string ReportTopic { get; init; } = "projection.reports";

    /// <summary>Topic of what is to be built anew of searches.</summary>
    public string RebuildTopic { get; init; } = "projection.requests";

    /// <summary>Topic of what partitions of pools are told.</summary>
    public string PoolControlTopic { get; init; } = "reconciliation.control";

    /// <summary>Topic of what partitions of orders are told.</summary>
    public string OrderControlTopic { get; init; } = "reconciliation.control.orders";

    /// <summary>Topic of what comparisons found; one partition, so that one task keeps the mismatches.</summary>
    public string DifferenceTopic { get; init; } = "reconciliation.differences";

    /// <summary>Topic of what people decide.</summary>
    public string DecisionTopic { get; init; } = "reconciliation.commands";

    /// <summary>Topic of mismatches.</summary>
    public string MismatchTopic { get; init; } = "reconciliation.mismatches";

    /// <summary>Topic of what happened to mismatches.</summary>
    public string EventTopic { get; init; } = "reconciliation.events";

    /// <summary>Topic of outcomes that are given again.</summary>
    public string RedeliveryTopic { get; init; } = "effects.redeliveries";

    /// <summary>Topic of what sources of supply are asked.</summary>
    public string SupplyRequestTopic { get; init; } = "supply.requests";

    /// <summary>Topic of the operations catalogue.</summary>
    public string CatalogueTopic { get; init; } = "operations.catalogue";

    /// <summary>Partitions of commands, outcomes, movements and receipts.</summary>
    public required int PoolPartitionCount { get; init; }

    /// <summary>Partitions of by-order, orders and payments.</summary>
    public required int OrderPartitionCount { get; init; }

    /// <summary>The group of allocation, which writes outcomes.</summary>
    public string AllocationGroup { get; init; } = "alloc";

    /// <summary>The group of by-order.</summary>
    public string ByOrderGroup { get; init; } = "alloc-by-order";

    /// <summary>The group of the supply bridge, which makes commands of movements and counts.</summary>
    public string SupplyBridgeGroup { get; init; } = "alloc-supply-bridge";

    /// <summary>Where committed state is kept.</summary>
    public StorePersistence Persistence { get; init; } = StorePersistence.Persistent;

    /// <summary>Refuses to start on a topic of others whose producers set the time: ages are counted from it.</summary>
    public bool RequireLogAppendTime { get; init; } = true;

    /// <summary>What is shown.</summary>
    internal ReconciliationInstruments Instruments { get; init; } = ReconciliationInstruments.Shared;

    /// <summary>The dead letters of a topic that reconciliation alone reads.</summary>
    public static string DeadLettersOf(string topic) => topic + ".dlq";

    /// <summary>
    /// Outcomes are known as far as allocation has got, with the commands that the supply bridge makes of what
    /// warehouses said until then: goods that wait for the bridge are no mismatch.
    /// </summary>
    internal SourceUpstream OutcomeUpstream => new(AllocationGroup,
    [
        new UpstreamSource(CommandTopic, new SourceUpstream(
            SupplyBridgeGroup, [new UpstreamSource(MovementTopic), new UpstreamSource(StockTopic)])),
    ]);

    /// <summary>By-order is known as far as by-order has got, and that as far as allocation has.</summary>
    internal SourceUpstream ByOrderUpstream => ByOrderTopology.UpstreamOf(
        new ByOrderOptions
        {
            CommandTopic = CommandTopic,
            OutcomeTopic = OutcomeTopic,
            ByOrderTopic = ByOrderTopic,
            PartitionCount = OrderPartitionCount,
        }, ByOrderGroup, AllocationGroup);

    /// <summary>The options for the topics of a catalogue.</summary>
    /// <param name="catalogue">The catalogue, with its prefix applied.</param>
    /// <param name="prefix">The prefix.</param>
    public static ReconciliationOptions For(TopicCatalogue catalogue, string prefix = "")
    {
        string Name(string topic) => catalogue[prefix + topic].Name;
        var plain = new ReconciliationOptions { PoolPartitionCount = 0, OrderPartitionCount = 0 };
        return plain with
        {
            CommandTopic = Name(plain.CommandTopic),
            CommandDeadLetterTopic = Name(plain.CommandDeadLetterTopic),
            OutcomeTopic = Name(plain.OutcomeTopic),
            ByOrderTopic = Name(plain.ByOrderTopic),
            OrderTopic = Name(plain.OrderTopic),
            PaymentTopic = Name(plain.PaymentTopic),
            MovementTopic = Name(plain.MovementTopic),
            StockTopic = Name(plain.StockTopic),
            ReceiptTopic = Name(plain.ReceiptTopic),
            ReportTopic = Name(plain.ReportTopic),
            RebuildTopic = Name(plain.RebuildTopic),
            PoolControlTopic = Name(plain.PoolControlTopic),
            OrderControlTopic = Name(plain.OrderControlTopic),
            DifferenceTopic = Name(plain.DifferenceTopic),
            DecisionTopic = Name(plain.DecisionTopic),
            MismatchTopic = Name(plain.MismatchTopic),
            EventTopic = Name(plain.EventTopic),
            RedeliveryTopic = Name(plain.RedeliveryTopic),
            SupplyRequestTopic = Name(plain.SupplyRequestTopic),
            CatalogueTopic = Name(plain.CatalogueTopic),
            PoolPartitionCount = catalogue[prefix + plain.CommandTopic].PartitionCount,
            OrderPartitionCount = catalogue[prefix + plain.ByOrderTopic].PartitionCount,
        };
    }
}
