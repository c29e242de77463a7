using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;

namespace Alloc.Cli.Commands.Subjects;

/// <summary><c>alloc schema list</c>: the subjects of the registry.</summary>
internal static class SchemaListCommand
{
    public static Command Create() =>
        new Command("list", "List the registry's subjects").TalksToRegistry()
            .Takes(ClientOptions.Timeout).Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        using var registry = Registries.Client(ClientOptions.SettingsOf(context), context.Time);
        var subjects = await registry.GetAllSubjectsAsync().WaitAsync(cancellation).ConfigureAwait(false);
        var rows = new List<JsonObject>();
        foreach (var subject in subjects.Order(StringComparer.Ordinal))
        {
            var latest = await registry.GetLatestSchemaAsync(subject).WaitAsync(cancellation).ConfigureAwait(false);
            rows.Add(new JsonObject
            {
                ["subject"] = subject,
                ["version"] = latest.Version,
                ["id"] = latest.Id,
                ["record"] = NameOf(latest.SchemaString),
            });
        }
        context.Screen.Rows(
            rows,
            Column.Text("SUBJECT", "subject"),
            Column.Number("VERSION", "version"),
            Column.Number("ID", "id"),
            Column.Text("RECORD", "record"));
        return ExitCode.Ok;
    }

    private static string? NameOf(string schema) =>
        JsonNode.Parse(schema) switch
        {
            JsonObject record => record["name"] is { } name
                ? record["namespace"] is { } space && !name.ToString().Contains('.', StringComparison.Ordinal)
                    ? $"{space}.{name}"
                    : $"{name}"
                : record["type"]?.ToString(),
            JsonValue primitive => primitive.ToString(),
            _ => "union",
        };
}
