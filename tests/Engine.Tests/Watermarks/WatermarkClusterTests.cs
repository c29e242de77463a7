using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Engine.State.RocksDb;
using Alloc.Engine.Topology;
using Alloc.Engine.Watermarks;
using Confluent.Kafka;
using Engine.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engine.Tests.Watermarks;

/// <summary>Watermarks on a broker, over TCP, with RocksDB.</summary>
public sealed class WatermarkClusterTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private readonly string name = TestCluster.UniqueName("watch");

    private string Left => $"{name}.left";

    private string Right => $"{name}.right";

    private string Missed => $"{name}.missed";

    [Fact]
    public async Task Silence_closes_in_every_partition()
    {
        await CreateTopicsAsync(2);
        await using var application = await StartAsync();

        cluster.Produce(Left, [("a", "100")], partition: 0);
        cluster.Produce(Left, [("b", "100")], partition: 1);

        Assert.Equal(["a", "b"], cluster.ReadUntil(Missed, m => m.Count == 2).Select(m => m.Key).Order());
        await Until.TrueAsync(() => application.Watermarks.Count == 4
            && application.Watermarks.All(w => w.HeldBy is null && w.WatermarkMs is not null), "nothing is held");
    }

    [Fact]
    public async Task An_open_transaction_holds_what_it_hides_and_is_named()
    {
        await CreateTopicsAsync(1);
        var transactionalId = TestCluster.UniqueName("hanging");
        using var producer = new ProducerBuilder<string, string>(
            [new("bootstrap.servers", cluster.BootstrapServers), new("transactional.id", transactionalId)]).Build();
        producer.InitTransactions(TimeSpan.FromSeconds(30));
        producer.BeginTransaction();
        producer.Produce(Right, new Message<string, string> { Key = "a", Value = "" });
        producer.Flush(TimeSpan.FromSeconds(30));
        await using var application = await StartAsync();
        cluster.Produce(Left, [("a", "100"), ("b", "100")]);

        await Until.TrueAsync(
            () => Of(application, Right).HeldBy?.Contains(transactionalId, StringComparison.Ordinal) == true,
            "the transaction is named");
        var before = cluster.ReadAll(Missed).Count;
        producer.CommitTransaction(TimeSpan.FromSeconds(30));
        var missed = cluster.ReadUntil(Missed, m => m.Count > 0);

        Assert.Equal(0, before);
        Assert.Equal(["b"], missed.Select(m => m.Key));
    }

    [Fact]
    public async Task A_restart_and_a_checkpoint_keep_the_watermarks()
    {
        await CreateTopicsAsync(1);
        var checkpoints = cluster.NewDirectory("checkpoints");
        var directory = cluster.NewDirectory("state");
        long before;
        await using (var application = await StartAsync(o => o with
        {
            StateDirectory = directory,
            CheckpointDirectory = checkpoints,
        }))
        {
            cluster.Produce(Left, [("a", "100")]);
            cluster.ReadUntil(Missed, m => m.Count == 1);
            before = Of(application, Right).WatermarkMs!.Value;
            // What a timer was fired by is committed with what it did; whatever silence proved since may be lost.
            before = Math.Min(before, cluster.ReadAll(Missed)[0].TimestampMs);
            await application.CheckpointAsync();
        }
        using var provider = new RocksDbStateProvider(new StateStoreOptions(), LocalFileSystem.Instance);
        var newest = new Checkpoints(LocalFileSystem.Instance, provider, checkpoints, name)
            .FindNewest(new TaskId(0, 0), _ => true)!;
        var due = long.Parse(
            cluster.ReadAll(Missed)[0].Value!, System.Globalization.CultureInfo.InvariantCulture);

        Assert.True(newest.Position.Watermarks[Right] > due);
        await using var again = await StartAsync(o => o with { StateDirectory = directory });
        await Until.TrueAsync(() => Of(again, Right).WatermarkMs > before, "it goes on");
        cluster.Produce(Left, [("b", "100")]);
        Assert.Equal(["a", "b"], cluster.ReadUntil(Missed, m => m.Count == 2).Select(m => m.Key));
    }

    /// <summary>
    /// One partition is fast, one slow, and some offset of the group is always pending, as it is most of the time where
    /// producers take turns: who waited for stable ones would never be told any. Then the slow partition waits while
    /// the fast one goes on: what it has still to write is older than all that came from the other one.
    /// </summary>
    [Theory]
    [InlineData(PlantedFault.None, true, false)]
    [InlineData(PlantedFault.WaitsForStableOffsets, false, false)]
    [InlineData(PlantedFault.ClosesByTheFastestPartition, true, true)]
    public async Task A_busy_upstream_lets_its_source_be_known_and_makes_nothing_late(
        PlantedFault fault, bool isKnown, bool isLate)
    {
        await CreateTopicsAsync(2);
        await using var busy = await BusyUpstream.StartAsync(cluster, Options(), Left, Right, Missed, fault);
        var sinceMs = busy.HoldOffsets();
        Assert.True(busy.AreOffsetsPending());
        await busy.KnownAsync(Left, sinceMs + 3_000);
        if (!isKnown)
        {
            Assert.False(busy.KnownMs(Right) > sinceMs, "it is known though no stable offset was told");
            return;
        }
        await busy.KnownAsync(Right, sinceMs + 3_000);
        Assert.True(busy.AreOffsetsPending());

        var heldMs = busy.Hold();
        await busy.KnownAsync(Left, heldMs + 2_000);
        if (isLate)
        {
            await busy.KnownAsync(Right, heldMs + 1_000);
        }
        else
        {
            Assert.False(busy.KnownMs(Right) > heldMs, "it is known beyond what its upstream has still to write");
        }
        busy.LetGo();
        cluster.ReadUntil(Right, lines => lines.Any(l => l.Key == "held"));
        await busy.KnownAsync(Right, heldMs + 3_000);
        await busy.EndAsync();

        await Until.TrueAsync(() => !busy.AreOffsetsPending(), "stable offsets are told without the transaction");
        if (isLate)
        {
            await Until.TrueAsync(() => busy.LateCount > 0, "what the fault makes late is counted");
        }
        Assert.Equal(isLate, busy.LateCount > 0);
    }

    [Fact]
    public async Task An_upstream_that_is_stopped_holds_its_source_by_name()
    {
        await CreateTopicsAsync(1);
        var input = $"{name}.in";
        await cluster.CreateTopicAsync(input, 2, ("message.timestamp.type", "LogAppendTime"));
        cluster.Produce(input, [("a", "")], 0);
        await using var application = await StartAsync(upstream: new SourceUpstream(
            $"{name}-up", [new UpstreamSource(input)]));
        cluster.Produce(Left, [("a", "100"), ("b", "100")]);

        var held = $"group {name}-up has committed {input}-0 up to 0 of 1";
        await Until.TrueAsync(() => Of(application, Right).HeldBy == held, "the upstream is named");
        var before = cluster.ReadAll(Missed).Count;
        await using var upstream = await StartUpstreamAsync(input);
        var missed = cluster.ReadUntil(Missed, m => m.Count > 0);

        Assert.Equal(0, before);
        // What the upstream had still to write came before the source was known.
        Assert.Equal(["b"], missed.Select(m => m.Key));
    }

    [Fact]
    public async Task Begins_of_partitions_are_told_in_one_answer()
    {
        await cluster.CreateTopicAsync(Left, 2);
        cluster.Produce(Left, [("a", "1"), ("b", "2"), ("c", "3")], 1);
        await cluster.DeleteRecordsAsync(Left, 1, 2);
        using var admin = new KafkaLogClient(Options(), NullLoggerFactory.Instance).CreateAdmin("test", "other");

        var begins = admin.Beginnings([new(Left, 0), new(Left, 1)]);

        Assert.Equal((0, 2), (begins[new(Left, 0)], begins[new(Left, 1)]));
        Assert.Empty(admin.Committed([new(Left, 0)]));
    }

    [Fact]
    public async Task The_topic_of_the_clock_is_made_and_one_that_does_not_tell_the_brokers_time_is_refused()
    {
        await CreateTopicsAsync(1);
        await cluster.CreateTopicAsync($"{name}-clock", 1);

        var failure = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var application = await StartAsync();
        });

        Assert.Contains($"Topic '{name}-clock' has message.timestamp.type=CreateTime", failure.Message,
            StringComparison.Ordinal);
    }

    private static WatermarkStatus Of(StreamsApplication application, string topic) =>
        application.Watermarks.FirstOrDefault(w => w.Topic == topic)
        ?? new WatermarkStatus(topic, 0, null, TimeSpan.Zero, null, null);

    private async Task CreateTopicsAsync(int partitions)
    {
        foreach (var topic in (string[])[Left, Right, Missed])
        {
            await cluster.CreateTopicAsync(topic, partitions);
        }
    }

    private StreamsOptions Options() => new()
    {
        ApplicationId = name,
        BootstrapServers = cluster.BootstrapServers,
        StateDirectory = cluster.NewDirectory("state"),
        SessionTimeout = TimeSpan.FromSeconds(6),
        RequestTimeout = TimeSpan.FromSeconds(5),
        // One machine has one clock; a little for what is stamped here and there.
        AllowedClockSkew = TimeSpan.FromMilliseconds(200),
    };

    private async Task<StreamsApplication> StartAsync(
        Func<StreamsOptions, StreamsOptions>? with = null, SourceUpstream? upstream = null)
    {
        var topology = new WatchTopology(Left, Right, Missed) { RightUpstream = upstream }.Build();
        var options = with is null ? Options() : with(Options());
        return await StartAsync(topology, options);
    }

    /// <summary>What copies a topic of two partitions to the right side.</summary>
    private Task<StreamsApplication> StartUpstreamAsync(string input)
    {
        var topology = new TopologyBuilder().AddSource("in", input, Serdes.Utf8, Serdes.Utf8)
            .AddSink("out", Right, Serdes.Utf8, Serdes.Utf8, new SinkOptions(), "in").Build();
        return StartAsync(topology, Options() with { ApplicationId = $"{name}-up" });
    }

    private static Task<StreamsApplication> StartAsync(Topology topology, StreamsOptions options) =>
        Until.StartedAsync(new StreamsApplication(
            topology, options, TimeProvider.System, NullLoggerFactory.Instance));
}
