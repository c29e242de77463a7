using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Host.Lag;

namespace Alloc.Cli.Commands.Groups;

/// <summary>
/// <c>alloc group describe GROUP</c>: who owns which partition, how far it is from the end of the log, how old what
/// waits is, how it fares and what holds it up, where its HTTP address is.
/// </summary>
internal static class GroupDescribeCommand
{
    private static readonly Argument<string> Group = new("group") { Description = "The group's name" };

    public static Command Create() =>
        new Command("describe", "Show a group's members, partitions and lag, and what holds it up").Takes(Group)
            .Takes(GroupWatching.Watch, GroupWatching.Interval).TalksToKafka().TalksToConsole().Runs(RunAsync);

    private static Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var name = context.Get(Group);
        return GroupWatching.RunAsync(
            context, name,
            (report, faring) =>
            {
                var group = report.Groups.SingleOrDefault(g => g.Name == name) ?? throw (report.Problem is { } problem
                    ? AllocException.Unavailable(problem)
                    : AllocException.NotFound(
                        $"There is no group {name} at {ClientOptions.SettingsOf(context).Bootstrap}.",
                        "alloc group list shows what there is."));
                if (context.Screen.IsTable)
                {
                    context.Screen.Verbatim(
                        $"{group.Name}  {group.State}  {group.MemberCount} member(s)  {group.Assignor}");
                }
                var nowMs = context.Time.GetUtcNow().ToUnixTimeMilliseconds();
                context.Screen.Rows(
                    [.. group.Partitions.Select(p => Row(p, nowMs, faring?.Of(
                        name, p.Partition.Topic, p.Partition.Partition)))],
                    Column.Text("TOPIC", "topic"),
                    Column.Number("PARTITION", "partition"),
                    Column.Number("COMMITTED", "committed"),
                    Column.Number("END", "end"),
                    Column.Number("LAG", "lag"),
                    GroupWatching.Age,
                    GroupWatching.Status,
                    Column.Text("CLIENT", "client"),
                    Column.Text("HOST", "host"),
                    Column.Text("HELD UP BY", "why"));
            },
            cancellation);
    }

    private static JsonObject Row(PartitionLag partition, long nowMs, string? faring) =>
        GroupWatching.WithStatus(LagJson.Of(partition, nowMs), faring);
}
