using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Kafka;
using Alloc.Cli.Output;
using Confluent.Kafka;

namespace Alloc.Cli.Commands.Groups;

/// <summary>
/// <c>alloc group describe GROUP</c>: who owns which partition, how far it came, where its HTTP address is.
/// </summary>
internal static class GroupDescribeCommand
{
    private static readonly Argument<string> Group = new("group") { Description = "The group's name" };

    public static Command Create() =>
        new Command("describe", "Show a group's members, partitions and lag").Takes(Group)
            .TalksToKafka().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var settings = ClientSettings.From(context);
        var name = context.Get(Group);
        var clients = new KafkaClients(settings);
        await clients.EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var admin = clients.Admin();
        var group = admin.ListGroup(name, settings.Timeout);
        if (group is null || group.State is "Dead" or "")
        {
            throw CliException.NotFound(
                $"There is no group {name} at {settings.Bootstrap}.", "alloc group list shows what there is.");
        }
        var owners = new Dictionary<TopicPartition, GroupMemberInfo>();
        foreach (var member in group.Members)
        {
            foreach (var partition in ConsumerProtocol.Partitions(member.MemberAssignment))
            {
                owners[partition] = member;
            }
        }
        var rows = Positions(clients, admin, settings, name, owners);
        if (context.Screen.IsTable)
        {
            context.Screen.Verbatim($"{group.Group}  {group.State}  {group.Members.Count} member(s)  {group.Protocol}");
        }
        context.Screen.Rows(
            rows,
            Column.Text("TOPIC", "topic"),
            Column.Number("PARTITION", "partition"),
            Column.Number("COMMITTED", "committed"),
            Column.Number("END", "end"),
            Column.Number("LAG", "lag"),
            Column.Text("CLIENT", "client"),
            Column.Text("HOST", "host"));
        return ExitCode.Ok;
    }

    private static List<JsonObject> Positions(
        KafkaClients clients,
        IAdminClient admin,
        ClientSettings settings,
        string group,
        Dictionary<TopicPartition, GroupMemberInfo> owners)
    {
        var known = admin.GetMetadata(settings.Timeout).Topics
            .Where(t => !t.Topic.StartsWith("__", StringComparison.Ordinal))
            .SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Topic, p.PartitionId)))
            .ToList();
        using var reader = clients.Consumer(readCommitted: true, group);
        var rows = new List<JsonObject>();
        foreach (var committed in reader.Committed(known, settings.Timeout).OrderBy(c => c.Topic)
            .ThenBy(c => c.Partition.Value))
        {
            var owner = owners.GetValueOrDefault(committed.TopicPartition);
            if (owner is null && committed.Offset == Offset.Unset)
            {
                continue;
            }
            var end = reader.QueryWatermarkOffsets(committed.TopicPartition, settings.Timeout).High.Value;
            rows.Add(new JsonObject
            {
                ["topic"] = committed.Topic,
                ["partition"] = committed.Partition.Value,
                ["committed"] = committed.Offset == Offset.Unset ? null : committed.Offset.Value,
                ["end"] = end,
                ["lag"] = committed.Offset == Offset.Unset ? null : Math.Max(0, end - committed.Offset.Value),
                ["client"] = owner?.ClientId,
                ["host"] = owner?.ClientHost,
            });
        }
        return rows;
    }
}
