using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Engine.State.RocksDb;
using Alloc.Engine.Topology;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engine.Tests.Support;

/// <summary>
/// A <see cref="WatchTopology"/> whose right side an upstream writes that never pauses: its input has a fast partition
/// and a slow one, and of its group an offset is always pending once <see cref="HoldOffsets"/> was called.
/// </summary>
internal sealed class BusyUpstream : IAsyncDisposable
{
    private const int PartitionCount = 2;
    private const string Held = "held";
    private readonly TestCluster cluster;
    private readonly StreamsOptions options;
    private readonly string left;
    private readonly string right;
    private readonly CounterWatch late;
    private readonly CancellationTokenSource stopping = new();
    private readonly ILogConsumer stable;
    private StreamsApplication upstream = null!;
    private StreamsApplication application = null!;
    private Task traffic = Task.CompletedTask;
    private IProducer<string, string>? pending;
    private volatile bool isOpen = true;

    private BusyUpstream(TestCluster cluster, StreamsOptions options, string left, string right)
    {
        this.cluster = cluster;
        this.options = options;
        this.left = left;
        this.right = right;
        stable = OpenStable(Group);
        late = new CounterWatch("alloc_late_records", options.ApplicationId);
    }

    /// <summary>Records of either side that came later than their watermark.</summary>
    public double LateCount => late.Sum;

    private string Input => $"{options.ApplicationId}.in";

    private string Group => $"{options.ApplicationId}-up";

    /// <summary>Starts both applications and the traffic.</summary>
    /// <param name="cluster">The broker.</param>
    /// <param name="options">Of the application that watches.</param>
    /// <param name="left">A topic that exists.</param>
    /// <param name="right">A topic that exists, which the upstream writes.</param>
    /// <param name="missed">A topic that exists.</param>
    /// <param name="fault">What is planted into the application that watches.</param>
    public static async Task<BusyUpstream> StartAsync(
        TestCluster cluster, StreamsOptions options, string left, string right, string missed, PlantedFault fault)
    {
        var busy = new BusyUpstream(cluster, options, left, right);
        try
        {
            await busy.StartAsync(missed, fault);
            return busy;
        }
        catch
        {
            await busy.DisposeAsync();
            throw;
        }
    }

    /// <summary>From now on a transaction may move the offsets of the upstream's group, and never ends.</summary>
    /// <returns>The broker's time after it, milliseconds since 1970 UTC.</returns>
    public long HoldOffsets()
    {
        pending = new ProducerBuilder<string, string>(
        [
            new("bootstrap.servers", options.BootstrapServers), new("transactional.id", $"{Group}-pending"),
        ]).Build();
        pending.InitTransactions(TimeSpan.FromSeconds(30));
        pending.BeginTransaction();
        using var member = new ConsumerBuilder<string, string>(
            [new("bootstrap.servers", options.BootstrapServers), new("group.id", Group)]).Build();
        pending.SendOffsetsToTransaction(
            Partitions.Select(p => new Confluent.Kafka.TopicPartitionOffset(p.Topic, p.Partition, 1)),
            member.ConsumerGroupMetadata, TimeSpan.FromSeconds(30));
        return DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
    }

    /// <summary>Ends that transaction, without effect, and the traffic.</summary>
    public async Task EndAsync()
    {
        pending!.AbortTransaction(TimeSpan.FromSeconds(30));
        await stopping.CancelAsync();
        await traffic;
    }

    /// <summary>Whether who waits for stable offsets of the group is told none.</summary>
    public bool AreOffsetsPending()
    {
        try
        {
            stable.Committed(Partitions, TimeSpan.FromSeconds(3));
            return false;
        }
        catch (LogException error) when (error.Code is nameof(ErrorCode.UnstableOffsetCommit)
            or nameof(ErrorCode.Local_TimedOut))
        {
            return true;
        }
    }

    /// <summary>The slow partition gets a record that its reader does not get past until <see cref="LetGo"/>.</summary>
    /// <returns>Its timestamp.</returns>
    public long Hold()
    {
        isOpen = false;
        cluster.Produce(Input, [(Held, Held)], partition: 1);
        return cluster.ReadAll(Input).Single(l => l.Key == Held).TimestampMs;
    }

    public void LetGo() => isOpen = true;

    /// <summary>Up to when all partitions of a side are known; null while nothing is.</summary>
    public long? KnownMs(string topic)
    {
        var known = application.Watermarks.Where(w => w.Topic == topic && w.WatermarkMs is not null).ToList();
        return known.Count == PartitionCount ? known.Min(w => w.WatermarkMs) : null;
    }

    public Task KnownAsync(string topic, long ms) =>
        Until.TrueAsync(() => KnownMs(topic) > ms, $"{topic} is known beyond {ms}");

    public async ValueTask DisposeAsync()
    {
        isOpen = true;
        await stopping.CancelAsync();
        await traffic;
        foreach (var started in new[] { application, upstream }.OfType<StreamsApplication>())
        {
            await started.DisposeAsync();
        }
        pending?.Dispose();
        stable.Dispose();
        late.Dispose();
        stopping.Dispose();
    }

    private IReadOnlyList<Alloc.Engine.LogClient.TopicPartition> Partitions =>
        [.. Enumerable.Range(0, PartitionCount).Select(p => new Alloc.Engine.LogClient.TopicPartition(Input, p))];

    private async Task StartAsync(string missed, PlantedFault fault)
    {
        await cluster.CreateTopicAsync(Input, PartitionCount, ("message.timestamp.type", "LogAppendTime"));
        upstream = await StartAsync(
            new TopologyBuilder().AddSource("in", Input, Serdes.Utf8, Serdes.Utf8)
                .AddProcessor<string, string, string, string>("gate", () => new Gate(this), "in")
                .AddSink("out", right, Serdes.Utf8, Serdes.Utf8, new SinkOptions(), "gate").Build(),
            options with { ApplicationId = Group, StateDirectory = cluster.NewDirectory("state") }, PlantedFault.None);
        application = await StartAsync(
            new WatchTopology(left, right, missed)
            {
                RightUpstream = new SourceUpstream(Group, [new UpstreamSource(Input)]),
                ReportsLateRight = true,
            }.Build(), options, fault);
        traffic = Task.Run(Write);
        // At work in both partitions before offsets are pending: where an upstream begins, it waits for those.
        cluster.ReadUntil(right, lines => new[] { "x", "slow" }.All(
            prefix => lines.Any(l => l.Key!.StartsWith(prefix, StringComparison.Ordinal))));
    }

    private Task<StreamsApplication> StartAsync(Topology topology, StreamsOptions with, PlantedFault fault)
    {
        ILogClient log = new KafkaLogClient(with, NullLoggerFactory.Instance);
        var started = new StreamsApplication(
            topology, with, TimeProvider.System, NullLoggerFactory.Instance, new StreamsSeams(
                fault == PlantedFault.WaitsForStableOffsets ? new StableOffsetsLog(log, OpenStable) : log,
                new RocksDbStateProvider(with.State, LocalFileSystem.Instance), LocalFileSystem.Instance)
            {
                WatermarkRules = new PlantedRules(fault),
            });
        return Until.StartedAsync(started);
    }

    /// <summary>Reads a group's offsets without being in it, once no transaction may move them.</summary>
    private ILogConsumer OpenStable(string group) =>
        new KafkaLogClient(options with { ApplicationId = group }, NullLoggerFactory.Instance)
            .CreateGroupConsumer(new GroupConsumerOptions("stable", "stable", ReadHeaders: false));

    private void Write()
    {
        for (var number = 0; !stopping.IsCancellationRequested; number++)
        {
            var n = number;
            cluster.Produce(Input, Enumerable.Range(0, 50).Select(i => ((string?)$"x{n}-{i}", (string?)"1")), 0);
            cluster.Produce(Input, [($"slow-{number}", "1")], 1);
        }
    }

    private sealed class Gate(BusyUpstream owner) : IProcessor<string, string, string, string>
    {
        private IProcessorContext<string, string> context = null!;

        public void Init(IProcessorContext<string, string> processorContext) => context = processorContext;

        public void Process(in Record<string, string> record)
        {
            if (record.Value == Held && !owner.isOpen)
            {
                throw new DependencyUnavailableException("what the record waits for");
            }
            context.Forward(in record);
        }
    }
}
