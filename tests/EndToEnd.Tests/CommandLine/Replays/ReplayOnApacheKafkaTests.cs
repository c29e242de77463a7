using System.Text;
using System.Text.Json.Nodes;
using Alloc.Schemas.Operations;
using Confluent.Kafka;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine.Replays;

/// <summary>The same transactions, offsets and groups on an Apache Kafka, where one is at hand.</summary>
public sealed class ReplayOnApacheKafkaTests
{
    private const int Count = 1_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Letters_go_back_once_and_a_killed_replay_goes_on_exactly_where_it_ended()
    {
        ApacheKafka.SkipUnlessPresent();
        using var directory = new TemporaryDirectory();
        await using var kafka = await ApacheKafka.StartAsync(directory["kafka"]);
        var (registry, embedded) = Servers.Broker(directory["registry"]);
        await using var _ = await registry.StartAsync();
        var deployment = new Deployment(kafka.Bootstrap, embedded.Registry);
        await using var engine = await Servers.Engine(deployment, directory["engine"]).StartAsync();
        using var topics = new RawTopics(deployment);

        await LettersAsync(deployment, topics);
        await RangeAsync(deployment, topics);
    }

    private static async Task LettersAsync(Deployment deployment, RawTopics topics)
    {
        await topics.WriteAsync("workflow.stages", 1, new Message<byte[]?, byte[]?>
        {
            Key = "poison"u8.ToArray(),
            Value = [9],
        });
        await UntilAsync(() => topics.Read("workflow.stages.dlq", Cancellation).Count == 1, null);
        string[] words =
        [
            "dlq", "replay", "workflow.stages", "--partition", "1", "--offset", "0", "--reason", "a test", "--yes",
            "-o", "json",
        ];

        var first = await deployment.AllocAsync(Deadline, words);
        var second = await deployment.AllocAsync(Deadline, words);

        Assert.True((first.ExitCode, second.ExitCode) == (0, 0), $"{first}{second}");
        Assert.Equal("Replayed", (string?)JsonNode.Parse(first.Out)![0]!["result"]);
        Assert.Empty(JsonNode.Parse(second.Out)!.AsArray());
        Assert.Equal(2, topics.Read("workflow.stages", Cancellation).Count(r => r.Message.Value is [9]));
    }

    private static async Task RangeAsync(Deployment deployment, RawTopics topics)
    {
        await topics.CreateAsync("source", 1, ("retention.ms", "86400000"));
        await topics.WriteManyAsync("source", 0, Count);
        await using (var process = AllocProcess.Start(
            ["topic", "replay", "source", "--to", "copy", "--create", "--rate", "200/s", "--reason", "a test", "--yes",
                .. deployment.Options]))
        {
            await UntilAsync(
                () => topics.PartitionCount("copy") == 1 && topics.Read("copy", Cancellation).Count > 100, process);
            await process.KillAsync();
        }
        Assert.Equal("86400000", await topics.SettingAsync("copy", "retention.ms"));
        var action = (await TopicRecords.ReadAsync<OperatorAction>(deployment, "operations.audit", Cancellation))
            .Single(a => a.Value.Kind == OperatorActionKind.ReplayStarted).Value;

        var rest = await deployment.AllocAsync(
            Deadline, "topic", "replay", "--resume", action.ActionId, "--rate", "100000/s", "--yes");

        Assert.True(rest.ExitCode == 0, rest.ToString());
        Assert.Equal(
            Enumerable.Range(0, Count).Select(i => $"0/{i}"),
            topics.Read("copy", Cancellation).Select(r => Encoding.UTF8.GetString(r.Message.Value!)));
        Assert.False(topics.HasGroup($"alloc-replay-{action.ActionId}"));
    }

    private static async Task UntilAsync(Func<bool> isSo, AllocProcess? process)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (!isSo())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Deadline, process?.Said);
            Assert.False(process?.HasExited == true, process?.Said);
            await Task.Delay(100, Cancellation);
        }
    }
}
