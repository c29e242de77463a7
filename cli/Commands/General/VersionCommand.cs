using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;

namespace Alloc.Cli.Commands.General;

/// <summary><c>alloc version</c>: what runs here.</summary>
internal static class VersionCommand
{
    /// <summary>The product's version, without the source revision that the build may append.</summary>
    public static string Number { get; } =
        (typeof(VersionCommand).Assembly
            .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0")
        .Split('+')[0];

    public static Command Create() =>
        new Command("version", "Show the version of alloc and of what it runs on").Runs(Run);

    private static int Run(CommandContext context)
    {
        var version = new JsonObject
        {
            ["version"] = Number,
            ["runtime"] = RuntimeInformation.FrameworkDescription,
            ["system"] = RuntimeInformation.RuntimeIdentifier,
        };
        if (context.Screen.IsTable)
        {
            context.Screen.Verbatim($"Alloc {Number}  {version["runtime"]}  {version["system"]}");
            return ExitCode.Ok;
        }
        context.Screen.One(version, _ => { });
        return ExitCode.Ok;
    }
}
