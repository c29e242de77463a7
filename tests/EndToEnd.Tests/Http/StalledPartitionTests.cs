using System.Net;
using System.Text.Json.Nodes;
using Confluent.Kafka;
using EndToEnd.Tests.CommandLine;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Http;

/// <summary>Commands wait and nothing is decided: everything that people look at says so, and why.</summary>
public sealed class StalledPartitionTests
{
    private const string Pool = "stalled";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly int Partition = CommandClient.PartitionOf(Pool);

    [Fact]
    public async Task A_foreign_transaction_that_stands_open_is_seen_in_metrics_readiness_tasks_group_and_doctor()
    {
        using var directory = new TemporaryDirectory();
        var (dev, deployment) = Servers.Dev(directory["data"], "--not-ready-after", "2s");
        await using var server = await dev.StartAsync();
        using var client = new CommandClient(deployment);
        using var console = new InstanceConsole(deployment.Console);
        await client.StockAsync(Pool, 10);
        await console.UntilAsync("readyz", a => a.Status == HttpStatusCode.OK, Deadline);

        using var transaction = await ForeignTransaction.OpenAsync(
            deployment, "nightly-batch", new TopicPartition(CommandClient.Commands, Partition));
        await client.SendAsync(CommandClient.Command("waits", Pool, CommandClient.Hold("r", 1)));
        var readiness = await console.UntilAsync(
            "readyz", a => a.Text.Contains("nightly-batch", StringComparison.Ordinal), Deadline);
        var health = await console.GetAsync("healthz");
        var metrics = await console.UntilAsync("metrics", a => Lag(a, "seconds") >= 3, Deadline);
        var input = JsonNode.Parse((await console.GetAsync("v1/tasks")).Text)!["inputs"]!.AsArray()
            .Single(i => i!["partition"]!.GetValue<int>() == Partition)!;
        var group = await RunAsync(deployment, "group", "describe", "allocation", "-o", "jsonl");
        var tasks = await RunAsync(deployment, "task", "list", "-o", "jsonl");
        var doctor = await RunAsync(deployment, "doctor", "-o", "jsonl");
        transaction.Abort();
        await console.UntilAsync("readyz", a => a.Status == HttpStatusCode.OK, Deadline);
        await console.UntilAsync(
            "metrics", a => Lag(a, "records") == 0 && Lag(a, "seconds") == 0
                && Input(a, "stalled_seconds") == 0,
            Deadline);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (readiness.Status, health.Status));
        Assert.Contains($"allocation.commands-{Partition}", readiness.Text, StringComparison.Ordinal);
        Assert.Contains("of producer ", readiness.Text, StringComparison.Ordinal);
        Assert.InRange(Lag(metrics, "records"), 2, 100);
        Assert.InRange(input["stalledSeconds"]!.GetValue<double>(), 1, 600);
        foreach (var (what, row) in new[]
        {
            ("input", input), ("group", Row(group, Partition)), ("task", Row(tasks, Partition)),
        })
        {
            Assert.True(
                $"{row["why"] ?? row["waitingFor"]}".Contains("nightly-batch", StringComparison.Ordinal),
                $"{what}: {row.ToJsonString()}");
            Assert.InRange(row["ageSeconds"]!.GetValue<double>(), 1, 600);
        }
        Assert.InRange(Row(group, Partition)["lag"]!.GetValue<long>(), 2, 100);
        Assert.Contains("nightly-batch", doctor.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_kafka_is_away_an_instance_is_not_ready_lives_and_answers_what_it_knows_and_how_old_it_is()
    {
        using var directory = new TemporaryDirectory();
        var (broker, deployment) = Servers.Broker(directory["broker"]);
        await using var kafka = broker;
        await kafka.StartAsync();
        var port = AllocProcess.FreePort();
        await using var engine = Servers.Engine(deployment, directory["engine"], port, "--not-ready-after", "2s");
        await engine.StartAsync();
        using var console = new InstanceConsole(port);
        using (var client = new CommandClient(deployment))
        {
            await client.StockAsync(Pool, 10);
            await client.AskAsync(CommandClient.Command(
                "held", Pool, CommandClient.Hold("r", 1) with { OrderRef = "o" }));
        }
        await console.UntilAsync("readyz", a => a.Status == HttpStatusCode.OK, Deadline);
        await console.UntilAsync(
            "v1/reservations?order=o", a => a.Text.Contains("\"r\"", StringComparison.Ordinal), Deadline);

        await kafka.KillAsync();
        var readiness = await console.UntilAsync(
            "readyz", a => a.Text.Contains("Kafka has not answered", StringComparison.Ordinal), Deadline);
        // Until its session is over the instance has its partitions as it had them; after that it goes by what it knew.
        var old = await console.UntilAsync($"v1/pools/{Pool}", a => Stale(a) > 0, Deadline);
        var reads = new List<(string Path, ConsoleAnswer Answer)>();
        foreach (var path in new[]
        {
            $"v1/pools/{Pool}", $"v1/reservations/{Pool}", $"v1/reservations/{Pool}/r", "v1/pools", "v1/settings",
            "v1/reservations?order=o",
        })
        {
            reads.Add((path, await console.GetAsync(path)));
        }
        var health = await console.GetAsync("healthz");
        var metrics = await console.UntilAsync("metrics", a => Lag(a, "seconds") > 5, Deadline);
        var listed = await RunAsync(
            deployment with { Console = $"http://127.0.0.1:{port}" }, "pool", "list", "-o", "jsonl");
        await kafka.StartAsync();
        await console.UntilAsync("readyz", a => a.Status == HttpStatusCode.OK, Deadline);
        // Kafka may answer before it tells the instance that its session is over, and it joins anew.
        var now = await console.UntilAsync(
            $"v1/pools/{Pool}", a => a.Status == HttpStatusCode.OK && Stale(a) == 0, Deadline);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (readiness.Status, health.Status));
        Assert.Equal(9, JsonNode.Parse(old.Text)!["available"]!.GetValue<long>());
        Assert.All(reads, r => Assert.True(r.Answer.Status == HttpStatusCode.OK, $"{r.Path}: {r.Answer.Text}"));
        Assert.All(reads.Skip(3), r => Assert.True(
            JsonNode.Parse(r.Answer.Text)!["complete"]!.GetValue<bool>(), $"{r.Path}: {r.Answer.Text}"));
        Assert.True(Metric(metrics, "alloc_broker_silent_seconds") > 0, metrics.Text);
        Assert.Equal(0, listed.ExitCode);
        Assert.Contains("Kafka has not been heard since", listed.Error, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, 0.0), (now.Status, Stale(now)));
    }

    private static double Stale(ConsoleAnswer answer) => answer.Status == HttpStatusCode.OK
        ? JsonNode.Parse(answer.Text)!["staleSeconds"]?.GetValue<double>() ?? 0
        : 0;

    private static double Lag(ConsoleAnswer answer, string unit) => Input(answer, $"lag_{unit}");

    private static double Input(ConsoleAnswer answer, string metric) => answer.Text.Split('\n')
        .Where(l => l.StartsWith($"alloc_consumer_{metric}{{", StringComparison.Ordinal)
            && l.Contains("topic=\"allocation.commands\"", StringComparison.Ordinal)
            && l.Contains($"partition=\"{Partition}\"", StringComparison.Ordinal)
            && l.Contains("group=\"allocation\"", StringComparison.Ordinal))
        .Select(l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], null)).SingleOrDefault(-1);

    private static double Metric(ConsoleAnswer answer, string name) => InstanceConsole.Metric(answer.Text, name);

    private static JsonObject Row(CommandLineRun run, int partition) => run.Out.Split('\n')
        .Where(l => l.Length > 0).Select(l => (JsonObject)JsonNode.Parse(l)!)
        .First(r => r["partition"]!.GetValue<int>() == partition);

    private static async Task<CommandLineRun> RunAsync(Deployment deployment, params string[] arguments)
    {
        var environment = new List<(string Name, string Value)>
        {
            ("ALLOC_BOOTSTRAP", deployment.Bootstrap), ("ALLOC_REGISTRY", deployment.Registry),
            ("ALLOC_CONSOLE", deployment.Console), ("ALLOC_TIMEOUT", "60s"),
        };
        return await CommandLineRun.OfAsync(arguments, [.. environment]);
    }
}
