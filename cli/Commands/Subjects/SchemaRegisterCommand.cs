using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Schemas.Registry;

namespace Alloc.Cli.Commands.Subjects;

/// <summary>
/// <c>alloc schema register FILE --subject SUBJECT</c>: checks, asks, and makes the schema the subject's next version.
/// </summary>
internal static class SchemaRegisterCommand
{
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Check only; register nothing" };

    public static Command Create() =>
        new Command("register", "Make a schema the next version of a subject")
            .Takes(SchemaCandidate.File, SchemaCandidate.Subject, SchemaCandidate.With, DryRun, Consent.Yes)
            .TalksToRegistry().Takes(ClientOptions.Timeout).Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        Consent.CheckPossible(context, "registering a schema", context.Get(DryRun));
        using var registry = Registries.Client(ClientOptions.SettingsOf(context), context.Time);
        var candidate = await SchemaCandidate.CheckAsync(context, registry, cancellation).ConfigureAwait(false);
        var json = candidate.Json();
        if (!candidate.IsCompatible || context.Get(DryRun) || candidate.SameAs is not null)
        {
            context.Screen.One(json, candidate.Show);
            context.Screen.Note("Nothing was registered.");
            return candidate.IsCompatible ? ExitCode.Ok : ExitCode.Mismatch;
        }
        if (context.Screen.IsTable)
        {
            candidate.Show(context.Screen.Data);
        }
        if (!Consent.IsGiven(context, $"Register it as the next version of {candidate.SubjectName}?"))
        {
            context.Screen.Warn("Nothing was registered.");
            return ExitCode.Failure;
        }
        var id = await registry.RegisterSchemaAsync(candidate.SubjectName, candidate.Schema.ForRegistry())
            .WaitAsync(cancellation).ConfigureAwait(false);
        registry.ClearLatestCaches();
        var latest = await registry.GetLatestSchemaAsync(candidate.SubjectName).WaitAsync(cancellation)
            .ConfigureAwait(false);
        json["id"] = id;
        json["version"] = latest.Version;
        context.Screen.One(json, console => Fields.Write(console, "registered", $"version {latest.Version}, id {id}"));
        return ExitCode.Ok;
    }
}
