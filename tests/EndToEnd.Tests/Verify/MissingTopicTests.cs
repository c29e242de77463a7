using Alloc.Broker;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Client.Kafka;
using Confluent.Kafka.Admin;
using EndToEnd.Tests.CommandLine;
using EndToEnd.Tests.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace EndToEnd.Tests.Verify;

/// <summary>
/// Whoever reads a history creates no topic, not even on a broker that creates those that are asked for; one that must
/// be there is named, one that need not be is nothing to read.
/// </summary>
public sealed class MissingTopicTests : IAsyncLifetime
{
    private const string Prefix = "far.";
    private readonly TemporaryDirectory directory = new();
    private EmbeddedBroker broker = null!;

    private AllocClientOptions Settings => new()
    {
        Bootstrap = $"127.0.0.1:{broker.Port}",
        Registry = new Uri("http://127.0.0.1:1"),
        Timeout = TimeSpan.FromSeconds(20),
    };

    public async ValueTask InitializeAsync() => broker = await EmbeddedBroker.StartAsync(
        new BrokerOptions { DataDirectory = directory["kafka"], Port = 0, AutoCreateTopics = true },
        TimeProvider.System, NullLoggerFactory.Instance, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await broker.DisposeAsync();
        directory.Dispose();
    }

    [Theory]
    [InlineData("commands")]
    [InlineData("commands", "outcomes")]
    [InlineData("commands", "outcomes", "availability")]
    public async Task A_topic_that_must_be_there_is_named(params string[] topics)
    {
        // All but the last: that is the one that is missing.
        await CreateAsync(2, topics[..^1]);
        var before = Topics();

        var run = await RunAsync("verify");

        Assert.Equal(ExitCode.NotFound, run.ExitCode);
        Assert.Contains($"There is no topic {Prefix}allocation.{topics[^1]}", run.Error, StringComparison.Ordinal);
        Assert.Equal(before, Topics());
    }

    [Fact]
    public async Task A_topic_that_need_not_be_there_is_nothing_to_read()
    {
        await CreateAsync(2, "commands", "outcomes", "availability");
        var before = Topics();

        var run = await RunAsync("verify");

        Assert.True(run.ExitCode == ExitCode.Ok, run.Error + run.Out);
        Assert.Equal(before, Topics());
    }

    [Theory]
    [InlineData("availability")]
    [InlineData("commands.urgent")]
    [InlineData("shadow.outcomes")]
    public async Task Topics_with_other_partitions_do_not_fit_together(string other)
    {
        await CreateAsync(2, [.. new[] { "commands", "outcomes", "availability" }.Where(t => t != other)]);
        await CreateAsync(3, other);

        var run = await RunAsync("verify");

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains($"{Prefix}allocation.{other} has 3 partitions", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify", "--wait", "1s")]
    [InlineData("policy", "diff", "--replay", "1h")]
    [InlineData("topic", "tail", "allocation.commands")]
    [InlineData("shadow", "report")]
    public async Task Nothing_is_created_by_reading(params string[] command)
    {
        var run = await RunAsync(command);

        Assert.NotEqual(ExitCode.Ok, run.ExitCode);
        Assert.Contains(Prefix, run.Error, StringComparison.Ordinal);
        Assert.Empty(Topics());
    }

    private Task<CommandLineRun> RunAsync(params string[] command) => CommandLineRun.OfAsync(
        [
            .. command, "--bootstrap", Settings.Bootstrap, "--registry", "http://127.0.0.1:1", "--topic-prefix",
            Prefix,
        ]);

    private async Task CreateAsync(int partitions, params string[] names)
    {
        if (names.Length == 0)
        {
            return;
        }
        using var admin = new KafkaClients(Settings).Admin();
        await admin.CreateTopicsAsync(names.Select(name => new TopicSpecification
        {
            Name = $"{Prefix}allocation.{name}",
            NumPartitions = partitions,
            ReplicationFactor = 1,
        }));
    }

    private string[] Topics()
    {
        using var admin = new KafkaClients(Settings).Admin();
        return
        [
            .. admin.GetMetadata(Settings.Timeout).Topics.Select(t => t.Topic)
                .Where(t => t.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal),
        ];
    }
}
