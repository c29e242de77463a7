using System.Net;
using System.Text.Json.Nodes;
using EndToEnd.Tests.CommandLine;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Http;

/// <summary>Two instances: each answers for all pools, and says where to ask when the owner is silent.</summary>
public sealed class ClusterReadTests
{
    private const int PoolCount = 8;
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_read_of_a_pool_that_another_instance_owns_is_answered_or_says_where_to_ask()
    {
        using var directory = new TemporaryDirectory();
        var (broker, deployment) = Servers.Broker(directory["broker"]);
        await using var kafka = broker;
        await kafka.StartAsync();
        var (firstPort, secondPort) = (AllocProcess.FreePort(), AllocProcess.FreePort());
        await using var first = Engine(deployment, directory["first"], firstPort);
        await using var second = Engine(deployment, directory["second"], secondPort);
        await first.StartAsync();
        await second.StartAsync();
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        foreach (var pool in Enumerable.Range(0, PoolCount).Select(n => $"pool/{n}"))
        {
            await CommandLineRun.OfAsync(
                ["pool", "configure", pool, .. deployment.Options], ("ALLOC_TIMEOUT", "60s"));
        }
        await SharedAsync(client, firstPort, secondPort);

        var owners = new HashSet<int>();
        string? ofSecond = null;
        foreach (var pool in Enumerable.Range(0, PoolCount).Select(n => $"pool%2F{n}"))
        {
            foreach (var port in new[] { firstPort, secondPort })
            {
                Assert.Equal(
                    HttpStatusCode.OK, (await client.GetAsync(Url(port, $"v1/pools/{pool}"), Cancellation)).StatusCode);
            }
            var atSecond = await IsHereAsync(client, secondPort, pool);
            owners.Add(atSecond ? secondPort : firstPort);
            ofSecond = atSecond ? pool : ofSecond;
        }
        var whole = JsonNode.Parse(await client.GetStringAsync(Url(firstPort, "v1/pools"), Cancellation))!;
        await second.KillAsync();
        var silent = await client.GetAsync(Url(firstPort, $"v1/pools/{ofSecond}"), Cancellation);
        var problem = JsonNode.Parse(await silent.Content.ReadAsStringAsync(Cancellation))!;
        var without = await PoolsAsync(client, firstPort);
        second.Start();
        var seen = new List<JsonNode>();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (seen.Count == 0 || !IsComplete(seen[^1]))
        {
            await ticks.WaitForNextTickAsync(deadline.Token);
            seen.Add(await PoolsAsync(client, firstPort));
        }

        Assert.Equal(2, owners.Count);
        Assert.Equal((PoolCount, true), (whole["pools"]!.AsArray().Count, whole["complete"]!.GetValue<bool>()));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, silent.StatusCode);
        Assert.Equal($"http://127.0.0.1:{secondPort}/", problem["owner"]!.GetValue<string>());
        Assert.Contains(CommandClient.PartitionOf(Uri.UnescapeDataString(ofSecond!)), Missing(without));
        // However far the second instance is with its restart: what is not named as missing is there.
        Assert.All(seen, answer => Assert.Equal(
            Enumerable.Range(0, PoolCount).Select(n => $"pool/{n}")
                .Where(p => !Missing(answer).Contains(CommandClient.PartitionOf(p))),
            answer["pools"]!.AsArray().Select(p => p!["poolId"]!.GetValue<string>())));
    }

    private static async Task<JsonNode> PoolsAsync(HttpClient client, int port) =>
        JsonNode.Parse(await client.GetStringAsync(Url(port, "v1/pools"), Cancellation))!;

    private static bool IsComplete(JsonNode answer) => answer["complete"]!.GetValue<bool>();

    private static List<int> Missing(JsonNode answer) =>
        [.. answer["missing"]!.AsArray().Select(m => m!["partition"]!.GetValue<int>())];

    private static Server Engine(Deployment deployment, string data, int port) =>
        new("Ready in", () => AllocProcess.Start(
        ["serve", .. deployment.Options, "--data-dir", data, "--console-port", $"{port}"]));

    /// <summary>Waits until both instances have tasks.</summary>
    private static async Task SharedAsync(HttpClient client, params int[] ports)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        foreach (var port in ports)
        {
            while (JsonNode.Parse(await client.GetStringAsync(Url(port, "v1/tasks"), deadline.Token))!["tasks"]!
                .AsArray().Count == 0)
            {
                await timer.WaitForNextTickAsync(deadline.Token);
            }
        }
    }

    private static async Task<bool> IsHereAsync(HttpClient client, int port, string pool)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Url(port, $"v1/pools/{pool}"));
        request.Headers.Add("Alloc-Forwarded", "1");
        using var response = await client.SendAsync(request, Cancellation);
        return response.StatusCode == HttpStatusCode.OK;
    }

    private static Uri Url(int port, string path) => new($"http://127.0.0.1:{port}/{path}");
}
