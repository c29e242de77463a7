using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Schemas.Allocation;
using EndToEnd.Tests.Http;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Hostile;

/// <summary>
/// The schema registry in a process of its own is away, or hangs: whoever needs it waits, says so, skips nothing, and
/// goes on when it is back.
/// </summary>
public sealed class RegistryAwayTests
{
    private const string Pool = "patient";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_server_that_starts_without_its_registry_waits_says_so_and_starts_when_it_comes()
    {
        using var directory = new TemporaryDirectory();
        await using var parts = await Parts.StartAsync(directory);
        await parts.Registry.KillAsync();

        await using var engine = parts.NewEngine();
        engine.Start();
        var said = await engine.Process.WaitForLineAsync("Waits for the schema registry", Deadline);
        await engine.Process.WaitForLineAsync("nothing is decided meanwhile", Deadline);
        using var console = new InstanceConsole(parts.ConsolePort);
        var ready = await console.UntilAsync("readyz", a => a.Status == HttpStatusCode.ServiceUnavailable, Deadline);
        var read = await console.GetAsync("v1/pools");
        var health = await console.GetAsync("healthz");
        var metrics = await console.GetAsync("metrics");
        await parts.Registry.StartAsync();
        await engine.Process.WaitForLineAsync("The schema registry answers", Deadline);
        await engine.Process.WaitForLineAsync("Ready in", Deadline);

        Assert.Contains(parts.Deployment.Registry, said, StringComparison.Ordinal);
        Assert.Contains(parts.Deployment.Registry, ready.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, read.Status);
        Assert.Contains(parts.Deployment.Registry, read.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, health.Status);
        Assert.True(InstanceConsole.Metric(metrics.Text, "alloc_startup_wait_seconds") > 0, metrics.Text);
        Assert.Equal(HttpStatusCode.OK, (await console.GetAsync("readyz")).Status);
        using var client = new CommandClient(parts.Deployment);
        await client.StockAsync(Pool, 3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_that_waits_for_its_registry_ends_cleanly_when_told_to(bool registryHangs)
    {
        using var directory = new TemporaryDirectory();
        await using var parts = await Parts.StartAsync(directory);
        await parts.TakeRegistryAwayAsync(registryHangs);

        await using var engine = parts.NewEngine();
        engine.Start();
        await engine.Process.WaitForLineAsync("Waits for the schema registry", Deadline);
        engine.Process.Signal(NativeSignal.Terminate);
        var ended = await engine.Process.WaitForExitAsync(Deadline);

        Assert.Equal(0, ended.ExitCode);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_record_whose_schema_cannot_be_asked_for_waits_while_other_partitions_go_on(bool registryHangs)
    {
        using var directory = new TemporaryDirectory();
        await using var parts = await Parts.StartAsync(directory);
        await using var engine = await parts.NewEngine().StartAsync();
        using var client = new CommandClient(parts.Deployment);
        using var console = new InstanceConsole(parts.ConsolePort);
        var other = PoolElsewhere();
        await client.StockAsync(Pool, 10);
        await client.StockAsync(other, 10);
        var newer = await NewerCommands.RegisterAsync(parts.Deployment.Registry);
        await parts.TakeRegistryAwayAsync(registryHangs);

        var first = await client.WriteAsync(
            Encoding.UTF8.GetBytes(Pool),
            newer.Encode(client, CommandClient.Command("first", Pool, CommandClient.Hold("r-1", 1))),
            CommandClient.PartitionOf(Pool));
        var second = await client.SendAsync(CommandClient.Command("second", Pool, CommandClient.Hold("r-2", 2)));
        var where = $"{first.Topic}-{first.Partition.Value}@{first.Offset.Value}";
        var said = await engine.Process.WaitForLineAsync(where, Deadline);
        var ready = await console.UntilAsync("readyz", a => a.Status == HttpStatusCode.ServiceUnavailable, Deadline);
        var elsewhere = await client.AskAsync(CommandClient.Command("elsewhere", other, CommandClient.Hold("r", 1)));
        var metrics = await console.UntilAsync(
            "metrics", a => InstanceConsole.Metric(a.Text, "alloc_task_wait_seconds") >= 1, Deadline);
        var waits = JsonNode.Parse((await console.GetAsync("v1/tasks")).Text)!["tasks"]!.AsArray();
        var decided = client.Journal(first.Partition.Value, TimeSpan.FromSeconds(2))
            .Where(o => o.Source.Offset >= first.Offset.Value).ToList();
        await parts.BringRegistryBackAsync(registryHangs);
        var answers = new[] { await client.AnswerAsync(first), await client.AnswerAsync(second) };

        Assert.Contains("schema registry", said, StringComparison.Ordinal);
        Assert.Contains("skips nothing", said, StringComparison.Ordinal);
        Assert.Contains("schema registry", ready.Text, StringComparison.Ordinal);
        Assert.IsType<AllocationOutcomeEvent.Held>(elsewhere.Event);
        Assert.Empty(decided);
        Assert.Equal([9, 7], answers.Select(a => a.BalancesAfter.Free));
        Assert.Single(waits, t => (string?)t!["waitingFor"] is not null && (double)t["waitingSeconds"]! >= 1);
        Assert.Equal(0, InstanceConsole.Metric(metrics.Text, "alloc_dead_letters_total"));
        await console.UntilAsync("readyz", a => a.Status == HttpStatusCode.OK, Deadline);
        var found = await Proof.VerifyAsync(parts.Deployment);
        Assert.Equal(0, (long)found["deadLetters"]!);
    }

    [Fact]
    public async Task A_server_whose_partition_waits_for_the_registry_ends_cleanly_and_the_record_is_decided_later()
    {
        using var directory = new TemporaryDirectory();
        await using var parts = await Parts.StartAsync(directory);
        await using var engine = await parts.NewEngine().StartAsync();
        using var client = new CommandClient(parts.Deployment);
        await client.StockAsync(Pool, 10);
        var newer = await NewerCommands.RegisterAsync(parts.Deployment.Registry);
        await parts.TakeRegistryAwayAsync(hangs: false);
        var at = await client.WriteAsync(
            Encoding.UTF8.GetBytes(Pool),
            newer.Encode(client, CommandClient.Command("first", Pool, CommandClient.Hold("r-1", 1))),
            CommandClient.PartitionOf(Pool));
        await engine.Process.WaitForLineAsync("skips nothing", Deadline);

        engine.Process.Signal(NativeSignal.Terminate);
        var ended = await engine.Process.WaitForExitAsync(Deadline);
        engine.Start();
        await engine.Process.WaitForLineAsync("Waits for the schema registry", Deadline);
        await parts.BringRegistryBackAsync(hung: false);
        var outcome = await client.AnswerAsync(at);

        Assert.Equal(0, ended.ExitCode);
        Assert.Equal(9, outcome.BalancesAfter.Free);
        await Proof.VerifyAsync(parts.Deployment);
    }

    private static string PoolElsewhere() => Enumerable.Range(0, 100).Select(n => $"other-{n}")
        .First(p => CommandClient.PartitionOf(p) != CommandClient.PartitionOf(Pool));

    /// <summary>Broker and registry in processes of their own, and where an instance of the engine listens.</summary>
    private sealed class Parts : IAsyncDisposable
    {
        private readonly TemporaryDirectory directory;
        private readonly Server broker;

        private Parts(TemporaryDirectory directory)
        {
            this.directory = directory;
            (broker, var kafka) = Servers.Broker(directory["broker"]);
            (Registry, var registry) = Servers.Broker(directory["registry"]);
            Deployment = kafka with { Registry = registry.Registry };
        }

        public Server Registry { get; }

        public Deployment Deployment { get; }

        public int ConsolePort { get; } = AllocProcess.FreePort();

        public static async Task<Parts> StartAsync(TemporaryDirectory directory)
        {
            var parts = new Parts(directory);
            await parts.broker.StartAsync();
            await parts.Registry.StartAsync();
            return parts;
        }

        public Server NewEngine() => Servers.Engine(Deployment, directory["engine"], ConsolePort);

        public async Task TakeRegistryAwayAsync(bool hangs)
        {
            if (hangs)
            {
                Registry.Process.Signal(NativeSignal.Stop);
                return;
            }
            await Registry.KillAsync();
        }

        public async Task BringRegistryBackAsync(bool hung)
        {
            if (hung)
            {
                Registry.Process.Signal(NativeSignal.Continue);
                return;
            }
            await Registry.StartAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await Registry.DisposeAsync();
            await broker.DisposeAsync();
        }
    }
}
