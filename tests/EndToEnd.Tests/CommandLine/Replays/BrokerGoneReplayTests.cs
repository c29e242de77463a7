using System.Text;
using Alloc.Schemas.Operations;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.CommandLine.Replays;

/// <summary>The broker is killed under a replay, which says how to go on; nothing is lost or doubled.</summary>
public sealed class BrokerGoneReplayTests
{
    private const int Count = 2_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_replay_whose_broker_is_gone_ends_and_goes_on_when_it_is_back()
    {
        using var directory = new TemporaryDirectory();
        var (server, deployment) = Servers.Dev(directory["data"]);
        await using var started = await server.StartAsync();
        using var topics = new RawTopics(deployment);
        await topics.CreateAsync("source", 1);
        await topics.CreateAsync("copy", 1);
        await topics.WriteManyAsync("source", 0, Count);
        await using var replay = AllocProcess.Start(
            ["topic", "replay", "source", "--to", "copy", "--rate", "300/s", "--reason", "a test", "--yes",
                "--timeout", "3s", .. deployment.Options]);
        await UntilAsync(() => topics.Read("copy", Cancellation).Count > 200, replay);

        await server.KillAsync();
        var ended = await replay.WaitForExitAsync(Deadline);
        await server.StartAsync();

        Assert.True(ended.ExitCode == 6, ended.ToString());
        Assert.Contains("--resume", ended.Error, StringComparison.Ordinal);
        var action = (await TopicRecords.ReadAsync<OperatorAction>(deployment, "operations.audit", Cancellation))
            .Single(a => a.Value.Kind == OperatorActionKind.ReplayStarted).Value;
        var rest = await deployment.AllocAsync(
            Deadline, "topic", "replay", "--resume", action.ActionId, "--rate", "100000/s", "--yes");
        Assert.True(rest.ExitCode == 0, rest.ToString());
        using var after = new RawTopics(deployment);
        Assert.Equal(
            Enumerable.Range(0, Count).Select(i => $"0/{i}"),
            after.Read("copy", Cancellation).Select(r => Encoding.UTF8.GetString(r.Message.Value!)));
    }

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
}
