using Alloc.Client;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Catalogue;
using Alloc.Schemas.Effects;
using Alloc.Schemas.Operations;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Alloc.Schemas.Projection;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Supply;
using Alloc.Schemas.Warehouse;
using Alloc.Schemas.Workflow;
using Confluent.SchemaRegistry;

namespace Alloc.Host;

/// <summary>
/// Registers the contracts of the catalogue's topics, with the level that later versions are held to.
/// </summary>
internal static class SchemaRegistration
{
    private static readonly Dictionary<string, AvroSchema> Contracts = new AvroSchema[]
    {
        AllocationCommand.Schema,
        AllocationOutcome.Schema,
        PoolAvailability.Schema,
        PolicyInForce.Schema,
        OrderAllocation.Schema,
        StageEvent.Schema,
        AgingAlert.Schema,
        StageStatus.Schema,
        ModeState.Schema,
        StagePrediction.Schema,
        StageDelta.Schema,
        CatalogueInForce.Schema,
        OperatorAction.Schema,
        StockSnapshot.Schema,
        SupplyRequest.Schema,
        WarehouseMovement.Schema,
        OrderStatus.Schema,
        PaymentStatus.Schema,
        EffectReceipt.Schema,
        ReconciliationControl.Schema,
        Difference.Schema,
        Mismatch.Schema,
        MismatchEvent.Schema,
        RepairDecision.Schema,
        ScanMessage.Schema,
        ScanReport.Schema,
        RebuildRequest.Schema,
    }.ToDictionary(s => ((RecordSchema)s).FullName, StringComparer.Ordinal);

    public static async Task RegisterAsync(
        TopicCatalogue catalogue, ISchemaRegistryClient registry, CancellationToken cancellation)
    {
        foreach (var topic in catalogue.Topics.Where(t => t.Schema is not null))
        {
            try
            {
                await registry.RegisterSchemaAsync(topic.Subject, Contracts[topic.Schema!].ForRegistry())
                    .WaitAsync(cancellation).ConfigureAwait(false);
                if (topic.Compatibility is { } level)
                {
                    await registry.UpdateCompatibilityAsync(Level(level), topic.Subject).WaitAsync(cancellation)
                        .ConfigureAwait(false);
                }
            }
            catch (RegistryRefusedException e)
            {
                throw AllocException.Failed(
                    $"The registry refuses the schema of {topic.Name}: {e.Message}",
                    "A newer version of alloc may run here; alloc schema get shows what is registered.", e);
            }
        }
    }

    // The catalogue has the registry's words, such as FULL_TRANSITIVE; the client has an enumeration of them.
    private static Compatibility Level(string words) =>
        Enum.Parse<Compatibility>(words.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);
}
