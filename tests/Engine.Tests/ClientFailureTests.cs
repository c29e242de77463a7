using Alloc.Broker;
using Alloc.Engine.LogClient;
using Alloc.Engine.Runtime;
using Confluent.Kafka;
using Engine.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using TopicPartition = Alloc.Engine.LogClient.TopicPartition;

namespace Engine.Tests;

/// <summary>Failures that come up in the client itself: deliveries, its queue, its membership.</summary>
public sealed class ClientFailureTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    [Fact]
    public async Task A_full_local_queue_makes_sending_wait_and_does_not_fail()
    {
        var run = await LedgerRun.CreateAsync(cluster, 1);
        var options = run.Options() with
        {
            ClientConfiguration = new Dictionary<string, string> { ["queue.buffering.max.messages"] = "50" },
        };
        var log = new FaultyLog(new KafkaLogClient(options, NullLoggerFactory.Instance));
        var commands = Enumerable.Range(0, 5_000).Select(n => ((string?)$"pool-{n % 10}", (string?)$"hold {n}"));
        cluster.Produce(run.Commands, commands);

        await using var application = await run.StartAsync(options, RecoveryTests.Seams(log));

        run.AssertExactlyOnce(5_000);
        Assert.Equal(options.ProducersPerThread, log.InitializationCount);
        Assert.True(log.CommitCount < 100, $"{log.CommitCount} commits: no transaction was larger than the queue");
    }

    [Fact]
    public async Task A_record_that_the_broker_refuses_fails_its_transaction_and_stops_the_application()
    {
        var run = await LedgerRun.CreateAsync(cluster, 1, ("max.message.bytes", "4000"));
        cluster.Produce(run.Commands, [("a", "hold"), ("a", "hold " + Incompressible(8_000)), ("a", "hold")]);

        await using var application = await run.StartAsync(run.Options());
        await Until.TrueAsync(() => application.State == StreamsState.Error, "stopped", 60);

        Assert.Contains("too large", application.Failure!.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(cluster.ReadAll(run.Outcomes));
        using var tool = new ConsumerBuilder<byte[], byte[]>(
            [new("bootstrap.servers", cluster.BootstrapServers), new("group.id", run.Name)]).Build();
        Assert.Equal(Offset.Unset, tool.Committed([new(run.Commands, 0)], TimeSpan.FromSeconds(5))[0].Offset);
    }

    [Fact]
    public async Task A_delivery_that_times_out_fails_the_commit_and_nothing_is_lost_or_doubled()
    {
        var directory = cluster.NewDirectory("broker");
        var broker = await StartBrokerAsync(directory, 0);
        var own = new TestCluster(broker.BootstrapServers);
        var run = await LedgerRun.CreateAsync(own, 1);
        var options = run.Options(cluster.NewDirectory("state")) with { TransactionTimeout = TimeSpan.FromSeconds(2) };
        var log = new FaultyLog(new KafkaLogClient(options, NullLoggerFactory.Instance));
        await using (var application = await run.StartAsync(options, RecoveryTests.Seams(log)))
        {
            await Until.RunningAsync(application);
            own.Produce(run.Commands, [("a", "hold")]);
            run.AssertExactlyOnce(1);
            var port = int.Parse(broker.BootstrapServers.Split(':')[1]);
            var stopping = 0;
            log.BeforeSend = () =>
            {
                if (Interlocked.Exchange(ref stopping, 1) == 0)
                {
                    broker.DisposeAsync().AsTask().Wait();
                }
            };
            own.Produce(run.Commands, [("a", "hold"), ("a", "hold")]);

            await Until.TrueAsync(() => log.Commits.Any(c => c.Failure is not null), "the commit failed");
            var failed = log.Commits.First(c => c.Failure is not null);
            Assert.NotEqual(CommitStage.Committed, failed.Stage);
            broker = await StartBrokerAsync(directory, port);
            run.AssertExactlyOnce(3);
            Assert.True(
                log.InitializationCount > options.ProducersPerThread, "the producer of a failed commit went on");
        }
        await broker.DisposeAsync();
    }

    [Fact]
    public async Task A_member_that_polls_too_late_hears_that_its_partitions_are_lost_and_not_revoked()
    {
        var run = await LedgerRun.CreateAsync(cluster, 1);
        var options = run.Options() with { MaxPollInterval = TimeSpan.FromSeconds(6) };
        var listener = new Listener();
        using var consumer = new KafkaLogClient(options, NullLoggerFactory.Instance)
            .CreateGroupConsumer(new GroupConsumerOptions("client", $"{run.Name}-1", ReadHeaders: false));
        consumer.Subscribe([run.Commands], listener);
        await PollUntilAsync(consumer, () => listener.Calls.Contains("assigned"), "assigned");
        consumer.Assign([new(new(run.Commands, 0), 0)]);

        // What is tested is the time without a poll itself.
        await Task.Delay(options.MaxPollInterval + TimeSpan.FromSeconds(2));
        await PollUntilAsync(consumer, () => listener.Calls.Contains("lost"), "lost");

        Assert.Equal(["assigned", "lost"], listener.Calls.Take(2));
        Assert.False(string.IsNullOrEmpty(listener.MemberId));
        consumer.Close();
    }

    [Fact]
    public async Task A_static_member_stays_in_the_group_when_it_shuts_down_and_takes_its_place_again()
    {
        var run = await LedgerRun.CreateAsync(cluster, 2);
        var options = run.Options() with
        {
            InstanceId = "one",
            Endpoint = "http://127.0.0.1:8233",
            SessionTimeout = TimeSpan.FromSeconds(30),
        };
        using var admin = new KafkaLogClient(options, NullLoggerFactory.Instance).CreateAdmin("test");
        await using (var first = await run.StartAsync(options))
        {
            await Until.RunningAsync(first);
            await first.StopAsync();
        }

        var member = Assert.Single(admin.Members());
        Assert.Equal($"{run.Name}-one-1|http://127.0.0.1:8233", member.ClientId);
        Assert.Equal(2, member.Partitions.Count);
        await using var second = await run.StartAsync(options);
        await Until.TrueAsync(() => second.Tasks.Count == 2, "both tasks back, long before the session ends", 20);
    }

    [Fact]
    public async Task Checkpoints_are_written_on_schedule()
    {
        var run = await LedgerRun.CreateAsync(cluster, 1);
        var directory = cluster.NewDirectory("checkpoints");
        await using var application = await run.StartAsync(run.Options() with
        {
            CheckpointDirectory = directory,
            CheckpointInterval = TimeSpan.FromMilliseconds(300),
        });
        var task = Path.Combine(directory, run.Name, "0_0");
        var newest = () => Directory.Exists(task) ? Directory.GetDirectories(task).Max(Path.GetFileName) : null;

        cluster.Produce(run.Commands, [("a", "hold")]);
        run.AssertExactlyOnce(1);
        await Until.TrueAsync(
            () => newest() is not (null or "00000000000000000000"), "a checkpoint of the first command");
        var first = newest();
        cluster.Produce(run.Commands, [("a", "hold")]);

        await Until.TrueAsync(() => string.CompareOrdinal(newest(), first) > 0, "a later one");
    }

    private static async Task<EmbeddedBroker> StartBrokerAsync(string directory, int port) =>
        await EmbeddedBroker.StartAsync(
        new BrokerOptions { DataDirectory = directory, Port = port, Durability = DurabilityMode.Os },
        TimeProvider.System, NullLoggerFactory.Instance);

    private static string Incompressible(int length)
    {
        var bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return Convert.ToHexString(bytes);
    }

    private static Task PollUntilAsync(
        ILogConsumer consumer, Func<bool> condition, string what) => Until.TrueAsync(() =>
    {
        try
        {
            consumer.Poll(TimeSpan.FromMilliseconds(50), out _);
        }
        catch (LogException error) when (error.Failure == LogFailure.Rejoin)
        {
            // A poll that comes too late says so first.
        }
        return condition();
    }, what);

    private sealed class Listener : IRebalanceListener
    {
        public List<string> Calls { get; } = [];

        public string? MemberId { get; private set; }

        public void OnAssigned(IReadOnlyList<TopicPartition> partitions, LogGroupMetadata? metadata)
        {
            Calls.Add("assigned");
            MemberId = metadata?.MemberId;
        }

        public void OnRevoked(IReadOnlyList<TopicPartition> partitions) => Calls.Add("revoked");

        public void OnLost(IReadOnlyList<TopicPartition> partitions) => Calls.Add("lost");
    }
}
