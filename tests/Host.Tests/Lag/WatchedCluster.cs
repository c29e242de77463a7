using Alloc.Broker;
using Alloc.Client;
using Alloc.Host.Lag;
using Alloc.Tests.Support;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Host.Tests.Lag;

/// <summary>
/// A broker over TCP with real producers and consumers, and a watch whose clock the test moves: it stands as far before
/// the real one as the test said, so a minute's looks take no minute.
/// </summary>
internal sealed class WatchedCluster : IAsyncDisposable
{
    public const string User = "watcher";
    public const string Password = "secret";
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("alloc-lag-");
    private readonly FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
    private readonly List<LagWatch> watches = [];
    private readonly BrokerOptions options;
    private EmbeddedBroker broker = null!;
    private TimeSpan ahead;

    private WatchedCluster(bool isSecured) => options = new BrokerOptions
    {
        DataDirectory = Path.Combine(directory.FullName, "broker"),
        Port = LeasedPorts.Take(),
        Durability = DurabilityMode.Os,
        Credentials = isSecured ? new Dictionary<string, string> { [User] = Password } : [],
    };

    /// <summary>How a client reaches it.</summary>
    public AllocClientOptions Client => new()
    {
        Bootstrap = $"127.0.0.1:{options.Port}",
        Registry = new Uri("http://127.0.0.1:1"),
        KafkaProperties = options.Credentials.Count == 0 ? new Dictionary<string, string>() : new()
        {
            ["security.protocol"] = "sasl_plaintext",
            ["sasl.mechanism"] = "PLAIN",
            ["sasl.username"] = User,
            ["sasl.password"] = Password,
        },
    };

    /// <summary>The same for somebody whom a secured broker does not let in.</summary>
    public AllocClientOptions Stranger => Client with
    {
        KafkaProperties = new Dictionary<string, string>(Client.KafkaProperties) { ["sasl.password"] = "wrong" },
    };

    /// <summary>The watch's clock.</summary>
    public TimeProvider Clock => clock;

    public static async Task<WatchedCluster> StartAsync(bool isSecured = false)
    {
        var cluster = new WatchedCluster(isSecured);
        await cluster.StartBrokerAsync();
        return cluster;
    }

    public async Task StartBrokerAsync() => broker = await EmbeddedBroker.StartAsync(
        options, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);

    public Task StopBrokerAsync() => broker.StopAsync();

    /// <summary>A watch over all topics; closed with the cluster.</summary>
    public LagWatch Watch(Func<LagWatchOptions, LagWatchOptions>? configure = null, IGroupSource? source = null)
    {
        var watched = new LagWatchOptions { Client = Client, WatchesTopic = _ => true };
        var watch = new LagWatch(configure?.Invoke(watched) ?? watched, clock, source);
        watches.Add(watch);
        return watch;
    }

    /// <summary>Lets time go by and looks.</summary>
    public LagReport Look(LagWatch watch, TimeSpan later = default)
    {
        ahead += later;
        clock.SetUtcNow(DateTimeOffset.UtcNow + ahead);
        watch.Look();
        return watch.Report;
    }

    /// <summary>Looks every five seconds for a window and a little more.</summary>
    public LagReport LookForAWindow(LagWatch watch)
    {
        for (var look = 0; look < 14; look++)
        {
            Look(watch, TimeSpan.FromSeconds(5));
        }
        return watch.Report;
    }

    /// <summary>A group in a partition as it was seen last, by the clock of now.</summary>
    public (PartitionLag Lag, TimeSpan? Age) Read(LagReport report, string group, string topic, int partition = 0)
    {
        var lag = report.Groups.Single(g => g.Name == group).Partitions
            .Single(p => p.Partition == new Alloc.Engine.LogClient.TopicPartition(topic, partition));
        return (lag, lag.Age(clock.GetUtcNow().ToUnixTimeMilliseconds()));
    }

    public async Task TopicAsync(string name, int partitions = 1, bool isBrokersClock = true)
    {
        using var admin = new AdminClientBuilder(Config(new AdminClientConfig())).Build();
        await admin.CreateTopicsAsync([new TopicSpecification
        {
            Name = name,
            NumPartitions = partitions,
            ReplicationFactor = 1,
            Configs = new() { ["message.timestamp.type"] = isBrokersClock ? "LogAppendTime" : "CreateTime" },
        }]);
    }

    /// <summary>Writes records, stamped by a producer whose clock is off.</summary>
    public async Task ProduceAsync(string topic, int count, int partition = 0, TimeSpan clockOff = default)
    {
        using var producer = new ProducerBuilder<byte[]?, byte[]?>(Config(new ProducerConfig { LingerMs = 5 })).Build();
        var stamp = new Timestamp(DateTimeOffset.UtcNow + clockOff);
        await Task.WhenAll(Enumerable.Range(0, count).Select(n => producer.ProduceAsync(
            new TopicPartition(topic, partition), new Message<byte[]?, byte[]?> { Value = [1], Timestamp = stamp })));
    }

    /// <summary>A member of a group, once it has its partitions; the caller's to dispose of.</summary>
    public IConsumer<byte[]?, byte[]?> Join(string group, string topic)
    {
        var consumer = Consumer(group);
        consumer.Subscribe(topic);
        var given = DateTimeOffset.UtcNow + CallTimeout;
        while (consumer.Assignment.Count == 0)
        {
            Assert.True(DateTimeOffset.UtcNow < given, $"{group} is given no partition of {topic}.");
            consumer.Consume(TimeSpan.FromMilliseconds(50));
        }
        return consumer;
    }

    /// <summary>A consumer that joins nothing; the caller's to dispose of.</summary>
    public IConsumer<byte[]?, byte[]?> Consumer(string group) => new ConsumerBuilder<byte[]?, byte[]?>(Config(
        new ConsumerConfig
        {
            GroupId = group,
            ClientId = $"{group}-client",
            EnableAutoCommit = false,
            AutoOffsetReset = AutoOffsetReset.Earliest,
        })).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();

    /// <summary>Commits an offset for a group that has no members.</summary>
    public void Commit(string group, string topic, long offset, int partition = 0)
    {
        using var consumer = Consumer(group);
        consumer.Commit([new TopicPartitionOffset(topic, partition, offset)]);
    }

    public async Task DeleteGroupAsync(string group)
    {
        using var admin = new AdminClientBuilder(Config(new AdminClientConfig())).Build();
        await admin.DeleteGroupsAsync([group]);
    }

    public async Task DeleteRecordsAsync(string topic, long before)
    {
        using var admin = new AdminClientBuilder(Config(new AdminClientConfig())).Build();
        await admin.DeleteRecordsAsync([new TopicPartitionOffset(topic, 0, before)]);
    }

    /// <summary>A transaction with one record that stands open; the caller's to end.</summary>
    public async Task<IProducer<byte[]?, byte[]?>> OpenTransactionAsync(string topic, string id)
    {
        var producer = new ProducerBuilder<byte[]?, byte[]?>(Config(new ProducerConfig { TransactionalId = id }))
            .Build();
        producer.InitTransactions(CallTimeout);
        producer.BeginTransaction();
        await producer.ProduceAsync(new TopicPartition(topic, 0), new Message<byte[]?, byte[]?> { Value = [1] });
        return producer;
    }

    public async ValueTask DisposeAsync()
    {
        watches.ForEach(w => w.Dispose());
        await broker.DisposeAsync();
        directory.Delete(recursive: true);
    }

    private T Config<T>(T config)
        where T : ClientConfig
    {
        config.BootstrapServers = Client.Bootstrap;
        config.BrokerAddressFamily = BrokerAddressFamily.V4;
        foreach (var (key, value) in Client.KafkaProperties)
        {
            config.Set(key, value);
        }
        return config;
    }
}
