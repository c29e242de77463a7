using Alloc.Client;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Catalogue;
using Alloc.Schemas.Registry;

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
    }.ToDictionary(s => ((RecordSchema)s).FullName, StringComparer.Ordinal);

    public static async Task RegisterAsync(
        TopicCatalogue catalogue, ISchemaRegistryClient registry, CancellationToken cancellation)
    {
        foreach (var topic in catalogue.Topics.Where(t => t.Schema is not null))
        {
            try
            {
                await registry.RegisterAsync(topic.Subject, Contracts[topic.Schema!], cancellation)
                    .ConfigureAwait(false);
                if (topic.Compatibility is { } level)
                {
                    await registry.SetCompatibilityAsync(topic.Subject, level, cancellation).ConfigureAwait(false);
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
}
