using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>
/// A command whose decision is not seen in time is neither done nor failed: it is unknown, and can be asked for again.
/// </summary>
public sealed class UnknownDecisionTests
{
    [Fact]
    public async Task A_time_out_says_how_to_ask_again_and_that_gets_the_first_answer()
    {
        using var directory = new TemporaryDirectory();
        var (broker, deployment) = Servers.Broker(directory["broker"]);
        await using var kafka = broker;
        await kafka.StartAsync();
        await using var engine = Servers.Engine(deployment, directory["engine"]);
        await engine.StartAsync();
        await AllocAsync(deployment, "pool", "configure", "p");
        await AllocAsync(deployment, "pool", "supply", "set", "p", "-q", "5");
        await engine.KillAsync();

        var unknown = await AllocAsync(deployment, "reservation", "hold", "--pool", "p", "--id", "r s", "-q", "2",
            "--timeout", "1s", "-o", "json");
        var consumption = await AllocAsync(
            deployment, "reservation", "consume", "--pool", "p", "--id", "r s", "-q", "1", "--occurred-at",
            "-1h", "--timeout", "1s", "-o", "json");
        await engine.StartAsync();
        var answer = JsonNode.Parse(unknown.Out)!;
        var again = await AllocAsync(
            deployment,
            "reservation", "hold", "--pool", "p", "--id", "r s", "-q", "2", "--command-id",
            answer["commandId"]!.GetValue<string>(), "-o", "json");

        Assert.Equal(6, unknown.ExitCode);
        Assert.Equal("unknown", answer["decision"]!.GetValue<string>());
        Assert.Contains(
            "--id 'r s' --quantity 2 --command-id", answer["askAgain"]!.GetValue<string>(), StringComparison.Ordinal);
        // The time that was taken, not the distance from a now that is over.
        Assert.Matches(
            @"--occurred-at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z",
            JsonNode.Parse(consumption.Out)!["askAgain"]!.GetValue<string>());
        Assert.DoesNotContain("failed:", unknown.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, again.ExitCode);
        Assert.NotNull(JsonNode.Parse(again.Out)!["duplicateOf"]);
    }

    private static Task<CommandLineRun> AllocAsync(Deployment deployment, params string[] arguments) =>
        CommandLineRun.OfAsync([.. arguments, .. deployment.Options], ("ALLOC_TIMEOUT", "60s"));
}
