using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Processors.Catalogue;

namespace Alloc.Cli.Commands.Catalogues;

/// <summary><c>alloc catalogue diff FILE</c>: what a catalogue would change of the one that was applied last.</summary>
internal static class CatalogueDiffCommand
{
    public static Command Create() =>
        new Command("diff", "Show what a catalogue would change of the one that was applied last")
            .Takes(CatalogueFile.Argument).TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var file = CatalogueFile.Read(context);
        var settings = ClientOptions.SettingsOf(context);
        await new KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var registry = Registries.Client(settings, context.Time);
        var topic = new CatalogueTopic(settings, registry) { OnUnusable = context.Screen.Warn };
        var last = await Task.Run(() => topic.Newest(cancellation), cancellation).ConfigureAwait(false);
        var reading = file.Parse(last?.Catalogue ?? OperationsCatalogue.Shipped);
        if (reading.Catalogue is not { } catalogue)
        {
            throw AllocException.Failed(
                reading.Errors[0].Show(file.Source.Name), "alloc catalogue validate shows all errors.");
        }
        var policy = await UndoneModes.PolicyAsync(context, settings, registry, cancellation).ConfigureAwait(false);
        var changes = CatalogueDifferences.Between(last?.Catalogue ?? OperationsCatalogue.Shipped, catalogue);
        context.Screen.One(
            new JsonObject
            {
                ["from"] = last?.Record.Version ?? OperationsCatalogue.Shipped.Version,
                ["to"] = catalogue.Version,
                ["changes"] = CatalogueScreens.Json(changes),
                ["undoneModes"] = UndoneModes.Warn(context, catalogue, policy),
            },
            console =>
            {
                file.Show(console, reading);
                CatalogueScreens.Changes(context, last?.Record.Version ?? 0, changes);
            });
        return ExitCode.Ok;
    }
}
