using Alloc.Cli.Commands.Catalogues;
using Alloc.Client;
using Alloc.Processors.Catalogue;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Demo;

/// <summary>
/// The operations catalogues of the demo's stories: how soon a stage is late, and when a mode comes on.
/// </summary>
internal static class DemoCatalogue
{
    /// <summary>A catalogue that is kept inside the program.</summary>
    public static OperationsCatalogue Of(string name) =>
        CatalogueReader.ParseAny(DemoDocument.Text($"{name}.catalogue.yaml")).Catalogue
            ?? throw new InvalidOperationException($"The catalogue {name} of the demo is not valid.");

    /// <summary>
    /// Applies it as <c>alloc catalogue apply</c> would, unless one was applied before: by an earlier start, or by
    /// whoever tries one on the demo.
    /// </summary>
    public static async Task ApplyAsync(
        string name, AllocClientOptions settings, ISchemaRegistryClient registry, long nowMs,
        CancellationToken cancellation)
    {
        var topic = new CatalogueTopic(settings, registry);
        if (topic.Newest(cancellation) is not null)
        {
            return;
        }
        using var fanOut = new CatalogueFanOut(settings, topic, registry);
        await fanOut.BeginAsync(cancellation).ConfigureAwait(false);
        await fanOut.CommitAsync(
            CatalogueRecords.InForce(
                Of(name), OperationsCatalogue.Shipped.Version, nowMs, DemoDocument.Actor, $"the demo's story {name}"),
            isNew: true, cancellation).ConfigureAwait(false);
    }
}
