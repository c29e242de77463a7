using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client.Kafka;

namespace Alloc.Cli.Commands.Groups;

/// <summary><c>alloc group list</c>: the consumer groups that the broker knows.</summary>
internal static class GroupListCommand
{
    public static Command Create() => new Command("list", "List consumer groups").TalksToKafka().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        var clients = new KafkaClients(settings);
        await clients.EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var admin = clients.Admin();
        var rows = admin.ListGroups(settings.Timeout)
            .OrderBy(g => g.Group, StringComparer.Ordinal)
            .Select(g => new JsonObject
            {
                ["group"] = g.Group,
                ["state"] = g.State,
                ["protocol"] = g.Protocol,
                ["members"] = g.Members.Count,
            })
            .ToList();
        context.Screen.Rows(
            rows,
            Column.Text("GROUP", "group"),
            Column.Text("STATE", "state"),
            Column.Number("MEMBERS", "members"),
            Column.Text("ASSIGNOR", "protocol"));
        return ExitCode.Ok;
    }
}
