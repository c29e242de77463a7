using System.Text.Json.Nodes;
using EndToEnd.Tests.CommandLine;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Http;

/// <summary>Searches are compared with the ledger in real processes: found, opened, built anew, proven.</summary>
public sealed class DriftScanTests
{
    private const string Drift = "v1/mismatches?class=ProjectionDrift";
    private const string Wanted = """
        version: 1
        stages:
          - {id: InventoryHoldPending, sla: 1m, customerState: UnderReview, owner: orders, runbook: docs/a.md}
        classes:
          - {id: ProjectionDrift, severity: ticket, owner: platform, runbook: docs/runbooks/MismatchOpen.md}

        """;

    [Fact]
    public async Task One_wrong_row_is_found_opened_built_anew_when_a_person_approves_it_and_proven()
    {
        using var directory = new TemporaryDirectory();
        await using var search = new DriftedSearch("--scan-interval", "0s");
        await search.StartAsync("drifted", "calm");
        await ApplyAsync(search, directory);
        await search.PlantReservationAsync("drifted", "ghost");
        await search.RestoreAsync();
        await search.UntilFoundAsync("--pool", "drifted");

        var scan = await search.AllocAsync("reconcile", "scan", "-o", "json");
        var open = await Asked.UntilAsync(search.Deployment, Drift, IsAny);
        var id = (string)open["mismatches"]![0]!["mismatchId"]!;
        var approved = await AllocAsync(search, "reconcile", "approve", id, "--reason", "a test");
        await Asked.UntilAsync(
            search.Deployment, $"v1/mismatches/{Uri.EscapeDataString(id)}", m => (string?)m["state"] == "Repaired");
        var after = await search.AllocAsync("reconcile", "scan");
        var left = await search.AllocAsync("reservation", "list", "--pool", "drifted", "-o", "jsonl");

        var found = Assert.Single(JsonNode.Parse(scan.Out)!["findings"]!.AsArray())!;
        Assert.True(scan.ExitCode == 5, $"{scan}");
        Assert.Equal(("drifted", "ghost"), ((string)found["poolId"]!, (string)found["reservationId"]!));
        Assert.Equal("not there", (string)found["ledger"]!);
        Assert.Single(open["mismatches"]!.AsArray());
        Assert.True(approved.ExitCode == 0, $"{approved}");
        Assert.True(after.ExitCode == 0, $"{after}");
        Assert.DoesNotContain("ghost", left.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_nobody_asked_for_is_found_and_mended_in_time_and_nothing_else_is_opened()
    {
        await using var search = new DriftedSearch("--scan-interval", "1s");
        await search.StartAsync("drifted", "calm");
        await search.LoseReservationAsync("drifted", "r");
        await search.RestoreAsync();

        // Approved by the class as it is shipped, it is sent within a minute.
        await Asked.UntilAsync(
            search.Deployment, "v1/reservations?pool=drifted&limit=10",
            a => a["reservations"]!.AsArray().Count > 0);
        var audit = await AllocAsync(search, "topic", "tail", "reconciliation.mismatches", "-o", "jsonl");

        Assert.Contains("\"drifted/r\"", audit.Out, StringComparison.Ordinal);
        Assert.All(
            audit.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.Contains("drifted/r", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Entries_that_move_while_they_are_scanned_open_nothing()
    {
        await using var search = new DriftedSearch("--scan-interval", "0s");
        await search.StartAsync("busy", "calm");
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 4).Select(n => TrafficAsync(search, n, stop.Token)).ToList();

        var scans = new List<CommandLineRun>();
        for (var scan = 0; scan < 8; scan++)
        {
            scans.Add(await search.AllocAsync("reconcile", "scan", "-o", "json"));
        }
        await stop.CancelAsync();
        var written = (await Task.WhenAll(writers)).Sum();

        Assert.All(scans, s => Assert.True(s.ExitCode == 0, $"{s}"));
        Assert.True(written > 0);
        Assert.True(Entries(scans[^1]) > Entries(scans[0]), $"{scans[0]}\n{scans[^1]}");
        Assert.False(IsAny((await Asked.OfAsync(search.Deployment, Drift)).Body));
    }

    [Fact]
    public async Task Killed_in_the_middle_of_scans_it_scans_again_and_finds_the_same()
    {
        await using var search = new DriftedSearch("--scan-interval", "0s");
        await search.StartAsync("killed", "calm");
        await search.PlantReservationAsync("killed", "ghost");
        await search.RestoreAsync();
        await search.UntilFoundAsync("--pool", "killed");

        var interrupted = search.AllocAsync("reconcile", "scan");
        await search.Server.RestartAsync();
        await interrupted;
        await search.UntilFoundAsync("--pool", "killed");
        var again = await search.UntilAsync(r => r.ExitCode is 0 or 5, "reconcile", "scan", "-o", "json");

        Assert.Equal(
            "ghost", (string)Assert.Single(JsonNode.Parse(again.Out)!["findings"]!.AsArray())!["reservationId"]!);
    }

    [Fact]
    public async Task A_pool_that_nobody_knows_and_two_scopes_at_once_are_refused()
    {
        await using var search = new DriftedSearch();
        await search.StartAsync("known");

        var unknown = await search.AllocAsync("reconcile", "scan", "--pool", "no-such");
        var known = await search.AllocAsync("reconcile", "scan", "--pool", "known");
        var both = await search.AllocAsync("reconcile", "scan", "--pool", "known", "--partition", "0");
        var beyond = await search.AllocAsync("reconcile", "scan", "--partition", "99");

        Assert.True(unknown.ExitCode == 3, $"{unknown}");
        Assert.True(known.ExitCode == 0, $"{known}");
        Assert.Contains("2 entries compared", known.Out, StringComparison.Ordinal);
        Assert.True(both.ExitCode == 2, $"{both}");
        Assert.Contains("there is no partition 99", beyond.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Searches_and_ledgers_at_other_instances_are_compared_and_so_they_are_after_partitions_moved()
    {
        using var directory = new TemporaryDirectory();
        var (broker, deployment) = Servers.Broker(directory["broker"]);
        await using var kafka = broker;
        await kafka.StartAsync();
        var console = AllocProcess.FreePort();
        await using var decides = Servers.Engine(deployment, directory["decides"], "--roles", "allocation");
        await using var searches = Servers.Engine(
            deployment, directory["searches"], console, "--roles", "projection,reconciliation", "--scan-interval",
            "0s");
        await using var more = Servers.Engine(
            deployment, directory["more"], "--roles", "allocation,projection", "--scan-interval", "0s");
        await decides.StartAsync();
        await searches.StartAsync();
        using var commands = new CommandClient(deployment);
        foreach (var pool in Enumerable.Range(0, 8).Select(n => $"pool/{n}"))
        {
            await commands.StockAsync(pool, 5);
            await commands.AskAsync(CommandClient.Command($"{pool}-h", pool, CommandClient.Hold("r", 1)));
        }

        var apart = await ScanAsync(console);
        await more.StartAsync();
        var moved = await ScanAsync(console);

        // Eight pools, each with a reservation; a partition may have a pool of its own.
        Assert.True(Entries(apart) >= 16, $"{apart}\n{searches.Process.Said}\n{decides.Process.Said}");
        Assert.True(Entries(moved) >= 16, $"{moved}\n{searches.Process.Said}\n{more.Process.Said}");
    }

    /// <summary>Scans until every partition is somewhere and was compared.</summary>
    private static async Task<CommandLineRun> ScanAsync(int console)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var run = await CommandLineRun.OfAsync(
                ["reconcile", "scan", "-o", "json", "--console", $"http://127.0.0.1:{console}"],
                ("ALLOC_TIMEOUT", "60s"));
            if (run.ExitCode == 0 && JsonNode.Parse(run.Out)!["scans"]!.AsArray().Count == 4)
            {
                return run;
            }
            Assert.True(run.ExitCode is 0 or 1 or 6, $"{run}");
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(180), $"{run}");
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }

    private static async Task<int> TrafficAsync(DriftedSearch search, int writer, CancellationToken stop)
    {
        var count = 0;
        for (; !stop.IsCancellationRequested; count++)
        {
            var id = $"w{writer}-{count}";
            await search.HoldAsync("busy", id);
            await search.Commands.AskAsync(CommandClient.Command(
                $"busy-{id}-c", "busy", new Alloc.Schemas.Allocation.AllocationCommandBody.Confirm
                {
                    ReservationId = id,
                }));
        }
        return count;
    }

    private static async Task ApplyAsync(DriftedSearch search, TemporaryDirectory directory)
    {
        await File.WriteAllTextAsync(directory["one.catalogue.yaml"], Wanted);
        var run = await AllocAsync(
            search, "catalogue", "apply", directory["one.catalogue.yaml"], "--reason", "a test", "--yes");
        Assert.True(run.ExitCode == 0, $"{run}");
    }

    private static Task<CommandLineRun> AllocAsync(DriftedSearch search, params string[] arguments) =>
        CommandLineRun.OfAsync(
            arguments, ("ALLOC_BOOTSTRAP", search.Deployment.Bootstrap), ("ALLOC_REGISTRY", search.Deployment.Registry),
            ("ALLOC_CONSOLE", search.Deployment.Console), ("ALLOC_TIMEOUT", "60s"));

    private static bool IsAny(JsonNode answer) => answer["mismatches"]!.AsArray().Count > 0;

    private static long Entries(CommandLineRun scan) => JsonNode.Parse(scan.Out)!["entries"]!.GetValue<long>();
}
