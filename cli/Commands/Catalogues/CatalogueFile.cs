using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Documents;
using Alloc.Processors.Catalogue;
using Spectre.Console;

namespace Alloc.Cli.Commands.Catalogues;

/// <summary>A catalogue in a file.</summary>
internal sealed record CatalogueFile(DocumentFile Source)
{
    public static readonly Argument<string> Argument = new("file")
    {
        Description = "The catalogue, YAML or JSON; - reads standard input",
    };

    public static CatalogueFile Read(CommandContext context) => new(DocumentFile.Read(
        context, context.Get(Argument), "catalogue", CatalogueReader.MaximumSize, "Write shorter texts."));

    public CatalogueReading Parse(OperationsCatalogue? previous = null) => Source.Unreadable is { } problem
        ? new CatalogueReading(null, [problem], [])
        : CatalogueReader.ParseAny(Source.Text, previous);

    /// <summary>What the check of the file gave, as data.</summary>
    public JsonObject Json(CatalogueReading reading) => new()
    {
        ["file"] = Source.Name,
        ["valid"] = reading.Catalogue is not null,
        ["version"] = reading.Catalogue?.Version,
        ["contentHash"] = reading.Catalogue is { } catalogue ? CatalogueDocument.HashOf(catalogue) : null,
        ["errors"] = DocumentFile.Problems(reading.Errors),
        ["notes"] = DocumentFile.Problems(reading.Notes),
    };

    /// <summary>The same for people.</summary>
    public void Show(IAnsiConsole console, CatalogueReading reading) => Source.Show(
        console, reading.Errors, reading.Notes, reading.Catalogue is not { } catalogue ? null
            : $"version {catalogue.Version}, {catalogue.Stages.Count} stages, {catalogue.Modes.Count} modes, "
                + $"{catalogue.Effects.Count} effects, hash {CatalogueDocument.HashOf(catalogue)[..12]}");

    /// <summary>Shows what is wrong with it where it is not valid.</summary>
    public bool IsValid(CommandContext context, CatalogueReading reading)
    {
        if (reading.Catalogue is null)
        {
            context.Screen.One(Json(reading), console => Show(console, reading));
            context.Screen.Warn("Nothing was applied.");
        }
        return reading.Catalogue is not null;
    }
}
