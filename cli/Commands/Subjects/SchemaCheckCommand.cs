using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Client;

namespace Alloc.Cli.Commands.Subjects;

/// <summary>
/// <c>alloc schema check FILE --subject SUBJECT</c>: whether a schema could become the subject's next version; exit
/// code 5 where it could not.
/// </summary>
internal static class SchemaCheckCommand
{
    public static Command Create() =>
        new Command("check", "Check a schema against a subject's versions")
            .Takes(SchemaCandidate.File, SchemaCandidate.Subject, SchemaCandidate.With)
            .TalksToRegistry().Takes(ClientOptions.Timeout).Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        using var registry = Registries.Client(ClientOptions.SettingsOf(context), context.Time);
        var candidate = await SchemaCandidate.CheckAsync(context, registry, cancellation).ConfigureAwait(false);
        context.Screen.One(candidate.Json(), candidate.Show);
        return candidate.IsCompatible ? ExitCode.Ok : ExitCode.Mismatch;
    }
}
