using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>Counts of a warehouse that cannot be believed, in a real run: found, repaired once, proven.</summary>
public sealed class InjectedCountTests(ReconciledDev dev) : IClassFixture<ReconciledDev>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    private const string Policy = """
        version: 1
        classes: [standard]
        class:
          - {id: class/standard, pools: "*", class: standard}
        ttl:
          - {id: ttl/default, pools: "*", minimum: 100ms, default: 15m, maximum: 1d, extensions: 10}
        conduct:
          - {id: conduct/default, pools: "*"}
        drift: {absolute: 1000, percent: 0}

        """;

    [Fact]
    public async Task A_source_that_says_two_things_under_one_version_is_asked_for_a_count_which_ends_it()
    {
        const string pool = "two-counts";
        await ConfigureAsync(pool);
        await CountAsync(pool, 1, 10, "SupplyApplied");
        await CountAsync(pool, 1, 10, "duplicate");
        Assert.Empty(await OpenAsync(pool));
        await CountAsync(pool, 1, 11, "conflict");

        var id = await dev.FoundAsync("SupplyConflict", pool);
        await dev.OkAsync("reconcile", "approve", id, "--reason", "which is it?");
        await dev.StandsAsync(id, "Repairing");
        var asked = await dev.RecordsAsync("supply.requests", pool);
        await dev.SayAsync("supply.stock", pool, new JsonObject
        {
            ["poolId"] = pool,
            ["source"] = "wms",
            ["version"] = 2,
            ["quantity"] = 11,
            ["takenAt"] = "2027-01-01T00:00:00Z",
        });
        await dev.StandsAsync(id, "Repaired");

        Assert.Contains(id, asked, StringComparison.Ordinal);
        Assert.Single(asked.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(
            ["Opened", "Proposed", "Approved", "RepairSent", "Repaired"],
            ReconciledDev.Kinds(await dev.ShowAsync(id)));
        Assert.Equal(11, await FreeAsync(pool));
        Assert.Empty(await OpenAsync(pool));
    }

    [Fact]
    public async Task A_count_far_off_the_ledger_is_parked_and_two_people_accept_it_once()
    {
        const string pool = "far-off";
        await ApplyPolicyAsync();
        await ConfigureAsync(pool);
        await CountAsync(pool, 1, 10, "SupplyApplied");
        await CountAsync(pool, 2, 1_010, "SupplyApplied");
        Assert.Empty(await OpenAsync(pool));
        await CountAsync(pool, 3, 5_000, "SupplyParked");

        var id = await dev.FoundAsync("QuantityDrift", pool);
        var parked = await FreeAsync(pool);
        var first = await dev.OkAsync("reconcile", "approve", id, "--reason", "a container came", "--actor", "kim");
        await dev.OkAsync("reconcile", "approve", id, "--reason", "I counted it", "--actor", "lee");
        await dev.StandsAsync(id, "Repaired");

        Assert.Equal(1_010, parked);
        Assert.Contains("another person must approve it", first.Out, StringComparison.Ordinal);
        Assert.Equal(
            ["Opened", "Proposed", "Proposed", "Approved", "RepairSent", "Repaired"],
            ReconciledDev.Kinds(await dev.ShowAsync(id)));
        Assert.Equal(5_000, await FreeAsync(pool));
        Assert.Empty(await OpenAsync(pool));
    }

    private async Task ApplyPolicyAsync()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory["policy.yaml"], Policy);
        await dev.OkAsync("policy", "apply", directory["policy.yaml"], "--yes");
        // It acts a few seconds later: what is decided until then is decided by the one before.
        await dev.OkAsync("pool", "configure", "waits", "--kind", "stock", "--unit", "piece");
        var begun = TimeProvider.System.GetTimestamp();
        var policyVersion = 0;
        while (policyVersion == 0)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Deadline, "The policy never acts.");
            var answer = await dev.OkAsync("pool", "supply", "add", "waits", "-q", "1", "-o", "json");
            policyVersion = (int)JsonNode.Parse(answer.Out)!["policyVersion"]!;
        }
    }

    private Task ConfigureAsync(string pool) => dev.OkAsync(
        "pool", "configure", pool, "--kind", "stock", "--unit", "piece", "--snapshot-source", "wms");

    private async Task CountAsync(string pool, int version, int quantity, string answer)
    {
        var run = await dev.RunAsync(
            "pool", "supply", "set", pool, "--quantity", $"{quantity}", "--source", "wms", "--version", $"{version}");
        Assert.Contains(answer, run.Out + run.Error, StringComparison.Ordinal);
    }

    private async Task<int> FreeAsync(string pool) => (int)JsonNode.Parse(
        (await dev.OkAsync("pool", "get", pool, "-o", "json")).Out)!["balances"]!["free"]!;

    private async Task<JsonArray> OpenAsync(string pool) => (await Asked.UntilAsync(
        dev.Deployment, $"v1/mismatches?pool={pool}", _ => true))["mismatches"]!.AsArray();
}
