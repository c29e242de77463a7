using System.Text.Json.Nodes;
using Alloc.Verify;
using Confluent.Kafka;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Verify;

/// <summary>
/// A real journal into which somebody else writes: <c>alloc verify</c> must say so, and leave with 5.
/// </summary>
public sealed class PlantedJournalTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_others_write_into_the_journal_is_found_with_exit_code_5()
    {
        using var directory = new TemporaryDirectory();
        var (server, deployment) = Servers.Dev(directory["data"]);
        await using var dev = await server.StartAsync();
        using var client = new CommandClient(deployment);
        await client.StockAsync("seats", 5);
        await client.AskAsync(CommandClient.Command("hold", "seats", CommandClient.Hold("r", 2)));
        var outcomes = new TopicPartition(CommandClient.Outcomes, CommandClient.PartitionOf("seats"));

        var sound = await VerifyAsync(deployment);
        await WriteAsync(client, outcomes, "seats"u8.ToArray(), "rubbish"u8.ToArray());
        var unreadable = await VerifyAsync(deployment);
        var first = client.Read(outcomes.Topic, outcomes.Partition, Quiet).First().Message;
        await WriteAsync(client, outcomes, first.Key, first.Value!);
        var doubled = await VerifyAsync(deployment);

        Assert.Equal((0, ""), sound);
        Assert.Equal((5, nameof(FindingKind.Unreadable)), unreadable);
        Assert.Equal(5, doubled.ExitCode);
        Assert.Contains(nameof(FindingKind.DoubledOutcome), doubled.Kinds, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Kinds)> VerifyAsync(Deployment deployment)
    {
        var run = await deployment.AllocAsync(Deadline, "verify", "-o", "json");
        Assert.True(run.ExitCode is 0 or 5, $"{run}");
        var findings = JsonNode.Parse(run.Out)!["findings"]!.AsArray();
        return (run.ExitCode,
            string.Join(", ", findings.Select(f => f!["kind"]!.GetValue<string>()).Distinct().Order()));
    }

    private static async Task WriteAsync(CommandClient client, TopicPartition partition, byte[]? key, byte[] value)
    {
        using var producer = client.NewProducer();
        await producer.ProduceAsync(
            partition, new Message<byte[]?, byte[]?> { Key = key, Value = value }, Cancellation);
    }
}
