using System.Net;
using System.Text.Json.Nodes;
using Alloc.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Web.Tests;

/// <summary>
/// Every read over several instances, in every state that the others can be in: what nobody answered for is named,
/// what is there is there once. Partitions 0 and 1 are at the instance that is asked, 2 and 3 at its peer.
/// </summary>
public sealed class GatheredReadTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    private static readonly Read[] Gathered =
    [
        new("v1/pools", "pools", 2),
        new("v1/pools?deficit=true", "pools", 2),
        new("v1/pools?prefix=pool-", "pools", 2),
        new("v1/settings", "partitions", 1),
        new("v1/reservations?order=o", "reservations", 2),
        new("v1/reservations?status=Held", "reservations", 2),
    ];

    // What is found where the partition is there; of these ledgers nothing can be supposed, and they remember nothing.
    private static readonly (string Path, int Found)[] OfOnePool =
    [
        ("v1/pools/{0}", 200), ("v1/reservations/{0}", 200), ("v1/reservations/{0}/r", 200),
        ("v1/commands/c?pool={0}", 404), ("v1/pools/{0}/why-not?quantity=1", 404), ("v1/pools/{0}/deficit", 404),
    ];

    /// <summary>Each state, with the partitions that must be named as missing.</summary>
    private static readonly Dictionary<string, (Func<Cluster, Task> Set, int[] Missing)> States = new()
    {
        ["whole"] = (_ => Task.CompletedTask, []),
        ["peer restores one"] = (c => Do(() => c.Peer.Ready.Remove(3)), [3]),
        ["peer restores all"] = (c => Do(c.Peer.Ready.Clear), [2, 3]),
        ["moved to a third that the cache does not know"] = (c => Do(() =>
        {
            c.Peer.Ready.Remove(3);
            c.Third.Ready.Add(3);
            c.Asked.Owner = (p, isFresh) => p < 2 ? c.Asked : p == 3 && isFresh ? c.Third : c.Peer;
        }), []),
        ["moved here while the peer was asked"] = (c => Do(() =>
        {
            c.Peer.OnAsked = () => Do(() =>
            {
                c.Peer.Ready.Remove(3);
                c.Asked.Ready.Add(3);
            });
            c.Asked.Owner = (p, isFresh) => p < 2 || (p == 3 && isFresh) ? c.Asked : c.Peer;
        }), []),
        ["left the peer for nobody"] = (c => Do(() =>
        {
            c.Peer.Ready.Remove(3);
            c.Asked.Owner = (p, isFresh) => p < 2 ? c.Asked : p == 3 && isFresh ? null : c.Peer;
        }), [3]),
        ["nobody owns one"] = (c => Do(() =>
        {
            c.Peer.Ready.Remove(2);
            c.Asked.Owner = (p, _) => p < 2 ? c.Asked : p == 2 ? null : c.Peer;
        }), [2]),
        ["peer down"] = (c => c.Peer.StopAsync(), [2, 3]),
        ["peer refuses"] = (c => Do(() => c.Peer.Instead = h => Say(h, 401, "{\"detail\":\"Who are you?\"}")), [2, 3]),
        ["peer fails"] = (c => Do(() => c.Peer.Instead = h => Say(h, 500, "{}")), [2, 3]),
        ["peer answers no JSON"] = (c => Do(() => c.Peer.Instead = h => Say(h, 200, "<html>")), [2, 3]),
        ["peer thinks that it has one of ours too"] = (c => Do(() => c.Peer.Ready.Add(1)), []),
        ["one of ours restores"] = (c => Do(() => c.Asked.Ready.Remove(1)), [1]),
        ["Kafka away, both have what they had"] = (c => Do(() => Away(c)), []),
        ["Kafka away, the peer too"] = (async c =>
        {
            Away(c);
            await c.Peer.StopAsync();
        }, [2, 3]),
    };

    public static TheoryData<string, string> GatheredInEveryState() =>
        [.. from read in Gathered from state in States.Keys select (read.Path, state)];

    public static TheoryData<string, string> OnePoolInEveryState() =>
        [.. from read in OfOnePool from state in States.Keys select (read.Path, state)];

    [Theory]
    [MemberData(nameof(GatheredInEveryState))]
    public async Task What_nobody_answered_for_is_named_and_the_rest_is_there_once(string path, string state)
    {
        var read = Gathered.Single(r => r.Path == path);
        await using var cluster = await Cluster.StartAsync();
        await States[state].Set(cluster);

        var answer = await cluster.GetAsync(path);

        var missing = States[state].Missing;
        Assert.Equal(missing, Missing(answer));
        Assert.Equal(missing.Length == 0, answer["complete"]!.GetValue<bool>());
        Assert.Equal(
            Enumerable.Range(0, GatheringInstance.Partitions).Except(missing)
                .SelectMany(p => Enumerable.Repeat(p, read.RowsOfPartition)),
            answer[read.Rows]!.AsArray().Select(r => PartitionOf((JsonObject)r!)).Order());
        Assert.All(answer["missing"]!.AsArray(), m => Assert.NotEmpty(m!["why"]!.GetValue<string>()));
    }

    [Theory]
    [MemberData(nameof(OnePoolInEveryState))]
    public async Task A_read_of_one_pool_is_answered_where_its_partition_is_there_and_never_says_that_there_is_none(
        string path, string state)
    {
        await using var cluster = await Cluster.StartAsync();
        await States[state].Set(cluster);
        // An answer of the owner itself, whatever it is, is passed on.
        var refusal = state switch { "peer refuses" => 401, "peer fails" => 500, _ => 503 };

        foreach (var partition in Enumerable.Range(0, GatheringInstance.Partitions))
        {
            var status = await cluster.StatusAsync(
                string.Format(null, path, GatheringInstance.Pools[partition][0]));

            var found = OfOnePool.Single(r => r.Path == path).Found;
            Assert.Equal((partition, States[state].Missing.Contains(partition) ? refusal : found), (partition, status));
        }
    }

    [Theory]
    [InlineData("v1/pools?limit=1", "pools", "poolId")]
    [InlineData("v1/reservations?order=o&limit=1", "reservations", "poolId")]
    public async Task Pages_show_everything_once_and_carry_over_what_was_missing_on_an_earlier_one(
        string path, string rows, string id)
    {
        await using var cluster = await Cluster.StartAsync();
        var all = await ReadAllAsync(cluster, path, rows, id, _ => { });
        var broken = await ReadAllAsync(cluster, path, rows, id, page =>
        {
            if (page == 1)
            {
                cluster.Peer.Ready.Remove(3);
            }
            else
            {
                cluster.Peer.Ready.Add(3);
            }
        });

        var pools = GatheringInstance.Pools.SelectMany(p => p).Order().ToList();
        Assert.Equal(pools, all.Ids.Order());
        Assert.All(all.Missing, Assert.Empty);
        Assert.Empty(broken.Missing[0]);
        Assert.All(broken.Missing.Skip(1), m => Assert.Equal([3], m));
    }

    [Fact]
    public async Task While_kafka_is_away_answers_say_how_old_they_are()
    {
        await using var cluster = await Cluster.StartAsync();
        Away(cluster);

        var pools = await cluster.GetAsync("v1/pools");
        var search = await cluster.GetAsync("v1/reservations?order=o");
        var here = await cluster.GetAsync($"v1/pools/{GatheringInstance.Pools[0][0]}");
        var there = await cluster.GetAsync($"v1/pools/{GatheringInstance.Pools[3][0]}");

        Assert.Equal(
            [37.0, 37.0, 37.0, 37.0],
            [pools["staleSeconds"]!.GetValue<double>(), search["lagSeconds"]!.GetValue<double>(),
                here["staleSeconds"]!.GetValue<double>(), there["staleSeconds"]!.GetValue<double>()]);
    }

    [Theory]
    [InlineData("v1/pools?cursor=x*")]
    [InlineData("v1/pools?cursor=YQ.x")]
    [InlineData("v1/reservations?order=o&cursor=AAE.-1")]
    public async Task A_cursor_that_is_none_is_refused(string path)
    {
        await using var cluster = await Cluster.StartAsync();

        Assert.Equal(400, await cluster.StatusAsync(path));
    }

    private static async Task<(List<string> Ids, List<int[]> Missing)> ReadAllAsync(
        Cluster cluster, string path, string rows, string id, Action<int> beforePage)
    {
        var (ids, missing) = (new List<string>(), new List<int[]>());
        string? cursor = null;
        do
        {
            Assert.InRange(missing.Count, 0, 50);
            beforePage(missing.Count);
            var page = await cluster.GetAsync(path + (cursor is null ? "" : $"&cursor={cursor}"));
            ids.AddRange(page[rows]!.AsArray().Select(r => r![id]!.GetValue<string>()));
            missing.Add(Missing(page));
            cursor = page["next"]?.GetValue<string>();
        }
        while (cursor is not null);
        return (ids, missing);
    }

    private static void Away(Cluster cluster)
    {
        foreach (var instance in cluster.All)
        {
            instance.IsKafkaAway = true;
            instance.Last.UnionWith(instance.Ready);
            instance.Ready.Clear();
        }
    }

    private static int[] Missing(JsonNode answer) =>
        [.. answer["missing"]!.AsArray().Select(m => m!["partition"]!.GetValue<int>())];

    private static int PartitionOf(JsonObject row) => row["partition"]?.GetValue<int>()
        ?? GatheringInstance.PartitionOf(row["poolId"]!.GetValue<string>());

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private static Task Say(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(body);
    }

    private sealed record Read(string Path, string Rows, int RowsOfPartition);

    private sealed class Cluster : IAsyncDisposable
    {
        private readonly HttpClient client = new();

        public GatheringInstance Asked { get; } = new();

        public GatheringInstance Peer { get; } = new();

        public GatheringInstance Third { get; } = new();

        public GatheringInstance[] All => [Asked, Peer, Third];

        public static async Task<Cluster> StartAsync()
        {
            var cluster = new Cluster();
            foreach (var instance in cluster.All)
            {
                await instance.StartAsync(Cancellation);
                instance.Owner = (partition, _) => partition < 2 ? cluster.Asked : cluster.Peer;
            }
            cluster.Asked.Ready.UnionWith([0, 1]);
            cluster.Peer.Ready.UnionWith([2, 3]);
            return cluster;
        }

        public async Task<JsonNode> GetAsync(string path)
        {
            using var response = await client.GetAsync(new Uri(Asked.Url, path), Cancellation);
            var text = await response.Content.ReadAsStringAsync(Cancellation);
            Assert.True(response.StatusCode == HttpStatusCode.OK, text);
            return JsonNode.Parse(text)!;
        }

        public async Task<int> StatusAsync(string path)
        {
            using var response = await client.GetAsync(new Uri(Asked.Url, path), Cancellation);
            return (int)response.StatusCode;
        }

        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            foreach (var instance in All)
            {
                await instance.DisposeAsync();
            }
        }
    }
}
