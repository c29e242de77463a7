using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>
/// An <c>alloc dev</c> whose catalogue and policy have a mode of each kind, and one order that waits: the mode
/// <c>by-itself</c> comes on for it, the others when somebody asks.
/// </summary>
public sealed class ModesDev : IAsyncLifetime
{
    internal const string Stage = "AwaitingFraudDecision";

    private const string Policy = """
        version: 1
        classes: [standard]
        class:
          - {id: class/standard, pools: "*", class: standard}
        ttl:
          - {id: ttl/default, pools: "*", minimum: 1s, default: 15m, maximum: 1d, extensions: 3}
        conduct:
          - {id: conduct/default, pools: "*", groupRevocable: 1h}
        modes:
          - {id: mode/by-itself, mode: by-itself, pools: deals/television, effect: extendHolds, cap: 1h}
          - {id: mode/asked, mode: asked, pools: deals/console, effect: rejectHolds}
          - {id: mode/apart, mode: apart, pools: "apart-*", effect: rejectHolds}
        deficit:
          - {id: deficit/default, pools: "*", action: operatorList}

        """;

    private const string Catalogue = $$"""
        version: 1
        stages:
          - {id: {{Stage}}, sla: 1h, customerState: UnderReview, owner: fraud, runbook: docs/runbooks/StageSlaBreach.md}
        modes:
          - {id: by-itself, stage: {{Stage}}, measure: oldestAge, onAt: 2s, offAt: 1s, minimumDwell: 1s,
             effect: extendHolds, cap: 20s, pools: [deals/television]}
          - {id: asked, stage: {{Stage}}, measure: oldestAge, onAt: 10d, offAt: 1h, minimumDwell: 1s,
             effect: rejectHolds, pools: [deals/console]}
          - {id: not-allowed, stage: {{Stage}}, measure: oldestAge, onAt: 10d, offAt: 1h, minimumDwell: 1s,
             effect: extendHolds, cap: 20s, pools: [deals/vacuum]}
          - {id: by-hand, stage: {{Stage}}, measure: oldestAge, onAt: 10d, offAt: 1h, effect: manualReview}

        """;

    private readonly SharedDev dev = new();
    private readonly TemporaryDirectory directory = new();

    internal Deployment Deployment => dev.Deployment;

    /// <summary>How the catalogue was put into force.</summary>
    internal CommandLineRun Applied { get; private set; } = new(0, "", "");

    /// <summary>The catalogue's file, and the policy's.</summary>
    internal (string Catalogue, string Policy) Files => (directory["one.catalogue.yaml"], directory["one.policy.yaml"]);

    public async ValueTask InitializeAsync()
    {
        await dev.InitializeAsync();
        await File.WriteAllTextAsync(Files.Policy, Policy);
        await File.WriteAllTextAsync(Files.Catalogue, Catalogue);
        Ok(await RunAsync("policy", "apply", Files.Policy, "--yes"));
        // Written is not decided by: it acts from a time on, and before that the modes that it allows are refused.
        await Asked.UntilAsync(Deployment, "v1/settings", a => (bool)a["complete"]!
            && a["partitions"]!.AsArray().All(p => p!["policies"]!.AsArray().Any(IsInForce)));
        Applied = Ok(await RunAsync(
            "catalogue", "apply", Files.Catalogue, "--reason", "a test", "--yes", "-o", "json"));
        Ok(await CommandLineRun.OfAsync(
            ["topic", "produce", "workflow.stages", .. Deployment.Options],
            $$"""{"workId": "o1", "stageId": "{{Stage}}", "kind": "Entered"}"""));
        await Asked.UntilAsync(Deployment, "v1/stages", a => (int)a["catalogueVersion"]! == 1);
    }

    public async ValueTask DisposeAsync()
    {
        await dev.DisposeAsync();
        directory.Dispose();
    }

    internal Task<CommandLineRun> RunAsync(params string[] arguments) => CommandLineRun.OfAsync(
        arguments, ("ALLOC_BOOTSTRAP", Deployment.Bootstrap), ("ALLOC_REGISTRY", Deployment.Registry),
        ("ALLOC_CONSOLE", Deployment.Console), ("ALLOC_TIMEOUT", "60s"));

    /// <summary>What the backlog says of a mode; null: it never switched it.</summary>
    internal async Task<JsonNode?> SaidAsync(string mode) =>
        Of((await Asked.OfAsync(Deployment, "v1/stages")).Body, mode);

    /// <summary>Waits until the backlog says so of a mode, and in how many partitions the ledger has it on.</summary>
    internal async Task AgreeAsync(string mode, bool isOn, string? person)
    {
        await Asked.UntilAsync(Deployment, "v1/stages", a => Of(a, mode) is { } said
            && (bool)said["on"]! == isOn && (string?)said["person"] == person);
        await LedgerAsync(mode, isOn);
    }

    /// <summary>Waits until the ledger has a mode on, or off, in all partitions.</summary>
    internal Task LedgerAsync(string mode, bool isOn) => Asked.UntilAsync(Deployment, "v1/settings", a =>
        a["partitions"]!.AsArray().All(p => isOn == p!["modes"]!.AsArray().Any(m => (string)m!["mode"]! == mode)));

    private static bool IsInForce(JsonNode? policy) => (int)policy!["version"]! == 1
        && DateTimeOffset.Parse((string)policy["effectiveAt"]!, null) < TimeProvider.System.GetUtcNow();

    private static JsonNode? Of(JsonNode stages, string mode) =>
        stages["modes"]?.AsArray().FirstOrDefault(m => (string)m!["mode"]! == mode);

    private static CommandLineRun Ok(CommandLineRun run)
    {
        Assert.True(run.ExitCode == 0, $"{run}");
        return run;
    }
}
