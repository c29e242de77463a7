using Alloc.Cli.Commands.Documents;
using Alloc.Client;
using Alloc.Client.Outcomes;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Operations;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Commands.Catalogues;

/// <summary>A catalogue that was applied.</summary>
/// <param name="Record">What the topic says of it.</param>
/// <param name="Catalogue">It, read.</param>
internal sealed record AppliedCatalogue(CatalogueInForce Record, OperationsCatalogue Catalogue);

/// <summary>The topic of catalogues.</summary>
internal sealed class CatalogueTopic(AllocClientOptions settings, ISchemaRegistryClient registry)
    : DocumentTopic<CatalogueInForce, AppliedCatalogue>(settings, registry, TopicNames.Catalogue, "catalogue")
{
    private protected override AppliedCatalogue? Applied(
        CatalogueInForce record, long writtenAtMs, out string? problem)
    {
        var reading = CatalogueRecords.Read(record);
        problem = reading.Catalogue is null ? reading.Errors[0].Show() : null;
        return reading.Catalogue is { } catalogue ? new AppliedCatalogue(record, catalogue) : null;
    }
}
