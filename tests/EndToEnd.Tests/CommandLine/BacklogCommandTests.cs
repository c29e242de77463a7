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
        var order = await UntilRunAsync(
            r => r.Out.Contains("risk-hold", StringComparison.Ordinal), "explain", "risk-1");
        var explained = JsonNode.Parse((await RunAsync("explain", "risk-1", "-o", "json")).Out)!;

        Assert.True((bool)holds["complete"]!);
        var hold = holds["holds"]![0]!;
        Assert.Equal(
            ("risk-hold", "risk-pool", "risk-1", "AwaitingFraudDecision"),
            ((string)hold["reservationId"]!, (string)hold["poolId"]!, (string)hold["workId"]!,
                (string)hold["stageId"]!));
        Assert.Contains(rows, r => (string)r!["reservationId"]! == "risk-hold");

        // The order is told the same as its hold: both by the merger's prediction.
        Assert.Null(hold["predictedLeaveAt"]);
        Assert.Contains("predicted  to stay, at today's rates", order.Out, StringComparison.Ordinal);
        Assert.Equal("Stays", (string?)explained["waiting"]!["stages"]![0]!["predicted"]);
    }

    [Fact]
    public async Task What_is_not_there_is_not_found_and_what_contradicts_is_refused()
    {
        // Before every partition is here, nobody can tell that there is no such work.
        await UntilAnsweredAsync("v1/holds-at-risk", a => (bool)a["complete"]!);
        var (work, _) = await Asked.OfAsync(dev.Deployment, "v1/waiting/nobody");
        var (stage, _) = await Asked.OfAsync(dev.Deployment, "v1/stages/NoSuchStage");
        var run = await RunAsync("backlog", "--stage", "NoSuchStage");
        var risks = await RunAsync("backlog", "--at-risk", "--stage", "NoSuchStage");
        var both = await RunAsync("backlog", "--at-risk", "--by", "pool");

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (work, stage));
        Assert.Equal((3, 3, 2), (run.ExitCode, risks.ExitCode, both.ExitCode));
        Assert.Equal(run.Error, risks.Error);
    }

    [Fact]
    public async Task An_order_with_a_reservation_of_its_own_name_is_explained_as_both()
    {
        await RunAsync("pool", "configure", "same-pool", "--kind", "stock", "--unit", "piece");
        await RunAsync("pool", "supply", "set", "same-pool", "--quantity", "5");
        await RunAsync(
            "reservation", "hold", "--pool", "same-pool", "--quantity", "2", "--id", "same-1", "--order", "same-1",
            "--command-id", "same-c");
        await SayAsync("same-1", "AuthorizationPending", "Entered");

        var run = await UntilRunAsync(
            r => r.Out.Contains("waits in AuthorizationPending", StringComparison.Ordinal), "explain", "same-1");
        var json = JsonNode.Parse((await RunAsync("explain", "same-1", "-o", "json")).Out)!;

        Assert.Contains("✔ Held  same-1  2", run.Out, StringComparison.Ordinal);
        Assert.Contains("command    same-c", run.Out, StringComparison.Ordinal);
        Assert.Equal("AuthorizationPending", (string)json["waiting"]!["stages"]![0]!["stageId"]!);
        Assert.Equal("same-c", (string)json["decisions"]![0]!["commandId"]!);
    }

    [Fact]
    public async Task A_pool_beyond_the_ten_that_a_stage_names_waits_for_at_least_what_is_shown()
    {
        var events = Enumerable.Range(1, 10).SelectMany(pool => new[] { 1, 2 }.Select(n => (pool, $"{pool}-{n}")))
            .Append((11, "11-1")).Select(w => Waits(w.Item2, "InFulfillment", w.Item1))
            .Concat(Enumerable.Range(2, 3).Select(n => Waits($"11-{n}", "ManualReviewRequired", 11)));
        var produced = await CommandLineRun.OfAsync(
            ["topic", "produce", "workflow.stages", "--yes", .. dev.Deployment.Options], string.Join('\n', events));
        Assert.Equal((0, ""), (produced.ExitCode, produced.Error));

        await UntilAnsweredAsync("v1/stages/InFulfillment", s => (long)s["waiting"]! == 21);
        await UntilAnsweredAsync("v1/stages/ManualReviewRequired", s => (long)s["waiting"]! == 3);
        var pools = JsonNode.Parse((await RunAsync("backlog", "--by", "pool", "-o", "json")).Out)!.AsArray()
            .ToDictionary(p => (string)p!["poolId"]!, p => ((long)p!["waiting"]!, (bool)p["atLeast"]!));
        var table = await RunAsync("backlog", "--by", "pool");

        Assert.Equal((2, false), pools["hot-1"]);
        Assert.Equal((3, true), pools["hot-11"]);
        Assert.Contains("WAITING AT LEAST", table.Out, StringComparison.Ordinal);
        Assert.Contains("at least: InFulfillment names the ten hottest pools", table.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_shows_what_changes_and_outlasts_an_instance_that_starts_anew()
    {
        using var directory = new TemporaryDirectory();
        var (server, deployment) = Servers.Dev(directory["data"]);
        await using var instance = await server.StartAsync();
        await SayAsync("w-1", "ReadyForFulfillment", "Entered", deployment);
        await Asked.UntilAsync(deployment, "v1/stages/ReadyForFulfillment", s => (long)s["waiting"]! == 1);
        await using var watch = AllocProcess.Start(
            "backlog", "--watch", "--stage", "ReadyForFulfillment", "-o", "jsonl", "--console", deployment.Console);
        await watch.WaitForLineAsync("\"waiting\":1,\"oldestEnteredAt\"", Deadline);

        await instance.KillAsync();
        var gone = await watch.WaitForLineAsync("Looking again every 1.0 s", Deadline);
        await instance.StartAsync();
        await SayAsync("w-2", "ReadyForFulfillment", "Entered", deployment);
        await watch.WaitForLineAsync("\"waiting\":2,\"oldestEnteredAt\"", Deadline);
        watch.Signal(NativeSignal.Terminate);
        var end = await watch.WaitForExitAsync(Deadline);

        Assert.StartsWith("alloc: ", gone, StringComparison.Ordinal);
        Assert.Equal(130, end.ExitCode);
    }

    private static string Waits(string work, string stage, int pool) =>
        $$"""{"workId": "hot-{{work}}", "stageId": "{{stage}}", "kind": "Entered", "reservations": """
        + $$"""[{"poolId": "hot-{{pool}}", "reservationId": "hot-{{work}}"}]}""";

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

    private Task<JsonNode> UntilAnsweredAsync(string path, Func<JsonNode, bool> isExpected) =>
        Asked.UntilAsync(dev.Deployment, path, isExpected);
}
