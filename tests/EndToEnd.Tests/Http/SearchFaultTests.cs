using System.Diagnostics;
using System.Text;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using EndToEnd.Tests.CommandLine;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Http;

/// <summary>A journal that misses an outcome stops searches, with a clear fault, and no decision.</summary>
public sealed class SearchFaultTests(SharedDev dev) : IClassFixture<SharedDev>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_gap_in_the_journal_stops_the_projection_and_nothing_else()
    {
        using var client = new CommandClient(dev.Deployment);
        await client.StockAsync("whole", 5);
        var answer = await client.AskAsync(CommandClient.Command("hold", "whole", CommandClient.Hold("r", 1)));

        await WriteOutcomeAsync(client, answer with { PoolId = "ghost", Sequence = 7 });
        var status = await UntilAsync(r => r.ExitCode == 1, "projection", "status");
        var list = await AllocAsync("reservation", "list", "--pool", "whole");
        var rebuild = await AllocAsync("projection", "rebuild", "--scope", "all", "--timeout", "30s");
        var still = await client.AskAsync(CommandClient.Command("hold-2", "whole", CommandClient.Hold("s", 1)));

        Assert.Contains("pool ghost expects outcome 1 and found 7", status.Error, StringComparison.Ordinal);
        Assert.True(list.ExitCode == 6, $"{list}");
        Assert.Contains("found 7", list.Error, StringComparison.Ordinal);
        Assert.True(rebuild.ExitCode == 1, $"{rebuild}");
        Assert.Contains("given up", rebuild.Error, StringComparison.Ordinal);
        Assert.IsType<AllocationOutcomeEvent.Held>(still.Event);
    }

    private async Task WriteOutcomeAsync(CommandClient client, AllocationOutcome outcome)
    {
        using var registry = new GuardedRegistryClient(
            new SchemaRegistryOptions { Urls = [new Uri(dev.Deployment.Registry)] }, TimeProvider.System);
        var serde = new AvroSerde<AllocationOutcome>(registry, CommandClient.Outcomes + "-value");
        using var producer = client.NewProducer();
        await producer.ProduceAsync(
            new TopicPartition(CommandClient.Outcomes, CommandClient.PartitionOf(outcome.PoolId)),
            new Message<byte[]?, byte[]?>
            {
                Key = Encoding.UTF8.GetBytes(outcome.PoolId),
                Value = serde.Serialize(outcome),
            });
    }

    private async Task<CommandLineRun> UntilAsync(Func<CommandLineRun, bool> isSo, params string[] arguments)
    {
        var started = Stopwatch.StartNew();
        while (true)
        {
            var run = await AllocAsync(arguments);
            if (isSo(run))
            {
                return run;
            }
            Assert.True(started.Elapsed < Deadline, $"{string.Join(' ', arguments)}: {run}");
            await Task.Delay(50);
        }
    }

    private Task<CommandLineRun> AllocAsync(params string[] arguments) => CommandLineRun.OfAsync(
        [.. arguments, "--console", dev.Deployment.Console], ("ALLOC_TIMEOUT", "30s"));
}
