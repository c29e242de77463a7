using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Kafka;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Client.Kafka;

namespace Alloc.Cli.Commands.Groups;

/// <summary>
/// <c>alloc group describe GROUP</c>: who owns which partition, how far it is from the end of the log, how old what
/// waits is and what holds it up, where its HTTP address is.
/// </summary>
internal static class GroupDescribeCommand
{
    private static readonly Argument<string> Group = new("group") { Description = "The group's name" };

    public static Command Create() =>
        new Command("describe", "Show a group's members, partitions and lag").Takes(Group)
            .TalksToKafka().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        var name = context.Get(Group);
        var clients = new KafkaClients(settings);
        await clients.EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var admin = clients.Admin();
        var (group, positions) = new GroupPositions(settings, context.Time).Read(admin, name)
            ?? throw AllocException.NotFound(
                $"There is no group {name} at {settings.Bootstrap}.", "alloc group list shows what there is.");
        if (context.Screen.IsTable)
        {
            context.Screen.Verbatim($"{group.Group}  {group.State}  {group.Members.Count} member(s)  {group.Protocol}");
        }
        context.Screen.Rows(
            [.. positions.Select(Row)],
            Column.Text("TOPIC", "topic"),
            Column.Number("PARTITION", "partition"),
            Column.Number("COMMITTED", "committed"),
            Column.Number("END", "end"),
            Column.Number("LAG", "lag"),
            new Column("AGE", Age) { IsNumber = true },
            Column.Text("CLIENT", "client"),
            Column.Text("HOST", "host"),
            Column.Text("HELD UP BY", "why"));
        return ExitCode.Ok;
    }

    private static JsonObject Row(GroupPosition position) => new()
    {
        ["topic"] = position.Partition.Topic,
        ["partition"] = position.Partition.Partition.Value,
        ["committed"] = position.Committed,
        ["end"] = position.End,
        ["lag"] = position.Lag,
        ["ageSeconds"] = position.Age?.TotalSeconds,
        ["client"] = position.Owner?.ClientId,
        ["host"] = position.Owner?.ClientHost,
        ["why"] = position.Why,
    };

    private static string Age(JsonObject row) => row["ageSeconds"]?.GetValue<double>() is not { } seconds
        ? "?"
        : row["lag"]!.GetValue<long>() == 0 ? "-" : Duration.Show(TimeSpan.FromSeconds(seconds));
}
