using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Topology;
using Engine.Tests.Support;

namespace Engine.Tests.Topologies;

public sealed class TopologyBuilderTests
{
    private static readonly SinkOptions OwnPartition = new() { Partitioning = SinkPartitioning.TaskPartition };

    [Fact]
    public void Describe_has_the_form_of_Kafka_Streams()
    {
        var text = new LedgerTopology("commands", "outcomes", "latest", "dlq").Build().Describe();

        Assert.Equal("""
            Topologies:
               Sub-topology: 0
                Source: commands (topics: [commands])
                  --> ledger
                Processor: ledger (stores: [sequences, timers])
                  --> outcomes, latest
                  <-- commands
                Sink: outcomes (topic: outcomes, journal of: [sequences, timers])
                  <-- ledger
                Sink: latest (topic: latest)
                  <-- ledger


            """.ReplaceLineEndings("\n"), text);
    }

    [Fact]
    public void Mermaid_shows_topics_processors_stores_and_what_restores_them()
    {
        var text = new LedgerTopology("commands", "outcomes", "latest", "dlq").Build().DescribeMermaid();

        Assert.StartsWith("flowchart LR\n", text, StringComparison.Ordinal);
        Assert.Contains("[(\"sequences\")]", text, StringComparison.Ordinal);
        Assert.Contains("-. restores .->", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Unconnected_parts_are_sub_topologies_and_a_shared_store_joins_parts()
    {
        var apart = TwoChains().Build();
        var joined = TwoChains().AddStateStore(Store("shared", 1), "p1", "p2").Build();

        Assert.Equal(2, apart.SubTopologies.Count);
        Assert.Single(joined.SubTopologies);
        Assert.Equal(["s1", "s2"], joined.SubTopologies[0].Sources.Select(s => s.Name));
    }

    [Fact]
    public void Fingerprint_changes_with_stores_and_not_with_sinks()
    {
        var plain = TwoChains().Build().Fingerprint;

        Assert.Equal(
            plain, TwoChains().AddSink("sink", "t", Serdes.Utf8, Serdes.Utf8, OwnPartition, "p1").Build().Fingerprint);
        Assert.NotEqual(plain, TwoChains().AddStateStore(Store("one", 1), "p1").Build().Fingerprint);
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Mistakes_are_named(string expected, Func<TopologyBuilder, object> mistake)
    {
        var error = Assert.Throws<TopologyException>(() => mistake(TwoChains()));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, Func<TopologyBuilder, object>> Mistakes() => new()
    {
        { "is taken", b => b.AddSource("s1", "other", Serdes.Utf8, Serdes.Utf8) },
        { "is read by source", b => b.AddSource("s3", "t1", Serdes.Utf8, Serdes.Utf8) },
        { "unknown parent", b => b.AddProcessor("p3", () => new Forwarder(), "nobody") },
        { "has no parents", b => b.AddProcessor("p3", () => new Forwarder()) },
        { "takes Int64, String", b => b.AddSink("k", "t", Serdes.Int64, Serdes.Utf8, OwnPartition, "p1") },
        { "names the sink", b => b.AddSink("k", "t", Serdes.Utf8, Serdes.Utf8, OwnPartition, "p1")
            .AddProcessor("p3", () => new Forwarder(), "k") },
        { "is no processor", b => b.AddStateStore(Store("one", 1), "s1") },
        { "connected to no processor", b => b.AddStateStore(Store("one", 1)) },
        { "has the name or the id", b => b.AddStateStore(Store("one", 1), "p1").AddStateStore(Store("two", 1), "p1") },
        { "is no sink", b => b.UseJournal("p1", () => null!, "one") },
        { "every record to the task's own partition", b => b
            .AddSink("k", "t", Serdes.Utf8, Serdes.Utf8, new SinkOptions(), "p1").UseJournal("k", () => null!) },
        { "unknown store", b => b.AddSink("k", "t", Serdes.Utf8, Serdes.Utf8, OwnPartition, "p1")
            .UseJournal("k", () => null!, "none") },
        { "of another sub-topology", b => b.AddSink("k", "t", Serdes.Utf8, Serdes.Utf8, OwnPartition, "p1")
            .AddStateStore(Store("one", 1), "p2").UseJournal("k", () => null!, "one").Build() },
        { "with a Partitioner", b => b.AddSink(
            "k", "t", Serdes.Utf8, Serdes.Utf8, new SinkOptions { Partitioning = SinkPartitioning.Explicit }, "p1") },
        { "has no children", b => b.AddSource("s3", "t3", Serdes.Utf8, Serdes.Utf8).Build() },
        { "has no source", _ => new TopologyBuilder().Build() },
    };

    private static TopologyBuilder TwoChains() => new TopologyBuilder()
        .AddSource("s1", "t1", Serdes.Utf8, Serdes.Utf8)
        .AddProcessor("p1", () => new Forwarder(), "s1")
        .AddSource("s2", "t2", Serdes.Utf8, Serdes.Utf8)
        .AddProcessor("p2", () => new Forwarder(), "s2");

    private static KeyValueStoreDefinition<string, string> Store(string name, byte id) =>
        StoreDefinition.KeyValue(name, id, Serdes.Utf8, Serdes.Utf8);

    private sealed class Forwarder : IProcessor<string, string, string, string>
    {
        private IProcessorContext<string, string> context = null!;

        public void Init(IProcessorContext<string, string> processorContext) => context = processorContext;

        public void Process(in Record<string, string> record) => context.Forward(in record);
    }
}
