using System.Diagnostics;
using System.Text.Json.Nodes;
using EndToEnd.Tests.CommandLine;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Http;

/// <summary>Two instances share the projection: each finds everything, and a rebuild takes over at both.</summary>
public sealed class ClusterSearchTests
{
    private const int PoolCount = 8;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_instance_finds_what_any_of_them_has_before_during_and_after_a_rebuild()
    {
        using var directory = new TemporaryDirectory();
        var (broker, deployment) = Servers.Broker(directory["broker"]);
        await using var kafka = broker;
        await kafka.StartAsync();
        var (firstPort, secondPort) = (AllocProcess.FreePort(), AllocProcess.FreePort());
        await using var first = Servers.Engine(deployment, directory["first"], firstPort);
        await using var second = Servers.Engine(deployment, directory["second"], secondPort);
        await first.StartAsync();
        await second.StartAsync();
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        using (var commands = new CommandClient(deployment))
        {
            foreach (var pool in Enumerable.Range(0, PoolCount).Select(n => $"pool/{n}"))
            {
                await commands.StockAsync(pool, 5);
                await commands.AskAsync(CommandClient.Command(
                    $"{pool}-hold", pool, CommandClient.Hold("r", 1) with { OrderRef = "spread" }));
            }
        }

        await UntilAsync(client, secondPort, "v1/projection", s => Instances(s).All(i => Partitions(i) > 0)
            && Instances(s).Count == 2, "both instances have partitions");
        foreach (var port in new[] { firstPort, secondPort })
        {
            await FoundAsync(client, port);
        }
        var rebuilt = await CommandLineRun.OfAsync(
            ["projection", "rebuild", "--scope", "all", "--console", $"http://127.0.0.1:{firstPort}", "-o", "json"],
            ("ALLOC_TIMEOUT", "60s"));
        var after = await GetAsync(client, secondPort, "v1/projection");

        Assert.True(rebuilt.ExitCode == 0, $"{rebuilt}\n{first.Process.Said}\n{second.Process.Said}");
        Assert.All(Instances(after), i => Assert.Equal(1, i["generation"]!.GetValue<int>()));
        foreach (var port in new[] { firstPort, secondPort })
        {
            await FoundAsync(client, port);
        }
    }

    private static Task FoundAsync(HttpClient client, int port) => UntilAsync(
        client, port, "v1/reservations?order=spread&limit=100",
        page => page["complete"]!.GetValue<bool>() && page["reservations"]!.AsArray().Count == PoolCount,
        $"all {PoolCount} reservations found at {port}");

    private static List<JsonObject> Instances(JsonNode status) =>
        [.. status["instances"]!.AsArray().OfType<JsonObject>()];

    private static int Partitions(JsonObject instance) => instance["partitions"]!.AsArray().Count;

    private static async Task UntilAsync(
        HttpClient client, int port, string path, Func<JsonNode, bool> isSo, string what)
    {
        var started = Stopwatch.StartNew();
        while (true)
        {
            var answer = await GetAsync(client, port, path);
            if (isSo(answer))
            {
                return;
            }
            Assert.True(started.Elapsed < Deadline, $"Not {what}: {answer.ToJsonString()}");
            await Task.Delay(100, Cancellation);
        }
    }

    private static async Task<JsonNode> GetAsync(HttpClient client, int port, string path) =>
        JsonNode.Parse(await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/{path}"), Cancellation))!;
}
