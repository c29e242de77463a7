using System.Text;
using Alloc.Engine.Dsl;
using Alloc.Engine.Joins;
using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Engine.State.RocksDb;
using Alloc.Engine.Watermarks;
using Confluent.Kafka;
using Engine.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engine.Tests.Joins;

/// <summary>Joins in the whole engine over a broker.</summary>
public sealed class JoinRunTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private const int PartitionCount = 2;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(60);

    private readonly string name = TestCluster.UniqueName("join");
    private readonly long startMs = DateTimeOffset.UtcNow.AddHours(-2).ToUnixTimeMilliseconds();

    private string Left => $"{name}.left";

    private string Right => $"{name}.right";

    private string Out => $"{name}.out";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Each_pair_and_each_unmatched_record_leaves_once_over_restarts(bool keepsState)
    {
        await CreateTopicsAsync();
        var state = cluster.NewDirectory("state");
        await using (var first = await StartAsync(state))
        {
            Produce(Left, Enumerable.Range(0, 200).Select(n => ($"k{n}", $"l{n}", startMs + n)));
            Produce(Right, Enumerable.Range(0, 120).Select(n => ($"k{n}", $"r{n}", startMs + 1_000 + n)));
            cluster.ReadUntil(Out, lines => lines.Count >= 120);
        }

        // Half of the rest finds its partner after a restart, the other half none.
        await using (var second = await StartAsync(keepsState ? state : cluster.NewDirectory("state")))
        {
            Produce(Right, Enumerable.Range(120, 40).Select(n => ($"k{n}", $"r{n}", startMs + 2_000 + n)));
            cluster.ReadUntil(Out, lines => lines.Count >= 160);
            MoveTime(TimeSpan.FromMinutes(30));
            cluster.ReadUntil(Out, lines =>
                lines.Count(l => l.Value!.EndsWith("+null", StringComparison.Ordinal)) >= 40);
        }

        await using var third = await StartAsync(keepsState ? state : cluster.NewDirectory("state"));
        MoveTime(TimeSpan.FromMinutes(60));
        Produce(Left, [("k-last", "l-last", startMs + (long)TimeSpan.FromMinutes(70).TotalMilliseconds)]);
        Produce(Right, [("k-last", "r-last", startMs + (long)TimeSpan.FromMinutes(70).TotalMilliseconds)]);
        var results = cluster.ReadUntil(Out, lines => lines.Any(l => l.Value == "l-last+r-last"));

        Assert.Equal(
            Enumerable.Range(0, 200).Select(n => n < 160 ? $"l{n}+r{n}" : $"l{n}+null").Append("l-last+r-last")
                .Order(StringComparer.Ordinal),
            results.Select(l => l.Value!).Where(v => !v.StartsWith("time", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_side_whose_key_was_changed_goes_through_a_topic_of_the_applications_own()
    {
        await cluster.CreateTopicAsync(Left, 3);
        await cluster.CreateTopicAsync(Right, PartitionCount);
        await cluster.CreateTopicAsync(Out, 1);
        var builder = new StreamsBuilder(name);
        var right = builder.Stream(Right, Serdes.Utf8, Serdes.Utf8);
        builder.Stream(Left, Serdes.Utf8, Serdes.Utf8).SelectKey((_, value) => value)
            .Repartition("by-value", Serdes.Utf8, Serdes.Utf8)
            .Join<string, string>(right, new JoinWindows(Window, Window, TimeSpan.Zero), JoinCase.Describe,
                new("pairs", Serdes.Utf8, Serdes.Utf8, Serdes.Utf8))
            .Results.To(Out, Serdes.Utf8, Serdes.Utf8);
        await using var application = await StartAsync(builder, cluster.NewDirectory("state"), new RecordsAlone());

        Produce(Left, Enumerable.Range(0, 100).Select(n => ($"k{n % 7}", $"v{n}", startMs)));
        Produce(Right, Enumerable.Range(0, 100).Select(n => ($"v{n}", $"r{n}", startMs + 1_000)));

        Assert.Equal(
            Enumerable.Range(0, 100).Select(n => $"v{n}+r{n}").Order(StringComparer.Ordinal),
            cluster.ReadUntil(Out, l => l.Count >= 100).Select(l => l.Value!).Order(StringComparer.Ordinal));
        // As many partitions as what it is joined with.
        Assert.Equal(PartitionCount, cluster.PartitionCount($"{name}-by-value-repartition"));
    }

    [Fact]
    public async Task What_was_read_of_a_repartition_topic_is_deleted_from_it_and_nothing_else_is()
    {
        await cluster.CreateTopicAsync(Left, PartitionCount);
        await cluster.CreateTopicAsync(Out, 1);
        var again = $"{name}-by-value-repartition";
        await using (var application = await StartAsync(Copy(), cluster.NewDirectory("state"), WatermarkRules.Sound))
        {
            Produce(Left, Enumerable.Range(0, 500).Select(n => ($"k{n % 7}", $"v{n}", startMs)));
            cluster.ReadUntil(Out, l => l.Count >= 500);
            // Of each transaction a marker stays unread at the most.
            await Until.TrueAsync(() => cluster.ReadAll(again).Count == 0, "the repartition topic is empty");
        }

        Assert.Equal(500, cluster.ReadAll(Left).Count);
        await using var next = await StartAsync(Copy(), cluster.NewDirectory("state"), WatermarkRules.Sound);
        Produce(Left, Enumerable.Range(500, 100).Select(n => ($"k{n % 7}", $"v{n}", startMs)));
        Assert.Equal(
            Enumerable.Range(0, 600).Select(n => $"v{n}").Order(StringComparer.Ordinal),
            cluster.ReadUntil(Out, l => l.Count >= 600).Select(l => l.Value!).Order(StringComparer.Ordinal));
    }

    private StreamsBuilder Copy()
    {
        var builder = new StreamsBuilder(name);
        builder.Stream(Left, Serdes.Utf8, Serdes.Utf8).SelectKey((_, value) => value)
            .Repartition("by-value", Serdes.Utf8, Serdes.Utf8).To(Out, Serdes.Utf8, Serdes.Utf8);
        return builder;
    }

    [Fact]
    public async Task Sides_that_are_not_partitioned_alike_are_refused_by_name_before_anything_runs()
    {
        await cluster.CreateTopicAsync(Left, 3);
        await cluster.CreateTopicAsync(Right, PartitionCount);
        await cluster.CreateTopicAsync(Out, 1);

        var error = await Assert.ThrowsAsync<StreamsException>(() => StartAsync(cluster.NewDirectory("state")));

        Assert.Contains($"'{Right}' has 2 partitions, but '{Left}' has 3", error.Message, StringComparison.Ordinal);
    }

    private async Task CreateTopicsAsync()
    {
        await cluster.CreateTopicAsync(Left, PartitionCount);
        await cluster.CreateTopicAsync(Right, PartitionCount);
        await cluster.CreateTopicAsync(Out, 1);
    }

    [Fact]
    public async Task An_unmatched_record_leaves_in_silence_and_a_pair_does_not_wait_for_it()
    {
        await cluster.CreateTopicAsync(Left, PartitionCount, ("message.timestamp.type", "LogAppendTime"));
        await cluster.CreateTopicAsync(Right, PartitionCount, ("message.timestamp.type", "LogAppendTime"));
        await cluster.CreateTopicAsync(Out, 1);
        var builder = new StreamsBuilder(name);
        builder.Stream(Left, Serdes.Utf8, Serdes.Utf8)
            .LeftJoin<string, string>(
                builder.Stream(Right, Serdes.Utf8, Serdes.Utf8),
                new JoinWindows(Window, TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(100)),
                JoinCase.Describe, new("pairs", Serdes.Utf8, Serdes.Utf8, Serdes.Utf8))
            .Results.To(Out, Serdes.Utf8, Serdes.Utf8);
        await using var application = await StartAsync(builder, cluster.NewDirectory("state"), WatermarkRules.Sound);
        await Until.RunningAsync(application);

        Produce(Right, [("paired", "r", startMs)]);
        Produce(Left, [("paired", "l", startMs), ("alone", "l", startMs)]);

        Assert.Equal(["l+r", "l+null"], cluster.ReadUntil(Out, l => l.Count >= 2, 60).Select(l => l.Value));
    }

    private Task<StreamsApplication> StartAsync(string directory)
    {
        var builder = new StreamsBuilder(name);
        builder.Stream(Left, Serdes.Utf8, Serdes.Utf8)
            .LeftJoin<string, string>(
                builder.Stream(Right, Serdes.Utf8, Serdes.Utf8),
                new JoinWindows(Window, Window, TimeSpan.FromSeconds(5)),
                JoinCase.Describe, new("pairs", Serdes.Utf8, Serdes.Utf8, Serdes.Utf8))
            .Results.To(Out, Serdes.Utf8, Serdes.Utf8);
        return StartAsync(builder, directory, new RecordsAlone());
    }

    private async Task<StreamsApplication> StartAsync(StreamsBuilder builder, string directory, WatermarkRules rules)
    {
        var options = new StreamsOptions
        {
            ApplicationId = name,
            BootstrapServers = cluster.BootstrapServers,
            StateDirectory = directory,
            SessionTimeout = TimeSpan.FromSeconds(6),
            RequestTimeout = TimeSpan.FromSeconds(5),
            RepartitionPurgeInterval = TimeSpan.FromMilliseconds(500),
        };
        var application = new StreamsApplication(
            builder.Build(), options, TimeProvider.System, NullLoggerFactory.Instance, new StreamsSeams(
                new KafkaLogClient(options, NullLoggerFactory.Instance),
                new RocksDbStateProvider(options.State, LocalFileSystem.Instance), LocalFileSystem.Instance)
            {
                WatermarkRules = rules,
            });
        await application.StartAsync(CancellationToken.None);
        return application;
    }

    /// <summary>A record in each partition of both sides: what is older by window and grace is known.</summary>
    private void MoveTime(TimeSpan by)
    {
        foreach (var topic in new[] { Left, Right })
        {
            for (var partition = 0; partition < PartitionCount; partition++)
            {
                Produce(topic, [("time", "time", startMs + (long)by.TotalMilliseconds)], partition);
            }
        }
    }

    private void Produce(
        string topic, IEnumerable<(string Key, string Value, long TimestampMs)> records, int? partition = null)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(
            [new("bootstrap.servers", cluster.BootstrapServers), new("partitioner", "murmur2_random")]).Build();
        foreach (var (key, value, timestampMs) in records)
        {
            var target = new Confluent.Kafka.TopicPartition(topic, partition ?? Partition.Any);
            producer.Produce(target, new Message<byte[], byte[]>
            {
                Key = Encoding.UTF8.GetBytes(key),
                Value = Encoding.UTF8.GetBytes(value),
                Timestamp = new Timestamp(timestampMs, TimestampType.CreateTime),
            });
        }
        Assert.Equal(0, producer.Flush(TimeSpan.FromSeconds(30)));
    }

    /// <summary>
    /// Silence proves nothing: a test then says by records when time passes, however busy the machine.
    /// </summary>
    private sealed class RecordsAlone : WatermarkRules
    {
        public override long Proven(in KnownEnd end, long nowMs) => long.MinValue;
    }
}
