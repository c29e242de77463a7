using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Processors.Catalogue;
using Alloc.Web.Json;
using Spectre.Console;

namespace Alloc.Cli.Commands.Catalogues;

/// <summary><c>alloc catalogue get</c>: the catalogue that was applied last, by whom and why.</summary>
internal static class CatalogueGetCommand
{
    private static readonly Option<int?> Version = new("--version")
    {
        Description = "Another version than the last one; those that the topic still has, and 0",
        HelpName = "number",
    };

    private static readonly Option<bool> Document = new("--document")
    {
        Description = "Print the document alone, to be edited",
    };

    public static Command Create() =>
        new Command("get", "Show the catalogue in force").Takes(Version, Document)
            .TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        await new KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var registry = Registries.Client(settings, context.Time);
        var topic = new CatalogueTopic(settings, registry) { OnUnusable = context.Screen.Warn };
        var known = await Task.Run(() => topic.Read(cancellation), cancellation).ConfigureAwait(false);
        var applied = Wanted(known, context.Get(Version));
        var catalogue = applied?.Catalogue ?? OperationsCatalogue.Shipped;
        var document = JsonNode.Parse(CatalogueDocument.Write(catalogue))!.AsObject();
        if (context.Get(Document))
        {
            context.Screen.Verbatim(JsonText.Pretty(document));
            return ExitCode.Ok;
        }
        context.Screen.One(
            new JsonObject
            {
                ["version"] = catalogue.Version,
                ["contentHash"] = CatalogueDocument.HashOf(catalogue),
                ["base"] = applied?.Record.Base,
                ["appliedAt"] = applied is null ? null : AvroJson.Time(applied.Record.AppliedAtMs),
                ["appliedBy"] = applied?.Record.AppliedBy,
                ["reason"] = applied?.Record.Reason,
                ["document"] = document.DeepClone(),
            },
            console => Show(context, console, applied, catalogue, document));
        return ExitCode.Ok;
    }

    private static AppliedCatalogue? Wanted(IReadOnlyList<AppliedCatalogue> known, int? version)
    {
        if (version is null)
        {
            return known.Count > 0 ? known[^1] : null;
        }
        return version == 0 ? null : known.LastOrDefault(applied => applied.Record.Version == version)
            ?? throw AllocException.NotFound(
                $"There is no catalogue of version {version} any more.",
                known.Count > 0 ? $"The last is {known[^1].Record.Version}." : "Version 0 is in force.");
    }

    private static void Show(
        CommandContext context, IAnsiConsole console, AppliedCatalogue? applied, OperationsCatalogue catalogue,
        JsonObject document)
    {
        console.MarkupLine(
            $"[bold]version {catalogue.Version}[/]  {catalogue.Stages.Count} stages, {catalogue.Modes.Count} modes, "
            + $"{catalogue.Effects.Count} effects");
        Fields.Write(console, "hash", CatalogueDocument.HashOf(catalogue));
        if (applied is null)
        {
            Fields.Write(console, "since", "shipped; in force until another is applied");
        }
        else
        {
            Fields.Write(
                console, "applied",
                $"{Words.Time(applied.Record.AppliedAtMs, context.Time)} by {applied.Record.AppliedBy}");
            Fields.Write(console, "because", applied.Record.Reason);
            Fields.Write(console, "replaces", $"version {applied.Record.Base}");
        }
        CatalogueScreens.Tables(context, document);
    }
}
