using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Topology;
using Alloc.Engine.Runtime;
using Engine.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engine.Tests;

public sealed class TopicVerificationTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    [Fact]
    public async Task Topics_that_do_not_fit_are_named_all_at_once()
    {
        var name = TestCluster.UniqueName("verify");
        await cluster.CreateTopicAsync($"{name}.commands", 2);
        await cluster.CreateTopicAsync($"{name}.outcomes", 3, ("cleanup.policy", "compact"));
        await cluster.CreateTopicAsync($"{name}.latest", 2);
        var topology = new LedgerTopology($"{name}.commands", $"{name}.outcomes", $"{name}.latest", $"{name}.dlq");
        await using var application = Create(topology.Build(), name);

        var error = await Assert.ThrowsAsync<StreamsException>(() => application.StartAsync(CancellationToken.None));

        Assert.Contains(
            $"'{name}.commands' has message.timestamp.type=CreateTime", error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{name}.outcomes' has 3 partitions", error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{name}.outcomes' is a journal", error.Message, StringComparison.Ordinal);
        Assert.Contains(
            $"'{name}.latest' has cleanup.policy=delete; set it to compact", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_topics_are_refused_but_its_own_are_created()
    {
        var name = TestCluster.UniqueName("verify");
        await using var without = Create(Counting(name).Build(), name);
        var error = await Assert.ThrowsAsync<StreamsException>(() => without.StartAsync(CancellationToken.None));
        Assert.Contains($"'{name}.words' does not exist", error.Message, StringComparison.Ordinal);

        await cluster.CreateTopicAsync($"{name}.words", 2);
        await using var application = Create(Counting(name).Build(), name);
        await application.StartAsync(CancellationToken.None);

        Assert.Equal(2, cluster.PartitionCount($"{name}-counts-changelog"));
    }

    [Fact]
    public async Task A_compacted_changelog_restores_a_store_with_its_deletes_and_stream_time()
    {
        var name = TestCluster.UniqueName("changelog");
        await cluster.CreateTopicAsync($"{name}.words", 2);
        await using (var first = Create(Counting(name).Build(), name))
        {
            await first.StartAsync(CancellationToken.None);
            cluster.Produce(
                $"{name}.words", Enumerable.Range(0, 400).Select(n => ((string?)$"word-{n % 20}", (string?)"count")));
            cluster.Produce($"{name}.words", [("word-3", "forget")]);
            await Until.TrueAsync(() => Total(first) == 380, "counted");
        }

        await using var second = Create(Counting(name).Build(), name);
        await second.StartAsync(CancellationToken.None);
        await Until.RunningAsync(second, 60);

        Assert.Equal(380, Total(second));
        cluster.Produce($"{name}.words", [("word-4", "count")]);
        await Until.TrueAsync(() => Total(second) == 381, "counted on");
    }

    private static int Total(StreamsApplication application) =>
        application.Query<string, string>("counts").Sum(s => s.Value.All().Sum(e => int.Parse(e.Value)));

    private static TopologyBuilder Counting(string name) => new TopologyBuilder()
        .AddSource("words", $"{name}.words", Serdes.Utf8, Serdes.Utf8)
        .AddProcessor("count", () => new Counter(), "words")
        .AddStateStore(StoreDefinition.KeyValue("counts", 1, Serdes.Utf8, Serdes.Utf8), "count");

    private StreamsApplication Create(
        Alloc.Engine.Topology.Topology topology, string name) => new(topology, new StreamsOptions
        {
            ApplicationId = name,
            BootstrapServers = cluster.BootstrapServers,
            StateDirectory = cluster.NewDirectory("state"),
            SessionTimeout = TimeSpan.FromSeconds(6),
        }, TimeProvider.System, NullLoggerFactory.Instance);

    private sealed class Counter : IProcessor<string, string, string, string>
    {
        private IKeyValueStore<string, string> counts = null!;

        public void Init(IProcessorContext<string, string> context) =>
            counts = context.GetStore<IKeyValueStore<string, string>>("counts");

        public void Process(in Record<string, string> record)
        {
            if (record.Value == "forget")
            {
                counts.Delete(record.Key);
                return;
            }
            counts.Put(record.Key, (int.Parse(counts.Get(record.Key) ?? "0") + 1).ToString());
        }
    }
}
