using Alloc.Engine.LogClient;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Confluent.Kafka;
using Engine.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engine.Tests;

public sealed class RecoveryTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    [Theory]
    [InlineData(CommitFault.FailsBefore, LogFailure.NewProducer)]
    [InlineData(CommitFault.FailsAfter, LogFailure.NewProducer)]
    [InlineData(CommitFault.FailsBefore, LogFailure.Abort)]
    [InlineData(CommitFault.FailsAfter, LogFailure.RetryCall)]
    [InlineData(CommitFault.FailsAfter, LogFailure.Rejoin)]
    public async Task A_commit_with_an_unknown_outcome_is_never_guessed(CommitFault fault, LogFailure failure)
    {
        var run = await LedgerRun.CreateAsync(cluster, 2);
        var options = run.Options();
        var log = new FaultyLog(new KafkaLogClient(options, NullLoggerFactory.Instance))
        {
            Failure = failure,
            OnCommit = number => number % 7 == 3 && number < 30 ? fault : null,
        };
        await using var application = await run.StartAsync(options, Seams(log));
        // A group on Apache Kafka takes seconds to form; all batches would be one commit.
        await Until.RunningAsync(application);

        for (var batch = 0; batch < 20; batch++)
        {
            var first = batch * 50;
            cluster.Produce(run.Commands, Enumerable.Range(first, 50)
                .Select(n => ((string?)$"pool-{n % 10}", (string?)$"hold {n}")));
        }

        run.AssertExactlyOnce(1_000);
        Assert.True(log.InitializationCount > options.ProducersPerThread, "no commit failed");
    }

    [Fact]
    public async Task A_fenced_producer_starts_again_from_the_committed_offsets()
    {
        var run = await LedgerRun.CreateAsync(cluster, 2);
        var options = run.Options() with { InstanceId = "one" };
        await using var application = await run.StartAsync(options);
        cluster.Produce(
            run.Commands, Enumerable.Range(0, 500).Select(n => ((string?)$"pool-{n % 10}", (string?)$"hold {n}")));
        run.AssertExactlyOnce(500);

        for (var producer = 0; producer < options.ProducersPerThread; producer++)
        {
            using var thief = new ProducerBuilder<byte[], byte[]>(
            [
                new("bootstrap.servers", cluster.BootstrapServers), new(
                    "transactional.id", $"{run.Name}-one-1-{producer}"),
            ]).Build();
            thief.InitTransactions(TimeSpan.FromSeconds(10));
        }
        cluster.Produce(
            run.Commands, Enumerable.Range(500, 500).Select(n => ((string?)$"pool-{n % 10}", (string?)$"hold {n}")));

        run.AssertExactlyOnce(1_000);
    }

    [Fact]
    public async Task Partitions_move_between_instances_and_nothing_is_lost_or_doubled()
    {
        var run = await LedgerRun.CreateAsync(cluster, 4);
        await using var first = await run.StartAsync(run.Options() with { InstanceId = "first" });
        await Until.RunningAsync(first);
        cluster.Produce(
            run.Commands, Enumerable.Range(0, 1_000).Select(n => ((string?)$"pool-{n % 40}", (string?)$"hold {n}")));

        var second = await run.StartAsync(run.Options() with { InstanceId = "second" });
        for (var batch = 0; batch < 20; batch++)
        {
            cluster.Produce(
                run.Commands, Enumerable.Range(0, 100).Select(n => ((string?)$"pool-{n % 40}", (string?)$"hold {n}")));
        }
        await Until.TrueAsync(() => first.Tasks.Count == 2 && second.Tasks.Count == 2, "two tasks each", 60);
        await second.DisposeAsync();
        for (var batch = 0; batch < 20; batch++)
        {
            cluster.Produce(
                run.Commands, Enumerable.Range(0, 100).Select(n => ((string?)$"pool-{n % 40}", (string?)$"hold {n}")));
        }
        await Until.TrueAsync(() => first.Tasks.Count == 4, "all tasks back", 60);

        run.AssertExactlyOnce(5_000);
    }

    [Fact]
    public async Task Several_threads_share_the_partitions()
    {
        var run = await LedgerRun.CreateAsync(cluster, 4);
        await using var application = await run.StartAsync(run.Options() with { ThreadCount = 2 });

        cluster.Produce(
            run.Commands, Enumerable.Range(0, 4_000).Select(n => ((string?)$"pool-{n % 100}", (string?)$"hold {n}")));

        run.AssertExactlyOnce(4_000);
        Assert.Equal(4, application.Tasks.Count);
    }

    internal static StreamsSeams Seams(ILogClient log) =>
        new(log, new Alloc.Engine.State.RocksDb.RocksDbStateProvider(new StateStoreOptions(), LocalFileSystem.Instance),
            LocalFileSystem.Instance);
}
