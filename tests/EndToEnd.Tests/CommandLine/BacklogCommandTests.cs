using System.Net;
using System.Text.Json.Nodes;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary><c>alloc backlog</c>, <c>alloc explain ORDER</c> and their routes, against a real instance.</summary>
public sealed class BacklogCommandTests(SharedDev dev) : IClassFixture<SharedDev>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(180);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_entered_and_did_not_leave_is_shown_by_stage_and_by_partition()
    {
        await SayAsync("b-1", "ReadyForFulfillment", "Entered");
        await SayAsync("b-2", "ReadyForFulfillment", "Entered");
        await SayAsync("b-3", "ReadyForFulfillment", "Entered");
        await SayAsync("b-3", "ReadyForFulfillment", "Left");

        var stage = await UntilAsync(
            s => (long?)s?["waiting"] == 2, "backlog", "--stage", "ReadyForFulfillment", "-o", "json");
        var table = await RunAsync("backlog");
        var partitions = await RunAsync("backlog", "--by", "partition", "--stage", "ReadyForFulfillment", "-o", "json");

        Assert.Equal("warehouse", (string)stage["owner"]!);
        Assert.Equal(86_400_000, (long)stage["slaMs"]!);
        Assert.False((bool)stage["partial"]!);
        Assert.InRange((double)stage["oldestAgeSeconds"]!, 0, Deadline.TotalSeconds);
        Assert.Contains("ReadyForFulfillment", table.Out, StringComparison.Ordinal);
        Assert.Equal(2, JsonNode.Parse(partitions.Out)!.AsArray().Sum(p => (long)p!["waiting"]!));
        Assert.All(JsonNode.Parse(partitions.Out)!.AsArray(), p => Assert.False((bool)p!["missing"]!));
    }

    [Fact]
    public async Task An_order_that_waits_says_in_which_stage_whose_it_is_and_when_its_hold_expires()
    {
        await RunAsync("pool", "configure", "wait-pool", "--kind", "stock", "--unit", "piece");
        await RunAsync("pool", "supply", "set", "wait-pool", "--quantity", "5");
        await RunAsync(
            "reservation", "hold", "--pool", "wait-pool", "--quantity", "2", "--id", "wait-hold", "--order", "wait-1");
        await SayAsync("wait-1", "AuthorizationPending", "Entered");

        var work = await UntilAnsweredAsync("v1/waiting/wait-1", w => w["holds"]!.AsArray().Count == 1
            && w["stages"]!.AsArray().Count == 1);
        var run = await UntilRunAsync(
            r => r.Out.Contains("payments", StringComparison.Ordinal)
                && r.Out.Contains("Held", StringComparison.Ordinal),
            "explain", "wait-1");
        var json = JsonNode.Parse((await RunAsync("explain", "wait-1", "-o", "json")).Out)!;

        Assert.Equal("wait-hold", (string)work["holds"]![0]!["reservationId"]!);
        Assert.Contains("wait-1  waits in AuthorizationPending for", run.Out, StringComparison.Ordinal);
        Assert.Contains("SLA 10 min", run.Out, StringComparison.Ordinal);
        Assert.Contains("wait-hold of wait-pool expires in", run.Out, StringComparison.Ordinal);
        Assert.Equal("AuthorizationPending", (string)json["waiting"]!["stages"]![0]!["stageId"]!);
        Assert.Equal("wait-hold", (string)json["reservations"]![0]!["reservationId"]!);
    }

    [Fact]
    public async Task Holds_that_expire_before_it_is_their_turn_are_listed_by_name()
    {
        await RunAsync("pool", "configure", "risk-pool", "--kind", "stock", "--unit", "piece");
        await RunAsync("pool", "supply", "set", "risk-pool", "--quantity", "5");
        await RunAsync(
            "reservation", "hold", "--pool", "risk-pool", "--quantity", "1", "--id", "risk-hold", "--order", "risk-1",
            "--ttl", "10m");
        await SayAsync("risk-1", "AwaitingFraudDecision", "Entered");

        // Nothing ever leaves the stage: after a minute none is predicted to.
        var holds = await UntilAnsweredAsync(
            "v1/holds-at-risk?stage=AwaitingFraudDecision", a => a["holds"]!.AsArray().Count == 1);
        var rows = JsonNode.Parse((await RunAsync("backlog", "--at-risk", "-o", "json")).Out)!.AsArray();

        Assert.True((bool)holds["complete"]!);
        var hold = holds["holds"]![0]!;
        Assert.Equal(
            ("risk-hold", "risk-pool", "risk-1", "AwaitingFraudDecision"),
            ((string)hold["reservationId"]!, (string)hold["poolId"]!, (string)hold["workId"]!,
                (string)hold["stageId"]!));
        Assert.Contains(rows, r => (string)r!["reservationId"]! == "risk-hold");
    }

    [Fact]
    public async Task What_is_not_there_is_not_found_and_what_contradicts_is_refused()
    {
        var (work, _) = await AskAsync("v1/waiting/nobody");
        var (stage, _) = await AskAsync("v1/stages/NoSuchStage");
        var run = await RunAsync("backlog", "--stage", "NoSuchStage");
        var both = await RunAsync("backlog", "--at-risk", "--by", "pool");

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (work, stage));
        Assert.Equal((3, 2), (run.ExitCode, both.ExitCode));
    }

    [Fact]
    public async Task A_watch_shows_what_changes_and_outlasts_an_instance_that_starts_anew()
    {
        using var directory = new TemporaryDirectory();
        var (server, deployment) = Servers.Dev(directory["data"]);
        await using var instance = await server.StartAsync();
        await SayAsync("w-1", "ReadyForFulfillment", "Entered", deployment);
        await using var watch = AllocProcess.Start(
            "backlog", "--watch", "--stage", "ReadyForFulfillment", "-o", "jsonl", "--console", deployment.Console);
        await watch.WaitForLineAsync("\"waiting\":1,\"oldestEnteredAt\"", Deadline);

        await instance.KillAsync();
        var gone = await watch.WaitForLineAsync("Looking again every 1 s", Deadline);
        await instance.StartAsync();
        await SayAsync("w-2", "ReadyForFulfillment", "Entered", deployment);
        await watch.WaitForLineAsync("\"waiting\":2,\"oldestEnteredAt\"", Deadline);
        watch.Signal(NativeSignal.Terminate);
        var end = await watch.WaitForExitAsync(Deadline);

        Assert.StartsWith("alloc: ", gone, StringComparison.Ordinal);
        Assert.Equal(130, end.ExitCode);
    }

    private async Task SayAsync(string work, string stage, string kind, Deployment? to = null)
    {
        var result = kind == "Left" ? ", \"result\": \"Completed\"" : "";
        var run = await CommandLineRun.OfAsync(
            ["topic", "produce", "workflow.stages", .. (to ?? dev.Deployment).Options],
            $$"""{"workId": "{{work}}", "stageId": "{{stage}}", "kind": "{{kind}}"{{result}}}""");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
    }

    private Task<CommandLineRun> RunAsync(params string[] arguments) => CommandLineRun.OfAsync(
        arguments, ("ALLOC_BOOTSTRAP", dev.Deployment.Bootstrap), ("ALLOC_REGISTRY", dev.Deployment.Registry),
        ("ALLOC_CONSOLE", dev.Deployment.Console), ("ALLOC_TIMEOUT", "30s"));

    private async Task<CommandLineRun> UntilRunAsync(Func<CommandLineRun, bool> isExpected, params string[] arguments)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var run = await RunAsync(arguments);
            if (isExpected(run))
            {
                return run;
            }
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Deadline, $"{run.Out}\n{run.Error}");
            await Task.Delay(200, Cancellation);
        }
    }

    /// <summary>The first row of a command's JSON, once it is as expected.</summary>
    private async Task<JsonNode> UntilAsync(Func<JsonNode?, bool> isExpected, params string[] arguments)
    {
        var run = await UntilRunAsync(
            r => r.ExitCode == 0 && isExpected(JsonNode.Parse(r.Out)!.AsArray().FirstOrDefault()), arguments);
        return JsonNode.Parse(run.Out)![0]!;
    }

    private async Task<JsonNode> UntilAnsweredAsync(string path, Func<JsonNode, bool> isExpected)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var (status, body) = await AskAsync(path);
            if (status == HttpStatusCode.OK && isExpected(body))
            {
                return body;
            }
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Deadline, $"{path}: {status} {body}");
            await Task.Delay(200, Cancellation);
        }
    }

    private async Task<(HttpStatusCode Status, JsonNode Body)> AskAsync(string path)
    {
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri($"{dev.Deployment.Console}/{path}"), Cancellation);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!);
    }
}
