using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Confluent.Kafka;
using Engine.Tests.Support;

namespace Engine.Tests;

public sealed class HardRecordsTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    [Fact]
    public async Task A_record_that_is_declared_bad_is_a_dead_letter_and_the_partition_goes_on()
    {
        var run = await LedgerRun.CreateAsync(cluster, 1);
        await using var application = await run.StartAsync(run.Options());

        cluster.Produce(run.Commands, [("a", "hold"), ("a", "bad"), ("a", "bad"), ("a", "hold")]);

        var outcomes = cluster.ReadUntil(run.Outcomes, l => l.Count >= 2);
        var letters = cluster.ReadUntil(run.DeadLetters, l => l.Count >= 2);
        Assert.Equal([1, 2], outcomes.Select(o => LedgerTopology.Outcome.Parse(o.Value!).Sequence));
        Assert.Equal(["bad", "bad"], letters.Select(l => l.Value));
        Assert.Equal(["not a command", "not a command"],
            letters.Select(l => l.Header("__streams.errors.message")));
        Assert.Equal(["1", "2"], letters.Select(l => l.Header("__streams.errors.offset")));
        Assert.All(letters, l => Assert.Equal(run.Commands, l.Header("__streams.errors.topic")));
        Assert.All(letters, l => Assert.Equal("invalid", l.Header("__alloc.errors.kind")));
    }

    [Fact]
    public async Task While_a_dependency_is_away_its_partition_waits_says_so_and_skips_nothing()
    {
        var run = await LedgerRun.CreateAsync(cluster, 1);
        run.Topology.IsDependencyDown = true;
        await using var application = await run.StartAsync(run.Options());

        cluster.Produce(run.Commands, [("a", "hold"), ("a", "wait"), ("a", "hold")]);
        await Until.TrueAsync(() => application.Tasks.Any(t => t.WaitingFor is not null), "waiting");
        Assert.Contains("the registry is not available", application.Tasks[0].WaitingFor, StringComparison.Ordinal);
        Assert.Equal(StreamsState.Running, application.State);
        run.Topology.IsDependencyDown = false;

        run.AssertExactlyOnce(3);
        Assert.Empty(cluster.ReadAll(run.DeadLetters));
        Assert.Null(application.Tasks[0].WaitingFor);
    }

    [Fact]
    public async Task While_a_dependency_is_away_restoring_waits_says_so_and_goes_on_where_it_was()
    {
        var run = await LedgerRun.CreateAsync(cluster, 1);
        await using (await run.StartAsync(run.Options()))
        {
            cluster.Produce(run.Commands, [("a", "hold"), ("a", "wait"), ("a", "hold")]);
            run.AssertExactlyOnce(3);
        }
        run.Topology.IsDependencyDown = true;
        await using var application = await run.StartAsync(run.Options());
        await Until.TrueAsync(() => application.RestoreProgress.Any(p => p.WaitingFor is not null), "waiting");
        var progress = Assert.Single(application.RestoreProgress);

        run.Topology.IsDependencyDown = false;
        await Until.RunningAsync(application);
        cluster.Produce(run.Commands, [("a", "hold")]);

        Assert.Contains("the registry is not available", progress.WaitingFor, StringComparison.Ordinal);
        Assert.Equal(1, progress.Restored);
        run.AssertExactlyOnce(4);
        Assert.Null(application.Tasks[0].WaitingFor);
    }

    [Fact]
    public async Task Timers_fire_on_an_idle_partition_by_a_tick_in_its_own_input()
    {
        var run = await LedgerRun.CreateAsync(cluster, 2);
        await using var application = await run.StartAsync(run.Options());

        cluster.Produce(run.Commands, [("a", "timer 300")]);

        var outcomes = cluster.ReadUntil(run.Outcomes, l => l.Count >= 2);
        var expired = LedgerTopology.Outcome.Parse(outcomes[1].Value!);
        Assert.Contains("expired", expired.Body, StringComparison.Ordinal);
        var ticks = cluster.ReadAll(run.Commands).Where(c => c.Key == "$tick").ToList();
        Assert.InRange(ticks.Count, 1, 5);
        Assert.Contains(ticks, t => t.Offset == expired.Offset && t.Partition == expired.Partition);
    }

    [Fact]
    public async Task A_record_from_the_future_stops_its_partition_until_time_catches_up()
    {
        var run = await LedgerRun.CreateAsync(cluster, 1);
        await using var application =
            await run.StartAsync(run.Options() with { MaxClockSkew = TimeSpan.FromSeconds(-3) });

        cluster.Produce(run.Commands, [("a", "hold")]);
        await Until.TrueAsync(() => application.Tasks.Any(t => t.WaitingFor is not null), "waiting");
        Assert.Contains("ahead of this host's clock", application.Tasks[0].WaitingFor, StringComparison.Ordinal);

        run.AssertExactlyOnce(1);
    }

    [Fact]
    public async Task Lag_is_zero_when_all_is_committed_though_markers_end_the_input()
    {
        var run = await LedgerRun.CreateAsync(cluster, 1);
        await using var application = await run.StartAsync(run.Options());
        await Until.RunningAsync(application);
        using var producer = new ProducerBuilder<byte[], byte[]>(
        [
            new("bootstrap.servers", cluster.BootstrapServers), new(
                "transactional.id", TestCluster.UniqueName("input")),
        ]).Build();
        producer.InitTransactions(TimeSpan.FromSeconds(10));
        producer.BeginTransaction();
        producer.Produce(
            run.Commands, new Message<byte[], byte[]> { Key = "a"u8.ToArray(), Value = "hold"u8.ToArray() });
        producer.CommitTransaction();

        run.AssertExactlyOnce(1);
        using var tool = new ConsumerBuilder<byte[], byte[]>(
            [new("bootstrap.servers", cluster.BootstrapServers), new("group.id", run.Name)]).Build();
        await Until.TrueAsync(() => tool.Committed(
            [new(run.Commands, 0)], TimeSpan.FromSeconds(5))[0].Offset.Value == 2, "the marker's offset committed");
    }

    [Fact]
    public async Task Committed_state_is_read_from_other_threads_and_the_group_tells_who_owns_what()
    {
        var run = await LedgerRun.CreateAsync(cluster, 2);
        await using var application = await run.StartAsync(run.Options() with { Endpoint = "http://127.0.0.1:8233" });
        cluster.Produce(
            run.Commands, Enumerable.Range(0, 100).Select(n => ((string?)$"pool-{n % 10}", (string?)"hold")));
        run.AssertExactlyOnce(100);

        await Until.TrueAsync(() => application.Query<string, string>(LedgerTopology.StoreName)
            .Sum(s => s.Value.All().Sum(e => int.Parse(e.Value))) == 100, "all committed and visible");
        var partition = Murmur2.Partition(Encoding.UTF8.GetBytes("pool-3"), 2);
        Assert.Equal("10", application.Query<string, string>(LedgerTopology.StoreName, partition)!.Get("pool-3"));
        Assert.Null(application.Query<string, string>(LedgerTopology.StoreName, 7));
        Assert.Throws<TopologyException>(() => application.Query<string, string>("none", 0));

        var owner = application.FindOwner(run.Commands, partition);
        Assert.Equal("http://127.0.0.1:8233", owner!.Endpoint);
        Assert.True(owner.IsThisInstance);
    }
}
