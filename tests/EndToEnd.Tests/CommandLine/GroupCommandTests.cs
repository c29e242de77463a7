using System.Text.Json.Nodes;
using Confluent.Kafka;
using EndToEnd.Tests.Http;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine;

/// <summary>What the command line tells of the groups that read our topics, ours and everybody else's.</summary>
public sealed class GroupCommandTests(SharedDev dev) : IClassFixture<SharedDev>
{
    private const string Topic = "allocation.outcomes";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_group_of_another_program_is_listed_and_described_with_lag_age_and_what_holds_it_up()
    {
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync("read-by-others", 10);
        await client.AskAsync(
            CommandClient.Command("read-by-others-1", "read-by-others", CommandClient.Hold("r", 1)));
        var partition = CommandClient.PartitionOf("read-by-others");
        Commit("warehouse-feed", partition, 0);

        var list = await RunAsync("group", "list", "-o", "json");
        var describe = await RunAsync("group", "describe", "warehouse-feed", "-o", "jsonl");
        var table = await RunAsync("group", "describe", "warehouse-feed");

        Assert.Equal((0, ""), (list.ExitCode, list.Error));
        var listed = JsonNode.Parse(list.Out)!.AsArray()
            .Single(g => g!["group"]!.GetValue<string>() == "warehouse-feed")!;
        Assert.Equal(("Empty", 0), (listed["state"]!.GetValue<string>(), listed["members"]!.GetValue<int>()));
        var row = JsonNode.Parse(describe.Out)!;
        Assert.Equal(
            (Topic, partition, 0L), (row["topic"]!.GetValue<string>(), row["partition"]!.GetValue<int>(),
                row["committed"]!.GetValue<long>()));
        Assert.InRange(row["lag"]!.GetValue<long>(), 2, 1_000);
        Assert.Equal(row["lag"]!.GetValue<long>(), listed["lag"]!.GetValue<long>());
        Assert.InRange(row["ageSeconds"]!.GetValue<double>(), 0, 600);
        Assert.Equal("nobody in the group has it: the group has no members", row["why"]!.GetValue<string>());
        Assert.Contains("warehouse-feed  Empty  0 member(s)", table.Out, StringComparison.Ordinal);
        Assert.Contains("HELD UP BY", table.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task How_a_group_fares_is_said_by_the_instance_that_watches_it_for_one_look_cannot_tell()
    {
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync("set-back", 10);
        await client.StockAsync("set-back", 10);
        var partition = CommandClient.PartitionOf("set-back");
        using var console = new InstanceConsole(dev.Deployment.Console);
        Commit("set-back", partition, 1);
        await console.UntilAsync("v1/groups", a => Seen(a.Text)?["committed"]?.GetValue<long>() == 1, Deadline);
        Commit("set-back", partition, 0);
        await console.UntilAsync("v1/groups", a => $"{Seen(a.Text)?["status"]}" == "rewind", Deadline);

        var list = await RunAsync("group", "list", "-o", "json");
        var describe = await RunAsync("group", "describe", "set-back", "-o", "jsonl");

        Assert.Equal("rewind", JsonNode.Parse(list.Out)!.AsArray()
            .Single(g => g!["group"]!.GetValue<string>() == "set-back")!["status"]!.GetValue<string>());
        Assert.Equal("rewind", JsonNode.Parse(describe.Out)!["status"]!.GetValue<string>());

        static JsonNode? Seen(string groups) => JsonNode.Parse(groups)!["groups"]?.AsArray()
            .SingleOrDefault(g => g!["group"]!.GetValue<string>() == "set-back")?["partitions"]!.AsArray().Single();
    }

    [Fact]
    public async Task A_watch_shows_what_changes_until_it_is_stopped()
    {
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync("watched-live", 10);
        await client.StockAsync("watched-live", 10);
        var partition = CommandClient.PartitionOf("watched-live");
        Commit("watched-live", partition, 1);

        await using var watch = AllocProcess.Start(
            "group", "describe", "watched-live", "--watch", "--interval", "300ms", "-o", "jsonl", "--bootstrap",
            dev.Deployment.Bootstrap);
        var first = await watch.WaitForLineAsync("\"committed\":1,", Deadline);
        Commit("watched-live", partition, 2);
        var second = await watch.WaitForLineAsync("\"committed\":2,", Deadline);
        watch.Signal(NativeSignal.Terminate);
        var end = await watch.WaitForExitAsync(Deadline);

        Assert.Equal(1, Lag(first) - Lag(second));
        Assert.Equal((130, ""), (end.ExitCode, end.Error));

        static long Lag(string row) => JsonNode.Parse(row)!["lag"]!.GetValue<long>();
    }

    [Fact]
    public async Task A_group_that_is_not_there_is_not_found()
    {
        var run = await RunAsync("group", "describe", "no-such-group");

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("There is no group no-such-group", run.Error, StringComparison.Ordinal);
        Assert.Contains("alloc group list", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10ms")]
    [InlineData("2h")]
    [InlineData("soon")]
    public async Task An_interval_that_is_none_is_refused(string interval)
    {
        var run = await RunAsync("group", "list", "--watch", "--interval", interval);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"'{interval}'", run.Error, StringComparison.Ordinal);
    }

    /// <summary>Commits for a group without members.</summary>
    private void Commit(string group, int partition, long offset)
    {
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig
        {
            BootstrapServers = dev.Deployment.Bootstrap,
            GroupId = group,
            EnableAutoCommit = false,
            BrokerAddressFamily = BrokerAddressFamily.V4,
        }).SetLogHandler((_, _) => { }).Build();
        consumer.Commit([new TopicPartitionOffset(Topic, partition, offset)]);
    }

    private Task<CommandLineRun> RunAsync(params string[] arguments) => CommandLineRun.OfAsync(
        arguments, ("ALLOC_BOOTSTRAP", dev.Deployment.Bootstrap), ("ALLOC_CONSOLE", dev.Deployment.Console),
        ("ALLOC_TIMEOUT", "60s"));
}
