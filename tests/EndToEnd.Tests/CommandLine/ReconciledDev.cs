using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>An <c>alloc dev</c> whose catalogue tolerates differences of orders for a second, and one pool.</summary>
public sealed class ReconciledDev : IAsyncLifetime
{
    internal const string Pool = "spare-7";

    private const string Catalogue = """
        version: 1
        stages:
          - {id: InventoryHoldPending, sla: 1s, customerState: UnderReview, owner: orders, runbook: docs/a.md}
        effects:
          - {id: pick, event: Reassigned, services: [picking], sla: 1s}
        classes:
          - {id: UnansweredCommand, tolerance: 1s, severity: ticket, owner: platform, runbook: docs/a.md, repair: true}
          - {id: MissedEvent, severity: ticket, owner: platform, runbook: docs/a.md, repair: true}
          - {id: ZombieHold, tolerance: 1s, severity: ticket, owner: orders, runbook: docs/runbooks/MismatchOpen.md}
          - {id: ConfirmedForDeadOrder, tolerance: 1s, severity: ticket, owner: orders, runbook: docs/a.md}
          - {id: OrderWithoutReservation, tolerance: 1s, severity: ticket, owner: orders, runbook: docs/a.md}

        """;

    private readonly TemporaryDirectory directory = new();
    private Server? server;

    internal Deployment Deployment { get; private set; } = new("", "");

    public async ValueTask InitializeAsync()
    {
        (server, Deployment) = Servers.Dev(directory["data"]);
        await server.StartAsync();
        await File.WriteAllTextAsync(directory["one.catalogue.yaml"], Catalogue);
        await OkAsync("catalogue", "apply", directory["one.catalogue.yaml"], "--reason", "a test", "--yes");
        await OkAsync("pool", "configure", Pool, "--kind", "stock", "--unit", "piece");
        await OkAsync("pool", "supply", "set", Pool, "--quantity", "100");
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
        directory.Dispose();
    }

    /// <summary>Kills it, does something while only its broker runs, and starts it again over what it left.</summary>
    internal async Task WhileAwayAsync(Func<Task> act)
    {
        await server!.KillAsync();
        await using (var broker = Servers.BrokerOf(Deployment, directory["data"]))
        {
            await broker.StartAsync();
            await act();
        }
        await server.StartAsync();
    }

    internal Task<CommandLineRun> RunAsync(params string[] arguments) => CommandLineRun.OfAsync(
        arguments, ("ALLOC_BOOTSTRAP", Deployment.Bootstrap), ("ALLOC_REGISTRY", Deployment.Registry),
        ("ALLOC_CONSOLE", Deployment.Console), ("ALLOC_TIMEOUT", "60s"));

    internal async Task<CommandLineRun> OkAsync(params string[] arguments)
    {
        var run = await RunAsync(arguments);
        Assert.True(run.ExitCode == 0, $"{string.Join(' ', arguments)}: {run}");
        return run;
    }

    /// <summary>The owner of an order says what it is.</summary>
    internal async Task OrderAsync(string order, int version, string state, string reservation, int quantity) =>
        Assert.Equal(0, (await CommandLineRun.OfAsync(
            ["topic", "produce", "orders.status", "--key", order, .. Deployment.Options],
            new JsonObject
            {
                ["orderRef"] = order,
                ["version"] = version,
                ["state"] = state,
                ["lines"] = new JsonArray(new JsonObject
                {
                    ["lineId"] = "1",
                    ["poolId"] = Pool,
                    ["reservationId"] = reservation,
                    ["quantity"] = quantity,
                }),
            }.ToJsonString())).ExitCode);

    /// <summary>Waits until an order has a mismatch that is not closed; its id.</summary>
    internal async Task<string> MismatchOfAsync(string order)
    {
        var answer = await Asked.UntilAsync(
            Deployment, $"v1/mismatches?order={Uri.EscapeDataString(order)}",
            a => a["mismatches"]!.AsArray().Count > 0);
        return (string)answer["mismatches"]![0]!["mismatchId"]!;
    }

    /// <summary>Waits until a mismatch stands so.</summary>
    internal Task StandsAsync(string mismatch, string state) => Asked.UntilAsync(
        Deployment, $"v1/mismatches/{Uri.EscapeDataString(mismatch)}", a => (string?)a["state"] == state);

    /// <summary>Waits until a pool has a mismatch of a class that is not closed; its id.</summary>
    internal async Task<string> FoundAsync(string mismatch, string pool)
    {
        var answer = await Asked.UntilAsync(
            Deployment, $"v1/mismatches?class={mismatch}&pool={pool}",
            a => a["mismatches"]!.AsArray().Count > 0);
        return (string)answer["mismatches"]![0]!["mismatchId"]!;
    }

    /// <summary>A mismatch with its audit.</summary>
    internal async Task<JsonNode> ShowAsync(string mismatch) =>
        JsonNode.Parse((await OkAsync("reconcile", "show", mismatch, "-o", "json")).Out)!;

    /// <summary>What was done about a mismatch, in order.</summary>
    internal static IEnumerable<string> Kinds(JsonNode mismatch) =>
        mismatch["events"]!.AsArray().Select(e => (string)e!["kind"]!);

    /// <summary>The records of a topic that have a key.</summary>
    internal async Task<string> RecordsAsync(string topic, string key) =>
        (await OkAsync("topic", "tail", topic, "--key", key, "-o", "jsonl")).Out;

    /// <summary>Another system says something.</summary>
    internal async Task SayAsync(string topic, string key, JsonObject record)
    {
        var run = await CommandLineRun.OfAsync(
            ["topic", "produce", topic, "--key", key, .. Deployment.Options], record.ToJsonString());
        Assert.True(run.ExitCode == 0, $"{run}");
    }
}
