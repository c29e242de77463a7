using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Schemas.Catalogue;

namespace Alloc.Cli.Commands.Catalogues;

/// <summary><c>alloc catalogue schema</c>: the JSON Schema of catalogues, for editors.</summary>
internal static class CatalogueSchemaCommand
{
    public static Command Create() => new Command("schema", "Print the JSON Schema of catalogues").Runs(context =>
    {
        context.Screen.Verbatim(DocumentSchemas.Catalogue().TrimEnd());
        return ExitCode.Ok;
    });
}
