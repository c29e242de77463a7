using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Confluent.Kafka;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Http;

/// <summary>What a load balancer and a supervisor are told while an instance restores its state.</summary>
public sealed class ReadinessTests
{
    private const string Pool = "restored";
    private const int Holds = 60_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task An_instance_that_restores_is_alive_and_not_ready_and_says_how_far_it_is()
    {
        using var directory = new TemporaryDirectory();
        var (dev, deployment) = Servers.Dev(directory["data"]);
        await using var server = await dev.StartAsync();
        using var client = new CommandClient(deployment);
        await client.StockAsync(Pool, Holds);
        await FillAsync(client);
        using var console = new InstanceConsole(deployment.Console);

        await server.KillAsync();
        Directory.Delete(Path.Combine(directory["data"], "state"), recursive: true);
        server.Start();
        var seen = await WatchAsync(console);

        var restoring = seen.Where(s => s.State == "Restoring" && s.Remaining > 0).ToList();
        Assert.NotEmpty(restoring);
        Assert.All(seen.SkipLast(1), s => Assert.Equal(HttpStatusCode.ServiceUnavailable, s.Ready));
        Assert.All(seen, s => Assert.Equal(HttpStatusCode.OK, s.Health));
        Assert.True(restoring[0].Remaining > restoring[^1].Remaining, "no progress was seen");
        Assert.Equal(
            restoring.OrderByDescending(s => s.Remaining).Select(s => s.Remaining), restoring.Select(s => s.Remaining));
        Assert.Equal((HttpStatusCode.OK, "Running", 0), (seen[^1].Ready, seen[^1].State, seen[^1].Remaining));
        var pool = JsonNode.Parse((await console.GetAsync($"v1/pools/{Pool}")).Text)!;
        Assert.Equal(0, (long)pool["available"]!);
    }

    /// <summary>
    /// Asks for health and readiness in turn, from the first answer until the instance is ready. However slow the
    /// machine is: only one that stands still is given up.
    /// </summary>
    private static async Task<List<Seen>> WatchAsync(InstanceConsole console)
    {
        using var timer = new CancellationTokenSource(Deadline);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        var seen = new List<Seen>();
        while (seen.Count == 0 || seen[^1].Ready != HttpStatusCode.OK)
        {
            Assert.False(
                timer.IsCancellationRequested,
                $"nothing moved for {Deadline.TotalSeconds:0} s: {seen.LastOrDefault()}");
            await ticks.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            var health = await console.GetAsync("healthz");
            var ready = await console.GetAsync("readyz");
            if (health.Status != 0)
            {
                var json = JsonNode.Parse(ready.Text)!;
                var now = new Seen(health.Status, ready.Status, (string)json["state"]!, (long)json["remaining"]!);
                if (seen.Count == 0 || seen[^1] != now)
                {
                    timer.CancelAfter(Deadline);
                }
                seen.Add(now);
            }
        }
        return seen;
    }

    private static async Task FillAsync(CommandClient client)
    {
        var partition = new TopicPartition(CommandClient.Commands, CommandClient.PartitionOf(Pool));
        using var producer = client.NewProducer();
        for (var i = 0; i < Holds; i++)
        {
            var command = CommandClient.Command($"fill-{i}", Pool, CommandClient.Hold($"r-{i}", 1));
            producer.Produce(partition, new Message<byte[]?, byte[]?>
            {
                Key = Encoding.UTF8.GetBytes(Pool),
                Value = client.Encode(command),
            });
        }
        Assert.Equal(0, producer.Flush(Deadline));
        var last = await client.AskAsync(CommandClient.Command("fill-last", Pool, CommandClient.Hold("r-last", 1)));
        Assert.Equal(Holds, last.BalancesAfter.Held);
    }

    private sealed record Seen(HttpStatusCode Health, HttpStatusCode Ready, string State, long Remaining);
}
