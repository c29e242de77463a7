using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Host.Lag;

namespace Alloc.Cli.Commands.Groups;

/// <summary>
/// <c>alloc group list</c>: the consumer groups that the broker knows, how far they are behind in records and in age,
/// and how they fare.
/// </summary>
internal static class GroupListCommand
{
    public static Command Create() =>
        new Command("list", "List consumer groups with their lag, its age and how they fare")
            .Takes(GroupWatching.Watch, GroupWatching.Interval).TalksToKafka().TalksToConsole().Runs(RunAsync);

    private static Task<int> RunAsync(CommandContext context, CancellationToken cancellation) =>
        GroupWatching.RunAsync(
            context, null,
            (report, faring) =>
            {
                var nowMs = context.Time.GetUtcNow().ToUnixTimeMilliseconds();
                context.Screen.Rows(
                    [.. report.Groups.Select(g => Row(g, nowMs, faring?.Of(g.Name)))],
                    Column.Text("GROUP", "group"),
                    Column.Text("STATE", "state"),
                    Column.Number("MEMBERS", "members"),
                    Column.Text("ASSIGNOR", "protocol"),
                    Column.Number("LAG", "lag"),
                    GroupWatching.Age,
                    new Column("SKEW", row => $"{row["skew"]!.GetValue<double>():0.#}") { IsNumber = true },
                    GroupWatching.Status);
                if (report.Beyond > 0)
                {
                    context.Screen.Warn(
                        $"{report.Beyond} more groups are not shown; alloc group describe GROUP shows one of them.");
                }
            },
            cancellation);

    private static JsonObject Row(GroupLag group, long nowMs, string? faring) =>
        GroupWatching.WithStatus(LagJson.Of(group, nowMs), faring);
}
