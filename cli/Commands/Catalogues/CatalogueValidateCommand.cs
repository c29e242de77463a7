using System.CommandLine;
using Alloc.Cli.CommandLine;

namespace Alloc.Cli.Commands.Catalogues;

/// <summary><c>alloc catalogue validate FILE</c>: everything that is wrong with it, without a cluster.</summary>
internal static class CatalogueValidateCommand
{
    public static Command Create() =>
        new Command("validate", "Check a catalogue; no cluster is needed").Takes(CatalogueFile.Argument).Runs(context =>
        {
            var file = CatalogueFile.Read(context);
            var reading = file.Parse();
            context.Screen.One(file.Json(reading), console => file.Show(console, reading));
            return reading.Catalogue is null ? ExitCode.Mismatch : ExitCode.Ok;
        });
}
