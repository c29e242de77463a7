using Confluent.Kafka;
using EndToEnd.Tests.CommandLine;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Http;

/// <summary>An export while somebody's transaction stands open in the journal.</summary>
public sealed class IncompleteExportTests
{
    [Fact]
    public async Task An_export_names_the_partition_that_it_cannot_read_to_its_end_and_what_it_writes_then_says_so()
    {
        using var directory = new TemporaryDirectory();
        var (dev, deployment) = Servers.Dev(directory["data"]);
        await using var server = await dev.StartAsync();
        using var client = new CommandClient(deployment);
        await client.StockAsync("exported", 5);
        await client.AskAsync(CommandClient.Command("held", "exported", CommandClient.Hold("r", 1)));
        string[] export = ["authority", "export", "*", "--any-mode", "-o", "jsonl", "--timeout", "3s"];
        var partition = new TopicPartition(CommandClient.Outcomes, CommandClient.PartitionOf("exported"));

        var whole = await RunAsync(deployment, export);
        using var transaction = await ForeignTransaction.OpenAsync(deployment, "foreign", partition);
        var refused = await RunAsync(deployment, export);
        var allowed = await RunAsync(deployment, [.. export, "--allow-incomplete"]);
        transaction.Abort();

        Assert.Equal((0, 6, 0), (whole.ExitCode, refused.ExitCode, allowed.ExitCode));
        Assert.DoesNotContain("incomplete", whole.Out, StringComparison.Ordinal);
        Assert.Contains(
            $"Partition {partition.Partition.Value} is missing from the answer", refused.Error,
            StringComparison.Ordinal);
        Assert.Equal("", refused.Out);
        Assert.StartsWith("{\"incomplete\":", allowed.Out, StringComparison.Ordinal);
        Assert.Equal(2, allowed.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private static Task<CommandLineRun> RunAsync(Deployment deployment, string[] command) => CommandLineRun.OfAsync(
        command, ("ALLOC_BOOTSTRAP", deployment.Bootstrap), ("ALLOC_REGISTRY", deployment.Registry));
}
