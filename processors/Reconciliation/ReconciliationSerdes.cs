using Alloc.Engine.Processing;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Effects;
using Alloc.Schemas.Operations;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Alloc.Schemas.Projection;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Supply;
using Alloc.Schemas.Warehouse;
using Confluent.SchemaRegistry;

namespace Alloc.Processors.Reconciliation;

/// <summary>How the records of reconciliation are read and written: Avro, schemas from a registry.</summary>
public sealed class ReconciliationSerdes
{
    /// <param name="registry">The schema registry.</param>
    /// <param name="options">The topics, whose names give the subjects.</param>
    public ReconciliationSerdes(ISchemaRegistryClient registry, ReconciliationOptions options)
    {
        var guarded = GuardedRegistryClient.Over(registry);
        Commands = new RegistrySerde<AllocationCommand>(guarded, options.CommandTopic);
        Outcomes = new RegistrySerde<AllocationOutcome>(guarded, options.OutcomeTopic);
        ByOrder = new RegistrySerde<OrderAllocation>(guarded, options.ByOrderTopic);
        Orders = new RegistrySerde<OrderStatus>(guarded, options.OrderTopic);
        Payments = new RegistrySerde<PaymentStatus>(guarded, options.PaymentTopic);
        Movements = new RegistrySerde<WarehouseMovement>(guarded, options.MovementTopic);
        Receipts = new RegistrySerde<EffectReceipt>(guarded, options.ReceiptTopic);
        Reports = new RegistrySerde<ScanReport>(guarded, options.ReportTopic);
        Rebuilds = new RegistrySerde<RebuildRequest>(guarded, options.RebuildTopic);
        PoolControl = new RegistrySerde<ReconciliationControl>(guarded, options.PoolControlTopic);
        OrderControl = new RegistrySerde<ReconciliationControl>(guarded, options.OrderControlTopic);
        Differences = new RegistrySerde<Difference>(guarded, options.DifferenceTopic);
        Decisions = new RegistrySerde<RepairDecision>(guarded, options.DecisionTopic);
        Mismatches = new RegistrySerde<Mismatch>(guarded, options.MismatchTopic);
        Events = new RegistrySerde<MismatchEvent>(guarded, options.EventTopic);
        Redeliveries = new RegistrySerde<AllocationOutcome>(guarded, options.RedeliveryTopic);
        SupplyRequests = new RegistrySerde<SupplyRequest>(guarded, options.SupplyRequestTopic);
        Catalogue = new RegistrySerde<CatalogueInForce>(guarded, options.CatalogueTopic);
    }

    /// <summary>Commands of the ledger.</summary>
    public ISerde<AllocationCommand> Commands { get; }

    /// <summary>Outcomes.</summary>
    public ISerde<AllocationOutcome> Outcomes { get; }

    /// <summary>Outcomes by order.</summary>
    public ISerde<OrderAllocation> ByOrder { get; }

    /// <summary>What orders are.</summary>
    public ISerde<OrderStatus> Orders { get; }

    /// <summary>What payments are.</summary>
    public ISerde<PaymentStatus> Payments { get; }

    /// <summary>Goods that moved.</summary>
    public ISerde<WarehouseMovement> Movements { get; }

    /// <summary>Receipts.</summary>
    public ISerde<EffectReceipt> Receipts { get; }

    /// <summary>What scans of searches found.</summary>
    public ISerde<ScanReport> Reports { get; }

    /// <summary>What is to be built anew of searches.</summary>
    public ISerde<RebuildRequest> Rebuilds { get; }

    /// <summary>What partitions of pools are told.</summary>
    public ISerde<ReconciliationControl> PoolControl { get; }

    /// <summary>What partitions of orders are told.</summary>
    public ISerde<ReconciliationControl> OrderControl { get; }

    /// <summary>What comparisons found.</summary>
    public ISerde<Difference> Differences { get; }

    /// <summary>What people decide.</summary>
    public ISerde<RepairDecision> Decisions { get; }

    /// <summary>Mismatches.</summary>
    public ISerde<Mismatch> Mismatches { get; }

    /// <summary>What happened to mismatches.</summary>
    public ISerde<MismatchEvent> Events { get; }

    /// <summary>Outcomes that are given again.</summary>
    public ISerde<AllocationOutcome> Redeliveries { get; }

    /// <summary>What sources of supply are asked.</summary>
    public ISerde<SupplyRequest> SupplyRequests { get; }

    /// <summary>The operations catalogue.</summary>
    public ISerde<CatalogueInForce> Catalogue { get; }
}
