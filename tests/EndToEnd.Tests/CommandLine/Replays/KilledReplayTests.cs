using System.Text;
using System.Text.Json.Nodes;
using Alloc.Schemas.Operations;
using Confluent.Kafka;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine.Replays;

/// <summary>Replays that are killed with -9 or interrupted, and gone on with: everything once, in its order.</summary>
public sealed class KilledReplayTests(LettersDev dev) : IClassFixture<LettersDev>
{
    private const int PerPartition = 1_500;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_killed_topic_replay_goes_on_exactly_where_it_ended()
    {
        await dev.Topics.CreateAsync("killed", 2);
        await dev.Topics.CreateAsync("killed-copy", 2);
        await dev.Topics.WriteManyAsync("killed", 0, PerPartition);
        await dev.Topics.WriteManyAsync("killed", 1, PerPartition);
        await KillWhenWrittenAsync(
            300, "topic", "replay", "killed", "--to", "killed-copy", "--rate", "600/s", "--reason", "a test", "--yes");
        var action = (await AuditAsync()).Single(a => a.Topic == "killed");

        await KillWhenWrittenAsync(1_200, "topic", "replay", "--resume", action.ActionId, "--yes");
        var last = await dev.RunAsync(
            "topic", "replay", "--resume", action.ActionId, "--rate", "100000/s", "--yes", "-o", "json");
        var over = await dev.RunAsync("topic", "replay", "--resume", action.ActionId, "--yes");

        Assert.Equal((0, 0), (last.ExitCode, over.ExitCode));
        Assert.Contains("is finished: 3,000 records", over.Error, StringComparison.Ordinal);
        Assert.Equal(2 * PerPartition, (int)JsonNode.Parse(last.Out)!["records"]!);
        var copies = dev.Topics.Read("killed-copy", Cancellation);
        foreach (var partition in new[] { 0, 1 })
        {
            Assert.Equal(
                Enumerable.Range(0, PerPartition).Select(i => $"{partition}/{i}"),
                copies.Where(c => c.Partition.Value == partition)
                    .Select(c => Encoding.UTF8.GetString(c.Message.Value!)));
        }
        var actions = (await AuditAsync()).Where(a => a.Topic == "killed").ToList();
        Assert.Equal(
            [OperatorActionKind.ReplayStarted, OperatorActionKind.ReplayFinished], actions.Select(a => a.Kind));
        Assert.Equal(2 * PerPartition, actions[1].RecordCount);
    }

    [Fact]
    public async Task An_interrupted_topic_replay_says_how_to_go_on()
    {
        await dev.Topics.CreateAsync("interrupted", 1);
        await dev.Topics.CreateAsync("interrupted-copy", 1);
        await dev.Topics.WriteManyAsync("interrupted", 0, 500);
        await using var process = Start(
            "topic", "replay", "interrupted", "--to", "interrupted-copy", "--rate", "50/s", "--reason", "a test",
            "--yes");
        await UntilWrittenAsync("interrupted-copy", 20, process);

        process.Signal(NativeSignal.Terminate);
        var ended = await process.WaitForExitAsync(Deadline);

        Assert.True(ended.ExitCode == 130, ended.ToString());
        var action = (await AuditAsync()).Single(a => a.Topic == "interrupted");
        Assert.Contains($"topic replay --resume {action.ActionId} --yes", ended.Error, StringComparison.Ordinal);
        var rest = await dev.RunAsync("topic", "replay", "--resume", action.ActionId, "--rate", "100000/s", "--yes");
        Assert.True(rest.ExitCode == 0, rest.ToString());
        Assert.Equal(
            Enumerable.Range(0, 500).Select(i => $"0/{i}"),
            dev.Topics.Read("interrupted-copy", Cancellation).Select(r => Encoding.UTF8.GetString(r.Message.Value!)));
    }

    [Theory]
    [InlineData(NativeSignal.Kill)]
    [InlineData(NativeSignal.Terminate)]
    public async Task Dead_letters_whose_replay_was_ended_are_each_replayed_once(int signal)
    {
        const int Count = 60;
        var prefix = $"ended-{signal}-";
        foreach (var i in Enumerable.Range(0, Count))
        {
            await dev.Topics.WriteAsync("workflow.stages", i % 4, new Message<byte[]?, byte[]?>
            {
                Key = Encoding.UTF8.GetBytes($"{prefix}{i}"),
                Value = [9],
            });
        }
        await dev.LettersAsync($"{prefix}{Count - 1}", 1);
        var until = await LatestAsync();
        string[] words =
        [
            "dlq", "replay", "workflow.stages", "--kind", "unreadable", "--until", until, "--reason", "a test", "--yes",
        ];
        await using (var process = Start([.. words, "--rate", "20/s"]))
        {
            await UntilAsync(() => Replayed(prefix).Count > 5, process);
            process.Signal(signal);
            var ended = await process.WaitForExitAsync(Deadline);
            Assert.Equal(signal == NativeSignal.Terminate ? 130 : 137, ended.ExitCode);
        }
        Assert.True(Replayed(prefix).Count < Count, "It was over before it was ended.");

        var rest = await dev.RunAsync([.. words, "--rate", "1000/s", "-o", "json"]);

        Assert.True(rest.ExitCode == 0, rest.ToString());
        Assert.Equal(
            Enumerable.Range(0, Count).Select(i => $"{prefix}{i}").Order(StringComparer.Ordinal),
            Replayed(prefix).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Of_two_replays_of_the_same_letters_one_goes_on_and_each_letter_goes_once()
    {
        const int Count = 40;
        const string Prefix = "twice-";
        foreach (var i in Enumerable.Range(0, Count))
        {
            await dev.Topics.WriteAsync("workflow.stages", i % 4, new Message<byte[]?, byte[]?>
            {
                Key = Encoding.UTF8.GetBytes($"{Prefix}{i}"),
                Value = [9],
            });
        }
        await dev.LettersAsync($"{Prefix}{Count - 1}", 1);
        string[] words =
        [
            "dlq", "replay", "workflow.stages", "--kind", "unreadable", "--until", await LatestAsync(), "--reason",
            "a test", "--yes",
        ];
        await using var first = Start([.. words, "--rate", "5/s"]);
        await UntilAsync(() => Replayed(Prefix).Count > 2, first);

        var second = await dev.RunAsync([.. words, "--rate", "1000/s"]);
        var ended = await first.WaitForExitAsync(Deadline);

        Assert.True(second.ExitCode == 0, second.ToString());
        Assert.True(ended.ExitCode == 1, ended.ToString());
        Assert.Contains("goes on instead of this one", ended.Error, StringComparison.Ordinal);
        Assert.Equal(
            Enumerable.Range(0, Count).Select(i => $"{Prefix}{i}").Order(StringComparer.Ordinal),
            Replayed(Prefix).Order(StringComparer.Ordinal));
    }

    /// <summary>Keys of records of stages that a replay wrote.</summary>
    private List<string> Replayed(string prefix) =>
        [.. dev.Topics.Read("workflow.stages", Cancellation)
            .Where(r => LettersDev.Header(r, "alloc-replay") is not null)
            .Select(r => Encoding.UTF8.GetString(r.Message.Key ?? []))
            .Where(k => k.StartsWith(prefix, StringComparison.Ordinal))];

    /// <summary>Just behind the newest record of the stages: what dies again is newer.</summary>
    private async Task<string> LatestAsync()
    {
        var latest = dev.Topics.Read("workflow.stages", Cancellation)
            .Max(r => r.Message.Timestamp.UnixTimestampMs);
        await Task.Delay(5, Cancellation);
        return DateTimeOffset.FromUnixTimeMilliseconds(latest + 1).ToString(
            "yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task KillWhenWrittenAsync(int count, params string[] words)
    {
        await using var process = Start(words);
        await UntilWrittenAsync("killed-copy", count, process);
        await process.KillAsync();
        Assert.True(dev.Topics.Read("killed-copy", Cancellation).Count < 2 * PerPartition, "It was over before.");
    }

    private Task UntilWrittenAsync(string topic, int count, AllocProcess process) =>
        UntilAsync(() => dev.Topics.Read(topic, Cancellation).Count >= count, process);

    private static async Task UntilAsync(Func<bool> isSo, AllocProcess process)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (!isSo())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Deadline, process.Said);
            Assert.False(process.HasExited, process.Said);
            await Task.Delay(50, Cancellation);
        }
    }

    private AllocProcess Start(params string[] words) => AllocProcess.Start([.. words, .. dev.Deployment.Options]);

    private async Task<List<OperatorAction>> AuditAsync() =>
        [.. (await TopicRecords.ReadAsync<OperatorAction>(dev.Deployment, "operations.audit", Cancellation))
            .Select(a => a.Value)];
}
