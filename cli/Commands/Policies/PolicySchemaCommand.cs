using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Schemas.Catalogue;

namespace Alloc.Cli.Commands.Policies;

/// <summary><c>alloc policy schema</c>: the JSON Schema of policies, for editors.</summary>
internal static class PolicySchemaCommand
{
    public static Command Create() => new Command("schema", "Print the JSON Schema of policies").Runs(context =>
    {
        context.Screen.Verbatim(DocumentSchemas.Policy().TrimEnd());
        return ExitCode.Ok;
    });
}
