using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;

namespace Alloc.Cli.Commands.Subjects;

/// <summary><c>alloc schema get SUBJECT</c>: one schema, by subject and version or by id.</summary>
internal static class SchemaGetCommand
{
    private static readonly Argument<string> Subject = new("subject")
    {
        Description = "A subject, or a schema's number",
    };

    private static readonly Option<string> Version = new("--version")
    {
        Description = "A version's number, or latest",
        DefaultValueFactory = _ => "latest",
    };

    public static Command Create() =>
        new Command("get", "Print a schema").Takes(Subject, Version).TalksToRegistry()
            .Takes(ClientOptions.Timeout).Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        using var registry = JsonHttp.Registry(ClientOptions.SettingsOf(context));
        var subject = context.Get(Subject);
        var path = int.TryParse(subject, out var id)
            ? $"schemas/ids/{id}"
            : $"subjects/{Uri.EscapeDataString(subject)}/versions/{Uri.EscapeDataString(context.Get(Version))}";
        var found = await registry.GetAsync(path, cancellation).ConfigureAwait(false);
        var schema = JsonNode.Parse(found["schema"]!.GetValue<string>());
        if (context.Screen.IsTable)
        {
            context.Screen.Verbatim(JsonText.Pretty(schema));
            return ExitCode.Ok;
        }
        var answer = found.AsObject();
        answer["schema"] = schema;
        context.Screen.One(answer, _ => { });
        return ExitCode.Ok;
    }
}
