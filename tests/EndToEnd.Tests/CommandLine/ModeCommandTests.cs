using System.Text.Json.Nodes;
using Alloc.Cli.Commands.Slices;
using Alloc.Client;
using Alloc.Processors.Catalogue;

namespace EndToEnd.Tests.CommandLine;

/// <summary>
/// A person knows better than a mode's measure: what she switches, the backlog and the ledger both say, and it stays.
/// </summary>
public sealed class ModeCommandTests(ModesDev dev) : IClassFixture<ModesDev>
{
    [Fact]
    public async Task A_person_switches_off_what_came_on_by_itself_and_it_stays_off_until_a_person_switches_again()
    {
        await dev.AgreeAsync("by-itself", isOn: true, person: null);

        var off = await SetAsync("by-itself", "off");

        Assert.True(off.ExitCode == 0, $"{off}");
        var said = JsonNode.Parse(off.Out)!;
        Assert.Equal((false, "kim", "a test"), ((bool)said["on"]!, (string?)said["person"], (string?)said["reason"]));
        Assert.Equal(Repeat("ModeChanged", 4), said["ledger"]!.AsArray().Select(r => (string)r!["result"]!));
        await dev.AgreeAsync("by-itself", isOn: false, "kim");

        // Its order still waits, so its measure would have it on; the backlog looks once a second.
        var since = (string)said["since"]!;
        await Asked.UntilAsync(dev.Deployment, $"v1/stages/{ModesDev.Stage}", s =>
            DateTimeOffset.Parse((string)s["at"]!, null) > DateTimeOffset.Parse(since, null).AddSeconds(5));
        await dev.AgreeAsync("by-itself", isOn: false, "kim");
        var get = await GetAsync("by-itself");
        Assert.Equal((false, "kim"), ((bool)get["backlog"]!["on"]!, (string?)get["backlog"]!["person"]));
        Assert.Null(get["ledger"]);
        Assert.Matches(" off +kim .* off ", (await dev.RunAsync("mode", "get")).Out);

        var on = await SetAsync("by-itself", "on");

        Assert.True(on.ExitCode == 0, $"{on}");
        await dev.AgreeAsync("by-itself", isOn: true, "kim");
        get = await GetAsync("by-itself");
        Assert.Equal([0, 1, 2, 3], get["ledger"]!["partitions"]!.AsArray().Select(p => (int)p!));
        var backlog = await dev.RunAsync("backlog");
        Assert.Matches(
            "mode by-itself is on since .*, switched by kim: a test; the ledger has it on in all 4 partitions",
            backlog.Out);
    }

    [Fact]
    public async Task A_mode_of_workflows_is_switched_by_the_backlog_alone_and_shown()
    {
        var on = await SetAsync("by-hand", "on");

        Assert.True(on.ExitCode == 0, $"{on}");
        var said = JsonNode.Parse(on.Out)!;
        Assert.Equal((true, "manualReview"), ((bool)said["on"]!, (string?)said["effect"]));
        Assert.Null(said["ledger"]);
        Assert.Equal("kim", (string?)(await dev.SaidAsync("by-hand"))!["person"]);
        Assert.Matches(" on +kim ", (await dev.RunAsync("mode", "get")).Out);
        Assert.Matches(
            "mode by-hand is on since .*, switched by kim: a test\n", (await dev.RunAsync("backlog")).Out);
    }

    [Fact]
    public async Task What_the_policy_does_not_allow_is_told_before_when_it_is_switched_and_where_it_is_shown()
    {
        const string Row = "{id: mode/not-allowed, mode: not-allowed, pools: \"deals/vacuum\", effect: extendHolds, "
            + "cap: 20s}";
        var diff = await dev.RunAsync("catalogue", "diff", dev.Files.Catalogue, "-o", "json");
        var validate = await CommandLineRun.OfAsync(
            ["catalogue", "validate", dev.Files.Catalogue, "--policy", dev.Files.Policy, "-o", "json"]);
        Assert.All(new[] { dev.Applied, diff, validate }, run =>
        {
            Assert.Equal(0, run.ExitCode);
            Assert.Contains(
                "mode not-allowed: under policy version 1 the ledger refuses to switch it on: the policy knows no "
                + "mode not-allowed", run.Error, StringComparison.Ordinal);
            Assert.Contains(Row, run.Error, StringComparison.Ordinal);
            Assert.Equal(
                "not-allowed", (string?)Assert.Single(JsonNode.Parse(run.Out)!["undoneModes"]!.AsArray())!["mode"]);
        });

        var on = await SetAsync("not-allowed", "on");
        var get = await dev.RunAsync("mode", "get");
        var backlog = await dev.RunAsync("backlog");
        var off = await SetAsync("not-allowed", "off");

        Assert.Equal((4, 0), (on.ExitCode, off.ExitCode));
        Assert.Contains(
            "The backlog has not-allowed on, and the ledger refuses it", on.Error, StringComparison.Ordinal);
        Assert.Equal(
            Repeat("Rejected", 4), JsonNode.Parse(on.Out)!["ledger"]!.AsArray().Select(r => (string)r!["result"]!));
        Assert.Contains(
            "The backlog has not-allowed on, and the ledger does not have it on.", get.Error, StringComparison.Ordinal);
        Assert.Matches("mode not-allowed is on since .*; the ledger does not have it on", backlog.Out);
    }

    [Fact]
    public async Task A_mode_that_the_catalogue_does_not_have_is_commanded_at_every_partition_of_the_ledger()
    {
        var unknown = await SetAsync("no-such-mode", "on");
        var apart = await SetAsync("apart", "on");
        Assert.Equal((4, 0, ""), (unknown.ExitCode, apart.ExitCode, apart.Error));
        Assert.Equal(Repeat("Rejected", 4), Results(unknown));
        Assert.Equal(Repeat("ModeChanged", 4), Results(apart));

        await dev.LedgerAsync("apart", isOn: true);
        var get = await GetAsync("apart");
        var backlog = await dev.RunAsync("backlog");

        Assert.Null(get["backlog"]);
        Assert.Matches("mode apart, which the backlog never switched: the ledger has it on in all 4", backlog.Out);
    }

    [Fact]
    public async Task The_row_says_how_far_a_mode_goes_and_only_directly_the_ledger_is_commanded_past_it()
    {
        var narrowed = await SetAsync("asked", "on", "--pools", "deals/console");
        var capped = await SetAsync("asked", "on", "--cap", "10s");
        var directly = await SetAsync("asked", "on", "--pools", "deals/console", "--directly");
        await dev.LedgerAsync("asked", isOn: true);
        var past = await dev.SaidAsync("asked");
        var off = await SetAsync("asked", "off");

        Assert.Equal((2, 2, 0, 0), (narrowed.ExitCode, capped.ExitCode, directly.ExitCode, off.ExitCode));
        Assert.Contains(
            "--pools: the operations catalogue has the mode asked", narrowed.Error, StringComparison.Ordinal);
        Assert.Contains("--directly commands the ledger", narrowed.Error, StringComparison.Ordinal);
        Assert.Equal(Repeat("ModeChanged", 4), Results(directly));
        Assert.Null(past);
        await dev.AgreeAsync("asked", isOn: false, "kim");
    }

    /// <summary>The catalogue may change between a look at it and the switch.</summary>
    [Fact]
    public async Task What_the_backlog_refuses_is_told_with_its_reason()
    {
        var settings = new AllocClientOptions
        {
            Bootstrap = dev.Deployment.Bootstrap,
            Registry = new Uri(dev.Deployment.Registry),
            Timeout = TimeSpan.FromSeconds(60),
        };
        using var registry = Registries.Client(settings, TimeProvider.System);
        using var switching = new ModeSwitching(settings, registry);
        var row = OperationsCatalogue.Shipped.Modes[0] with { Id = "gone" };

        var refused = await Assert.ThrowsAsync<AllocException>(() => switching.AskAsync(
            new ModeRequest(row, 0, On: true, "kim", "a test"), 0, TestContext.Current.CancellationToken));

        Assert.Equal(FailureKind.Failed, refused.Kind);
        Assert.Contains(
            "The backlog refused to switch gone: version 1 of the operations catalogue has no mode 'gone'",
            refused.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Repeat(string result, int times) => Enumerable.Repeat(result, times);

    private static IEnumerable<string> Results(CommandLineRun run) =>
        JsonNode.Parse(run.Out)!.AsArray().Select(r => (string)r!["result"]!);

    private Task<CommandLineRun> SetAsync(string mode, string to, params string[] options) => dev.RunAsync(
        ["mode", "set", mode, "--to", to, "--reason", "a test", "--actor", "kim", "-o", "json", .. options]);

    private async Task<JsonNode> GetAsync(string mode)
    {
        var run = await dev.RunAsync("mode", "get", "-o", "json");
        Assert.Equal(0, run.ExitCode);
        return JsonNode.Parse(run.Out)!.AsArray().Single(r => (string)r!["mode"]! == mode)!;
    }
}
