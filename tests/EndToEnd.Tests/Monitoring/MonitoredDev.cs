using System.Diagnostics;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Schemas.Allocation;
using EndToEnd.Tests.CommandLine;
using EndToEnd.Tests.Http;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Monitoring;

/// <summary>Tests of one <c>alloc dev</c> and what watches it.</summary>
[CollectionDefinition(nameof(MonitoredDev))]
public sealed class MonitoredDevDefinition : ICollectionFixture<MonitoredDev>;

/// <summary>
/// An <c>alloc dev</c> with a pool, a hold, a policy that has a degraded mode, an order that has waited since the
/// start, a mismatch, and something of whatever a healthy instance counts; a real Prometheus and Alertmanager
/// watch it, where they are at hand.
/// </summary>
public sealed class MonitoredDev : IAsyncLifetime
{
    /// <summary>The order that waits, and the stage: half a minute is agreed there, the shortest of all.</summary>
    internal const string LateOrder = "order-paged", LateStage = "InventoryHoldPending";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private const string Policy = """
        version: 1
        classes: [vip, standard]
        class:
          - {id: class/default, pools: "*", class: standard}
        ttl:
          - {id: ttl/default, pools: "*", minimum: 100ms, default: 10m, maximum: 1d, extensions: 5}
        conduct:
          - {id: conduct/default, pools: "*", groupRevocable: 1h}
        deficit:
          - {id: deficit/default, pools: "*", action: operatorList}
        quota:
          - {id: quota/scarce, pools: "scarce", scope: channel, nominal: 10, required: false}
        preemption:
          - {id: preemption/scarce, pools: "scarce", class: vip, victims: [standard], maximumVictims: 5}
        waitlist:
          - {id: waitlist/scarce, pools: "scarce", order: strictFifo, offerTtl: 10m, maximumWait: 1h,
             maximumWaiters: 10}
        modes:
          - {id: mode/calm, pools: "*", mode: calm, effect: extendHolds, cap: 2h}

        """;

    private readonly SharedDev dev = new();
    private readonly TemporaryDirectory directory = new();
    private MonitoringStack? stack;
    private string mismatchId = "";

    internal Deployment Deployment => dev.Deployment;

    /// <summary>Takes what Alertmanager sends.</summary>
    internal WebHook Hook { get; } = new();

    /// <summary>What watches it; skips the test where that is not at hand.</summary>
    internal MonitoringStack Stack
    {
        get
        {
            Assert.SkipUnless(MonitoringStack.Missing is null, MonitoringStack.Missing ?? "");
            return stack!;
        }
    }

    /// <summary>What the words in capitals of runbooks stand for here.</summary>
    public IReadOnlyDictionary<string, string> Words => new Dictionary<string, string>
    {
        ["POOL"] = "runbook",
        ["SLICE"] = "elsewhere/*",
        ["RESERVATION"] = "order-runbook",
        ["ORDER"] = "order-runbook",
        ["COMMAND"] = "runbook-hold",
        ["GROUP"] = "allocation",
        ["MODE"] = "calm",
        ["MISMATCH"] = mismatchId,
        ["FILE"] = directory["policy.yaml"],
    };

    public async ValueTask InitializeAsync()
    {
        await dev.InitializeAsync();
        // First of all: it has to wait for longer than its stage's SLA.
        var produced = await CommandLineRun.OfAsync(
            ["topic", "produce", "workflow.stages", .. Deployment.Options],
            $$"""{"workId": "{{LateOrder}}", "stageId": "{{LateStage}}", "kind": "Entered"}""");
        Assert.Equal((0, ""), (produced.ExitCode, produced.Error));
        if (MonitoringStack.Missing is null)
        {
            stack = await MonitoringStack.StartAsync(directory, Deployment.Console, Hook, Thresholds());
        }
        await File.WriteAllTextAsync(directory["policy.yaml"], Policy);
        string[][] steps =
        [
            ["policy", "apply", directory["policy.yaml"], "--yes"],
            ["pool", "configure", "runbook", "--kind", "stock", "--unit", "piece"],
            ["pool", "supply", "set", "runbook", "--quantity", "5"],
            ["reservation", "hold", "--pool", "runbook", "--quantity", "2", "--id", "order-runbook", "--order",
                "order-runbook", "--command-id", "runbook-hold"],
        ];
        foreach (var step in steps)
        {
            var run = await RunAsync(step);
            Assert.True(run.ExitCode == ExitCode.Ok, $"{string.Join(' ', step)}: {run.Error}{run.Out}");
        }
        var cancellation = TestContext.Current.CancellationToken;
        await SomethingOfEverything.HappensAsync(Deployment, "lively", cancellation);
        // It is in force some seconds after it was applied.
        await SomethingOfEverything.AreSaidAsync(
            Deployment,
            [.. Enumerable.Range(0, CommandClient.PartitionCount)
                .Select(p => $"alloc_policy_version{{partition=\"{p}\"}} 1")],
            cancellation);
        await ScarcityAsync();
        mismatchId = await DisagreementAsync(cancellation);
        // Of itself it compares searches with the ledger some minutes after the start.
        var scan = await RunAsync(["reconcile", "scan"]);
        Assert.True(scan.ExitCode == ExitCode.Ok, $"reconcile scan: {scan.Error}{scan.Out}");
    }

    public async ValueTask DisposeAsync()
    {
        if (stack is not null)
        {
            await stack.DisposeAsync();
        }
        await Hook.DisposeAsync();
        await dev.DisposeAsync();
        directory.Dispose();
    }

    internal Task<CommandLineRun> RunAsync(string[] args) => CommandLineRun.OfAsync(
        args, ("ALLOC_BOOTSTRAP", Deployment.Bootstrap), ("ALLOC_REGISTRY", Deployment.Registry),
        ("ALLOC_CONSOLE", Deployment.Console), ("ALLOC_TIMEOUT", "30s"));

    /// <summary>Somebody loses units to a higher class, and somebody is granted those that come back.</summary>
    private async Task ScarcityAsync()
    {
        using var client = new CommandClient(Deployment);
        await client.StockAsync("scarce", 2);
        (AllocationCommandBody Body, string Answer)[] steps =
        [
            (CommandClient.Hold("loses", 2) with { Class = "standard" }, "Held"),
            (CommandClient.Hold("takes", 2) with { Class = "vip" }, "Held"),
            (CommandClient.Hold("waits", 1) with { Class = "standard", Mode = HoldMode.Waitlist }, "Waitlisted"),
            (new AllocationCommandBody.Release { ReservationId = "takes", Reason = "Cancelled" }, "Released"),
        ];
        for (var step = 0; step < steps.Length; step++)
        {
            var answer = await client.AskAsync(CommandClient.Command($"scarce-{step}", "scarce", steps[step].Body));
            Assert.Equal(steps[step].Answer, answer.Event.GetType().Name);
        }
    }

    /// <summary>A source counts twice under one version, and says two things; returns the mismatch.</summary>
    private async Task<string> DisagreementAsync(CancellationToken cancellation)
    {
        using var client = new CommandClient(Deployment);
        await client.StockAsync("contradicted", 5);
        await client.AskAsync(CommandClient.Command(
            "contradicted-again", "contradicted", new AllocationCommandBody.SupplySnapshot
            {
                Source = "test",
                Version = 1,
                Quantity = 4,
                Through = 0,
            }));
        using var http = new HttpClient();
        var list = new Uri($"{Deployment.Console}/v1/mismatches?class=SupplyConflict");
        var started = Stopwatch.StartNew();
        while (true)
        {
            var answer = JsonNode.Parse(await http.GetStringAsync(list, cancellation))!;
            if (answer["mismatches"]!.AsArray() is [{ } found, ..])
            {
                return found["mismatchId"]!.ToString();
            }
            Assert.True(
                started.Elapsed < Deadline, $"There is no mismatch after {Deadline.TotalSeconds:0} s: {answer}");
            await Task.Delay(100, cancellation);
        }
    }

    /// <summary>
    /// One late item is worth a page here, and a mismatch of a class that pages, at once; their runbook is the
    /// instance's own.
    /// </summary>
    private string Thresholds() =>
        $$"""
        {
          "links": { "runbooks": "{{Deployment.Console}}/v1/runbooks" },
          "StageSlaBreach": { "leastItems": 1, "for": "0s" },
          "MismatchOpen": { "pageFor": "0s" }
        }
        """;
}
