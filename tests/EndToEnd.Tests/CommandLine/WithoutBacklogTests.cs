using System.Text.Json.Nodes;
using Alloc.Schemas.Backlog;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>What commands say where no instance runs the backlog: that it was not asked, and never that it is empty.
/// </summary>
public sealed class WithoutBacklogTests : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly TemporaryDirectory directory = new();
    private readonly List<Server> servers = [];
    private Deployment deployment = new("", "");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var (broker, found) = Servers.Broker(directory["broker"]);
        servers.Add(await broker.StartAsync());
        var console = AllocProcess.FreePort();
        deployment = found with { Console = $"http://127.0.0.1:{console}" };
        servers.Add(await Servers.Engine(
            deployment, directory["engine"], console, "--roles", "allocation,projection").StartAsync());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in Enumerable.Reverse(servers))
        {
            await server.DisposeAsync();
        }
        directory.Dispose();
    }

    [Fact]
    public async Task An_order_is_not_called_unknown_nor_said_to_wait_nowhere()
    {
        await RunAsync("pool", "configure", "p", "--kind", "stock", "--unit", "piece");
        await RunAsync("pool", "supply", "set", "p", "--quantity", "5");
        await RunAsync("reservation", "hold", "--pool", "p", "--quantity", "1", "--id", "h", "--order", "held");
        await RunAsync("reservation", "hold", "--pool", "p", "--quantity", "1", "--id", "same", "--order", "same");
        var waits = await CommandLineRun.OfAsync(
            ["topic", "produce", "workflow.stages", .. deployment.Options],
            """{"workId": "waits", "stageId": "AuthorizationPending", "kind": "Entered"}""");
        Assert.Equal((0, ""), (waits.ExitCode, waits.Error));

        var nothing = await RunAsync("explain", "waits");
        var held = await UntilAsync(r => r.Out.Contains("Held", StringComparison.Ordinal), "explain", "held");
        var json = JsonNode.Parse((await RunAsync("explain", "held", "-o", "json")).Out)!;
        var same = await UntilAsync(r => r.Error.Length > 0, "explain", "same");

        Assert.Equal((6, 0, 0), (nothing.ExitCode, held.ExitCode, same.ExitCode));
        Assert.Contains("whether it is an order is not known", nothing.Error, StringComparison.Ordinal);
        Assert.Contains("runs without the backlog", nothing.Error, StringComparison.Ordinal);
        Assert.Contains("Whether held waits, and where, is not known", held.Error, StringComparison.Ordinal);
        Assert.Null(json["waiting"]);
        Assert.Contains("runs without the backlog", (string?)json["waitingUnknown"], StringComparison.Ordinal);
        Assert.Contains("Whether others say something else of held is not known", held.Error, StringComparison.Ordinal);
        Assert.Contains(
            "runs without reconciliation", (string?)json["mismatchesUnknown"], StringComparison.Ordinal);
        Assert.Contains("Held", same.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mode_of_the_catalogue_is_not_switched_and_nothing_is_left_behind_that_would_count_some_day()
    {
        var workflow = await RunAsync("mode", "set", "payments-slow", "--to", "on", "--reason", "a test");
        var directly = await RunAsync(
            "mode", "set", "payments-slow", "--to", "on", "--reason", "a test", "--directly");
        var get = await RunAsync("mode", "get");
        var written = await TopicRecords.ReadAsync<ModeState>(deployment, "backlog.modes", Cancellation);

        Assert.Equal((6, 4, 0), (workflow.ExitCode, directly.ExitCode, get.ExitCode));
        Assert.Contains("No instance runs the backlog, which switches payments-slow", workflow.Error,
            StringComparison.Ordinal);
        Assert.Contains("Only the backlog switches it", workflow.Error, StringComparison.Ordinal);
        Assert.Contains("The backlog's word is not known here: This instance runs without the backlog", get.Error,
            StringComparison.Ordinal);
        Assert.Empty(written);
    }

    [Fact]
    public async Task A_switch_that_the_backlog_did_not_take_in_time_counts_when_it_goes_on()
    {
        var console = AllocProcess.FreePort();
        var there = deployment with { Console = $"http://127.0.0.1:{console}" };
        var backlog = Servers.Engine(deployment, directory["backlog"], console, "--roles", "backlog");
        servers.Add(await backlog.StartAsync());
        await Asked.UntilAsync(there, "v1/stages", a => a["stages"]!.AsArray().Count > 0);

        // Its group keeps its place for ten seconds.
        await backlog.KillAsync();
        var late = await RunAsync(
            "mode", "set", "payments-slow", "--to", "on", "--reason", "a test", "--actor", "kim", "--timeout", "5s");
        await backlog.StartAsync();

        Assert.Equal(6, late.ExitCode);
        Assert.Contains("The backlog did not say within 5.0 s", late.Error, StringComparison.Ordinal);
        await Asked.UntilAsync(there, "v1/stages", a => a["modes"]!.AsArray().Any(m =>
            ((string?)m!["mode"], (bool)m["on"]!, (string?)m["person"]) == ("payments-slow", true, "kim")));
    }

    private Task<CommandLineRun> RunAsync(params string[] arguments) => CommandLineRun.OfAsync(
        arguments, ("ALLOC_BOOTSTRAP", deployment.Bootstrap), ("ALLOC_REGISTRY", deployment.Registry),
        ("ALLOC_CONSOLE", deployment.Console), ("ALLOC_TIMEOUT", "30s"));

    private async Task<CommandLineRun> UntilAsync(Func<CommandLineRun, bool> isExpected, params string[] arguments)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var run = await RunAsync(arguments);
            if (isExpected(run))
            {
                return run;
            }
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Deadline, $"{run}");
            await Task.Delay(100, Cancellation);
        }
    }
}
