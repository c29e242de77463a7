using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Policies;

/// <summary>
/// A request that names no customer, where a quota counts what each has: refused, and told what is missing.
/// </summary>
public sealed class QuotaForNobodyCommandTests : IAsyncLifetime
{
    private const string Policy = """
        version: 1
        classes: [standard]
        class:
          - {id: class/all, pools: "*", class: standard}
        ttl:
          - {id: ttl/all, pools: "*", minimum: 1s, default: 15m, maximum: 1d, extensions: 3}
        conduct:
          - {id: conduct/all, pools: "*"}
        quota:
          - {id: quota/each, pools: "each-*", scope: customer, nominal: 4}
          - {id: quota/free, pools: "free-*", scope: customer, nominal: 4, required: false}
        """;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);
    private readonly TemporaryDirectory directory = new();
    private Server server = null!;
    private Deployment deployment = null!;

    public async ValueTask InitializeAsync()
    {
        (server, deployment) = Servers.Dev(directory["data"]);
        await server.StartAsync();
        var file = directory["quota.policy.yaml"];
        await File.WriteAllTextAsync(file, Policy);
        Assert.Equal(0, (await AllocAsync("policy", "validate", file)).ExitCode);
        var applied = await AllocAsync(["policy", "apply", file, "--yes", .. deployment.Options]);
        Assert.True(applied.ExitCode == 0, $"{applied}");
        using var patience = new CancellationTokenSource(Deadline);
        while (!await IsInForceAsync())
        {
            await Task.Delay(100, patience.Token);
        }
    }

    private async Task<bool> IsInForceAsync()
    {
        var run = await AllocAsync(["policy", "get", "-o", "json", .. deployment.Options]);
        return JsonNode.Parse(run.Out)!["partitions"]!.AsArray().All(p => p!["stand"]!.ToString() == "InForce");
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task Hold_without_a_customer_is_refused_and_told_to_name_one()
    {
        await PoolAsync("each-1");

        var nobody = await HoldAsync("each-1", "n", 50);
        var json = JsonNode.Parse((await HoldAsync("each-1", "m", 1, "-o", "json")).Out)!["event"]!["reasons"]![0]!;
        var ann = await HoldAsync("each-1", "a", 4, "--customer", "ann");
        var more = await HoldAsync("each-1", "b", 1, "--customer", "ann");
        var whyNot = await AllocAsync(
            "explain", "each-1", "--why-not", "1", "--console", deployment.Console);
        var explained = await AllocAsync(["explain", "n", "--pool", "each-1", "--console", deployment.Console,
            .. deployment.Options]);

        Assert.Equal((4, 0, 4), (nobody.ExitCode, ann.ExitCode, more.ExitCode));
        Assert.Equal(
            ("ScopeRequired", "customer", "quota/each"),
            (json["code"]!.ToString(), json["scope"]!.ToString(), json["detail"]!.ToString()));
        Assert.Contains("scope required: quota/each (customer)", nobody.Out, StringComparison.Ordinal);
        Assert.All([whyNot, explained], r => Assert.Contains("--customer NAME", r.Out, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Policy_may_say_that_nobody_is_not_limited()
    {
        await PoolAsync("free-1");

        Assert.Equal(0, (await HoldAsync("free-1", "n", 50)).ExitCode);
        Assert.Equal(4, (await HoldAsync("free-1", "a", 5, "--customer", "ann")).ExitCode);
    }

    private async Task PoolAsync(string pool)
    {
        foreach (var words in (string[][])[["configure", pool], ["supply", "set", pool, "-q", "100"]])
        {
            var run = await AllocAsync(["pool", .. words, .. deployment.Options]);
            Assert.True(run.ExitCode == 0, $"{run}");
        }
    }

    private Task<ProcessResult> HoldAsync(string pool, string id, int quantity, params string[] more) => AllocAsync(
        ["reservation", "hold", "--pool", pool, "--id", id, "-q", $"{quantity}", .. more, .. deployment.Options]);

    private static Task<ProcessResult> AllocAsync(params string[] arguments) =>
        AllocProcess.RunAsync(Deadline, arguments);
}
