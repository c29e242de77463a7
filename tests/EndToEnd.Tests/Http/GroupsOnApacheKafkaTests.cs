using Alloc.Client;
using Alloc.Host.Lag;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Http;

/// <summary>Groups of an Apache Kafka, of both its protocols, and a transaction that stands open there.</summary>
public sealed class GroupsOnApacheKafkaTests
{
    private const string Topic = "in";
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(60);
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Members_offsets_lag_and_an_open_transaction_are_told_of_both_protocols()
    {
        ApacheKafka.SkipUnlessPresent();
        using var directory = new TemporaryDirectory();
        await using var kafka = await ApacheKafka.StartAsync(directory["kafka"]);
        await ProduceAsync(kafka.Bootstrap);
        using var classic = Join(kafka.Bootstrap, "classic", GroupProtocol.Classic);
        using var newer = Join(kafka.Bootstrap, "newer", GroupProtocol.Consumer);
        foreach (var consumer in new[] { classic, newer })
        {
            consumer.Commit([new TopicPartitionOffset(Topic, 0, 5)]);
        }
        using var transaction = await ForeignTransaction.OpenAsync(
            new Deployment(kafka.Bootstrap, ""), "nightly-batch", new TopicPartition(Topic, 0));
        using var watch = new LagWatch(
            new LagWatchOptions
            {
                Client = new AllocClientOptions
                {
                    Bootstrap = kafka.Bootstrap,
                    Registry = new Uri("http://127.0.0.1:1"),
                },
                WatchesTopic = topic => topic == Topic,
            },
            TimeProvider.System);

        watch.Look();
        watch.Look();

        Assert.Null(watch.Report.Problem);
        Assert.Equal(["classic", "newer"], watch.Report.Groups.Select(g => g.Name));
        foreach (var group in watch.Report.Groups)
        {
            var lag = Assert.Single(group.Partitions);
            Assert.Equal(("Stable", 1), (group.State, group.MemberCount));
            Assert.Equal((5L, 6L, 1L), (lag.Committed, lag.End, lag.LagRecords));
            Assert.Equal($"{group.Name}-client", lag.Owner!.ClientId);
            Assert.Contains("transactional id nightly-batch, since 20", lag.Why, StringComparison.Ordinal);
            Assert.InRange(lag.Age(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds())!.Value.TotalSeconds, 0, 300);
        }
        transaction.Abort();
    }

    private static async Task ProduceAsync(string bootstrap)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = Topic, NumPartitions = 1 }]);
        using var producer = new ProducerBuilder<Null, byte[]>(new ProducerConfig { BootstrapServers = bootstrap })
            .Build();
        for (var n = 0; n < 5; n++)
        {
            await producer.ProduceAsync(
                new TopicPartition(Topic, 0), new Message<Null, byte[]> { Value = [1] }, Cancellation);
        }
    }

    private static IConsumer<Ignore, Ignore> Join(string bootstrap, string group, GroupProtocol protocol)
    {
        var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = group,
            GroupProtocol = protocol,
            ClientId = $"{group}-client",
            EnableAutoCommit = false,
            AutoOffsetReset = AutoOffsetReset.Earliest,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        consumer.Subscribe(Topic);
        var given = DateTimeOffset.UtcNow + CallTimeout;
        while (consumer.Assignment.Count == 0)
        {
            Assert.True(DateTimeOffset.UtcNow < given, $"{group} is given no partition.");
            consumer.Consume(TimeSpan.FromMilliseconds(50));
        }
        return consumer;
    }
}
