using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Schemas.Registry;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Commands.Subjects;

/// <summary><c>alloc schema get SUBJECT</c>: one schema, by subject and version or by id.</summary>
internal static class SchemaGetCommand
{
    private const string Latest = "latest";

    private static readonly Argument<string> Subject = new("subject")
    {
        Description = "A subject, or a schema's number",
    };

    private static readonly Option<string> Version = new("--version")
    {
        Description = "A version's number, or latest",
        DefaultValueFactory = _ => Latest,
    };

    public static Command Create() =>
        new Command("get", "Print a schema").Takes(Subject, Version).TalksToRegistry()
            .Takes(ClientOptions.Timeout).Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        using var registry = Registries.Client(ClientOptions.SettingsOf(context), context.Time);
        var found = await FindAsync(registry, context.Get(Subject), context.Get(Version)).WaitAsync(cancellation)
            .ConfigureAwait(false);
        var schema = JsonNode.Parse(found.SchemaString);
        if (context.Screen.IsTable)
        {
            context.Screen.Verbatim(JsonText.Pretty(schema));
            return ExitCode.Ok;
        }
        var answer = found is RegisteredSchema of
            ? new JsonObject { ["subject"] = of.Subject, ["version"] = of.Version, ["id"] = of.Id }
            : [];
        answer["schema"] = schema;
        context.Screen.One(answer, _ => { });
        return ExitCode.Ok;
    }

    private static async Task<Schema> FindAsync(GuardedRegistryClient registry, string subject, string version)
    {
        try
        {
            if (int.TryParse(subject, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                return await registry.GetSchemaAsync(id).ConfigureAwait(false);
            }
            if (version == Latest)
            {
                return await registry.GetLatestSchemaAsync(subject).ConfigureAwait(false);
            }
            return int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
                ? await registry.GetRegisteredSchemaAsync(subject, number).ConfigureAwait(false)
                : throw AllocException.Usage($"--version: '{version}' is no number from 1, and not {Latest}.");
        }
        catch (UnknownSchemaException e)
        {
            throw AllocException.NotFound(e.Message);
        }
        catch (RegistryRefusedException e) when (e.ErrorCode / 100 == 404)
        {
            throw AllocException.NotFound(e.Message);
        }
    }
}
