using System.Buffers;
using System.Text;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Engine.Topology;
using Engine.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engine.Tests;

/// <summary>What fails where changelogs are written has the ways of any other fault.</summary>
public sealed class ChangelogFaultTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private const string Poison = "poison";
    private readonly string name = TestCluster.UniqueName("keeps");

    [Fact]
    public async Task What_cannot_be_written_to_a_changelog_stops_its_task_and_nothing_of_it_is_committed()
    {
        var (input, output) = ($"{name}.in", $"{name}.out");
        await cluster.CreateTopicAsync(input, 2);
        await cluster.CreateTopicAsync(output, 1);
        await using var application = new StreamsApplication(
            Keeping(input, output), new StreamsOptions
            {
                ApplicationId = name,
                BootstrapServers = cluster.BootstrapServers,
                StateDirectory = cluster.NewDirectory("state"),
            }, TimeProvider.System, NullLoggerFactory.Instance);
        await application.StartAsync(TestContext.Current.CancellationToken);
        cluster.Produce(input, [("a", "good")], partition: 0);
        cluster.ReadUntil(output, l => l.Any(r => r.Value == "good"));

        cluster.Produce(input, [("a", Poison)], partition: 0);
        await Until.TrueAsync(() => application.Tasks.Any(t => t.IsStopped), "stopped");
        cluster.Produce(input, [("b", "more"), ("c", "and more")], partition: 1);
        var results = cluster.ReadUntil(output, l => l.Any(r => r.Value == "and more"));

        var stopped = Assert.Single(application.Tasks, t => t.IsStopped);
        Assert.Equal(0, stopped.TaskId.Partition);
        Assert.Contains("when its changelogs were written", stopped.WaitingFor, StringComparison.Ordinal);
        Assert.Contains("no bytes for it", stopped.WaitingFor, StringComparison.Ordinal);
        Assert.Equal(["good", "more", "and more"], results.Select(r => r.Value!));
        Assert.Equal(StreamsState.Running, application.State);
    }

    private static Topology Keeping(string input, string output) => new TopologyBuilder()
        .AddSource("in", input, Serdes.Utf8, Serdes.Utf8)
        .AddProcessor("keep", () => new Keeper(), "in")
        .AddStateStore(StoreDefinition.KeyValue("kept", 1, Serdes.Utf8, new Fragile()), "keep")
        .AddSink("out", output, Serdes.Utf8, Serdes.Utf8, new SinkOptions(), "keep")
        .Build();

    private sealed class Keeper : IProcessor<string, string, string, string>
    {
        private IProcessorContext<string, string> context = null!;

        public void Init(IProcessorContext<string, string> processorContext) => context = processorContext;

        public void Process(in Record<string, string> record)
        {
            context.GetStore<IKeyValueStore<string, string>>("kept").Put(record.Key, record.Value);
            context.Forward(in record);
        }
    }

    /// <summary>Writes every text but one.</summary>
    private sealed class Fragile : ISerde<string>
    {
        public void Serialize(string value, IBufferWriter<byte> output)
        {
            if (value == Poison)
            {
                throw new InvalidOperationException("there are no bytes for it");
            }
            output.Write(Encoding.UTF8.GetBytes(value));
        }

        public string Deserialize(ReadOnlySpan<byte> data) => Encoding.UTF8.GetString(data);
    }
}
