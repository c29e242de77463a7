using System.Net;
using System.Text.Json.Nodes;
using Alloc.Host;
using Alloc.Host.Roles;
using Alloc.Tests.Support;

namespace Host.Tests;

/// <summary>What an instance does is said by its roles; one that does not work hinders no other.</summary>
[Collection("instances")]
public sealed class RolesTests(RolesTests.Started started) : IClassFixture<RolesTests.Started>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Readiness_says_how_each_application_is_and_asks_for_one_by_its_role()
    {
        await using var host = await StartAsync("both", InstanceRole.Allocation, InstanceRole.Shadow);

        var whole = await UntilAsync(host, "readyz", HttpStatusCode.OK);
        var shadow = await UntilAsync(host, "readyz?role=shadow", HttpStatusCode.OK);
        var (missing, problem) = await AskAsync(host, "readyz?role=projection");
        var (_, tasks) = await AskAsync(host, "v1/tasks?role=shadow");

        Assert.Equal(["allocation", "shadow"], whole["applications"]!.AsArray().Select(a => (string)a!["role"]!));
        Assert.Equal("ready", (string)shadow["status"]!);
        Assert.Equal(HttpStatusCode.NotFound, missing);
        Assert.Contains("it runs allocation,shadow", (string)problem["detail"]!, StringComparison.Ordinal);
        Assert.Equal("shadow", (string)tasks["role"]!);
    }

    [Fact]
    public async Task A_role_that_does_not_start_is_named_and_hinders_nobody()
    {
        // A file where the shadow's state would be: its directory cannot be made.
        var state = Directory.CreateDirectory(started.Instance.StateDirectory("hindered"));
        await File.WriteAllTextAsync(Path.Combine(state.FullName, "allocation-shadow"), "", Cancellation);
        await using var host = await StartAsync("hindered", InstanceRole.Allocation, InstanceRole.Shadow);

        var ready = await UntilAsync(host, "readyz", HttpStatusCode.OK);
        var (health, _) = await AskAsync(host, "healthz");
        var (status, shadow) = await AskAsync(host, "readyz?role=shadow");
        var metrics = await TextAsync(host, "metrics");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (health, status));
        Assert.Contains("allocation-shadow", (string)ready["applications"]![1]!["failure"]!, StringComparison.Ordinal);
        Assert.False((bool)ready["applications"]![1]!["ready"]!);
        Assert.StartsWith(
            "It did not start: ", (string)shadow["waitingFor"]![0]!["reason"]!, StringComparison.Ordinal);
        Assert.Contains("alloc_role_stopped{role=\"shadow\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("alloc_role_stopped{role=\"allocation\"} 0", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_instance_that_does_not_decide_says_so_when_it_is_asked_for_pools()
    {
        await using var host = await StartAsync("silent", InstanceRole.Projection);

        await UntilAsync(host, "readyz", HttpStatusCode.OK);
        var (status, pool) = await AskAsync(host, "v1/pools/some-pool");
        var (_, pools) = await AskAsync(host, "v1/pools");
        var (search, _) = await AskAsync(host, "v1/reservations?order=o");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("without the role allocation (--roles)", (string)pool["detail"]!, StringComparison.Ordinal);
        Assert.False((bool)pools["complete"]!);
        Assert.Equal(HttpStatusCode.OK, search);
    }

    private Task<AllocationHost> StartAsync(string name, params InstanceRole[] roles) =>
        started.Instance.StartHostAsync(name, started.Instance.Client, roles: roles.ToHashSet());

    private static async Task<JsonNode> UntilAsync(AllocationHost host, string path, HttpStatusCode wanted)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var (status, body) = await AskAsync(host, path);
            if (status == wanted)
            {
                return body;
            }
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Deadline, $"{path}: {status} {body}");
            await Task.Delay(100, Cancellation);
        }
    }

    private static async Task<(HttpStatusCode Status, JsonNode Body)> AskAsync(AllocationHost host, string path)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{host.ConsolePort}") };
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!);
    }

    private static async Task<string> TextAsync(AllocationHost host, string path)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{host.ConsolePort}") };
        return await client.GetStringAsync(new Uri(path, UriKind.Relative), Cancellation);
    }

    public sealed class Started : IAsyncLifetime
    {
        internal OneInstance Instance { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Instance = await OneInstance.StartServicesOnlyAsync();

        public ValueTask DisposeAsync() => Instance.DisposeAsync();
    }
}
