using System.Text.Json.Nodes;
using EndToEnd.Tests.CommandLine;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Http;

/// <summary>A pool or a partition of the search is built anew by command, while the rest is read and written.</summary>
public sealed class ScopeRebuildTests
{
    [Fact]
    public async Task Drift_in_a_pool_is_told_and_mended_while_other_pools_are_read_and_written()
    {
        await using var search = new DriftedSearch();
        await search.StartAsync("drifted", "calm");
        await search.PlantReservationAsync("drifted", "ghost");
        await search.LoseReservationAsync("drifted", "r");
        await search.RestoreAsync();
        var ghost = await search.UntilFoundAsync("--pool", "drifted");

        var check = await search.AllocAsync(
            "projection", "rebuild", "--scope", "pool/drifted", "--check", "-o", "json");
        using var stop = new CancellationTokenSource();
        var traffic = TrafficAsync(search, stop.Token);
        var mended = await search.AllocAsync("projection", "rebuild", "--scope", "pool/drifted");
        await stop.CancelAsync();
        var last = await traffic;
        var after = await search.AllocAsync(
            "projection", "rebuild", "--scope", $"partition/{CommandClient.PartitionOf("drifted")}", "--check");
        var found = await search.UntilFoundAsync("--pool", "drifted");
        await search.UntilFoundAsync("--order", $"calm/{last}");

        var told = JsonNode.Parse(check.Out)!;
        Assert.Equal("ghost", ghost["reservationId"]!.GetValue<string>());
        Assert.True(check.ExitCode == 5, $"{check}");
        Assert.Equal((1, 1), (told["missing"]!.GetValue<int>(), told["superfluous"]!.GetValue<int>()));
        Assert.Contains("--scope pool/drifted mends", check.Error, StringComparison.Ordinal);
        Assert.True(mended.ExitCode == 0, $"{mended}");
        Assert.Contains("reservation drifted/ghost: Held", mended.Out, StringComparison.Ordinal);
        Assert.Contains("1 missing, 1 superfluous; now all are", mended.Out, StringComparison.Ordinal);
        Assert.True(after.ExitCode == 0, $"{after}");
        Assert.Equal("r", found["reservationId"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_projection_that_stopped_at_a_gap_of_its_own_goes_on_after_its_partition_was_built_anew()
    {
        await using var search = new DriftedSearch();
        await search.StartAsync("gapped");
        await search.PlantSequenceAsync("gapped", 1);
        await search.RestoreAsync();
        await search.HoldAsync("gapped", "s");
        var stopped = await search.UntilAsync(r => r.ExitCode == 1, "projection", "status");
        var partition = $"partition/{CommandClient.PartitionOf("gapped")}";

        var rebuilt = await search.AllocAsync("projection", "rebuild", "--scope", partition);
        await search.UntilFoundAsync("--order", "gapped/s");
        await search.HoldAsync("gapped", "t");
        await search.UntilFoundAsync("--order", "gapped/t");
        var status = await search.AllocAsync("projection", "status");

        Assert.Contains("pool gapped expects outcome 2 and found 4", stopped.Error, StringComparison.Ordinal);
        Assert.Contains($"alloc projection rebuild --scope {partition}", stopped.Error, StringComparison.Ordinal);
        Assert.True(rebuilt.ExitCode == 0, $"{rebuilt}\n{search.Server.Process.Said}");
        Assert.True(status.ExitCode == 0, $"{status}");
    }

    [Fact]
    public async Task Killed_in_the_middle_it_leaves_entries_that_are_read_and_it_can_be_run_again()
    {
        await using var search = new DriftedSearch();
        await search.StartAsync("killed");
        await search.PlantReservationAsync("killed", "ghost");
        await search.RestoreAsync();
        await search.UntilFoundAsync("--pool", "killed");

        var begun = await search.AllocAsync("projection", "rebuild", "--scope", "pool/killed", "--no-wait");
        await search.Server.RestartAsync();
        await search.UntilFoundAsync("--pool", "killed");
        var again = await search.UntilAsync(
            r => r.ExitCode != 6, "projection", "rebuild", "--scope", "pool/killed");
        var check = await search.AllocAsync("projection", "rebuild", "--scope", "pool/killed", "--check");

        Assert.True(begun.ExitCode == 0, $"{begun}");
        Assert.True(again.ExitCode == 0, $"{again}");
        Assert.True(check.ExitCode == 0, $"{check}");
    }

    [Fact]
    public async Task Entries_that_cannot_be_read_are_told_with_what_mends_them()
    {
        await using var search = new DriftedSearch();
        await search.StartAsync("damaged");
        await search.PlantDamageAsync("damaged", "order-d");
        await search.RestoreAsync();
        await search.UntilFoundAsync("--pool", "damaged");

        var list = await search.AllocAsync("reservation", "list", "--order", "order-d");
        var scope = await search.AllocAsync("projection", "rebuild", "--scope", "pool/damaged");
        var all = await search.AllocAsync("projection", "rebuild", "--scope", "all", "--timeout", "60s");
        var after = await search.AllocAsync("reservation", "list", "--order", "order-d");

        Assert.True(list.ExitCode == 6, $"{list}");
        Assert.Contains("--scope all builds them anew", list.Error, StringComparison.Ordinal);
        Assert.True(scope.ExitCode == 1, $"{scope}");
        Assert.Contains("--scope all builds a generation", scope.Error, StringComparison.Ordinal);
        Assert.Equal((0, 0), (all.ExitCode, after.ExitCode));
    }

    [Fact]
    public async Task An_instance_without_the_projection_says_so()
    {
        using var directory = new TemporaryDirectory();
        var (server, deployment) = Servers.Dev(directory["data"], "--no-projection");
        await using var dev = await server.StartAsync();

        foreach (var command in new[] { "reservation list --order x", "projection rebuild --scope pool/x" })
        {
            var run = await CommandLineRun.OfAsync([.. command.Split(' '), "--console", deployment.Console]);

            Assert.True(run.ExitCode is 1 or 6, $"{run}");
            Assert.Contains(
                "without the search projection (--roles, --no-projection)", run.Error, StringComparison.Ordinal);
        }
    }

    /// <summary>Holds in another pool, each found before the next; the last one.</summary>
    private static async Task<string> TrafficAsync(DriftedSearch search, CancellationToken stop)
    {
        var count = 0;
        do
        {
            await search.HoldAsync("calm", $"t{++count}");
            await search.UntilFoundAsync("--order", $"calm/t{count}");
        }
        while (!stop.IsCancellationRequested);
        return $"t{count}";
    }
}
