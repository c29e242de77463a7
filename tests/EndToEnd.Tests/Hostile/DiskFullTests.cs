using System.Net;
using System.Text;
using Confluent.Kafka;
using EndToEnd.Tests.Http;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Hostile;

/// <summary>
/// The disk of everything runs full in the middle of the work: what was acknowledged is decided in the end.
/// </summary>
public sealed class DiskFullTests
{
    private const string Pool = "cramped";
    private const string NoSpace = "No space left on device";
    private const int Holds = 20_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(700_000)]
    [InlineData(0)]
    public async Task A_full_disk_is_told_and_after_a_crash_on_it_everything_acknowledged_is_decided(long room)
    {
        using var disk = SmallDisk.Mount(96);
        var (dev, deployment) = Servers.Dev(disk["data"]);
        await using var server = await dev.StartAsync();
        using var client = new CommandClient(deployment);
        await client.StockAsync(Pool, Holds);
        disk.FillBut(room);

        var acknowledged = Send(client, deployment);
        await server.Process.WaitForLineAsync(NoSpace, Deadline);
        await server.KillAsync();
        // The crash may have made room, of files that were not yet complete: full again, or the start would go well.
        disk.FillBut(0);
        server.Start();
        await server.Process.WaitForLineAsync(NoSpace, Deadline);
        await server.KillAsync();
        disk.Free();
        await server.StartAsync();

        await ExpectDecidedAsync(client, deployment, acknowledged);
    }

    [Fact]
    public async Task When_there_is_room_again_it_goes_on_by_itself()
    {
        using var disk = SmallDisk.Mount(96);
        var (dev, deployment) = Servers.Dev(disk["data"]);
        await using var server = await dev.StartAsync();
        using var client = new CommandClient(deployment);
        await client.StockAsync(Pool, Holds);
        disk.FillBut(700_000);

        var acknowledged = Send(client, deployment);
        await server.Process.WaitForLineAsync(NoSpace, Deadline);
        using var console = new InstanceConsole(deployment.Console);
        var full = await console.UntilAsync(
            "readyz", a => a.Text.Contains("is full", StringComparison.Ordinal), Deadline);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, full.Status);
        Assert.Matches($"The disk of {disk["data"]}[^ ]* is full: [0-9,]+ bytes are left. Free some space", full.Text);
        disk.Free();
        await console.UntilAsync("readyz", a => a.Status == HttpStatusCode.OK, Deadline);

        await ExpectDecidedAsync(client, deployment, acknowledged);
        Assert.False(server.Process.HasExited, server.Process.Said);
        Assert.InRange(server.Process.Said.Split(NoSpace).Length, 2, 200);
    }

    private static async Task ExpectDecidedAsync(
        CommandClient client, Deployment deployment, HashSet<long> acknowledged)
    {
        await client.AskAsync(CommandClient.Command("last", Pool, CommandClient.Hold("r-last", 1)));
        var decided = client.Journal(CommandClient.PartitionOf(Pool), TimeSpan.FromSeconds(5))
            .Select(o => o.Source.Offset).ToHashSet();
        Assert.Subset(decided, acknowledged);
        await Proof.VerifyAsync(deployment);
    }

    /// <summary>Sends holds with little patience; returns where those lie that the broker acknowledged.</summary>
    private static HashSet<long> Send(CommandClient client, Deployment deployment)
    {
        var partition = new TopicPartition(CommandClient.Commands, CommandClient.PartitionOf(Pool));
        var acknowledged = new HashSet<long>();
        using var producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig
        {
            BootstrapServers = deployment.Bootstrap,
            MessageTimeoutMs = 5_000,
            BrokerAddressFamily = BrokerAddressFamily.V4,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        for (var i = 0; i < Holds; i++)
        {
            var command = CommandClient.Command($"hold-{i}", Pool, CommandClient.Hold($"r-{i}", 1));
            producer.Produce(
                partition,
                new Message<byte[]?, byte[]?> { Key = Encoding.UTF8.GetBytes(Pool), Value = client.Encode(command) },
                report =>
                {
                    if (!report.Error.IsError)
                    {
                        acknowledged.Add(report.Offset.Value);
                    }
                });
        }
        Assert.Equal(0, producer.Flush(TimeSpan.FromSeconds(60)));
        return acknowledged;
    }
}
