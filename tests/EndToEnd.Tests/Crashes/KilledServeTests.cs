using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Crashes;

/// <summary>Broker and engine in processes of their own: either one is killed alone, and both together.</summary>
public sealed class KilledServeTests
{
    private const int Lines = 8_000;

    // Each of the three ways at least once.
    private static readonly int Kills = Proof.IsFull ? 12 : 3;

    [Fact]
    public async Task Engine_or_broker_killed_alone_lose_nothing_and_double_nothing()
    {
        using var directory = new TemporaryDirectory();
        var (broker, deployment) = Servers.Broker(directory["broker"]);
        await using var first = await broker.StartAsync();
        await using var engine = await Servers.Engine(deployment, directory["engine"]).StartAsync();
        var arguments = Proof.Replay(directory, Lines, "--window", "1000");
        await using var replay = AllocProcess.Start([.. arguments, .. deployment.Options]);
        using var probe = new JournalProbe(deployment.Bootstrap);
        await using var load = WholeLedgerLoad.Start(deployment, directory);

        var moments = Proof.Moments(7);
        for (var kill = 1; kill <= Kills; kill++)
        {
            await probe.WaitForAsync(
                (long)(Proof.CommandCount(Lines) * (kill - moments.NextDouble()) / (Kills + 1)), replay,
                Proof.Deadline);
            Assert.False(replay.HasExited, $"The replay ended before kill {kill}:\n{replay.Said}");
            switch (kill % 3)
            {
                case 1:
                    await engine.RestartAsync();
                    break;
                case 2:
                    await broker.RestartAsync();
                    break;
                default:
                    await engine.KillAsync();
                    await broker.RestartAsync();
                    await engine.StartAsync();
                    break;
            }
        }

        var summary = await Proof.ReplayedAsync(replay);
        await load.StopAndVerifyAsync();
        await Proof.NothingIsLeftToDoAsync(deployment, arguments, summary);
    }

    [Fact]
    public async Task Nobody_decides_while_the_engine_is_away_and_the_replay_says_so()
    {
        using var directory = new TemporaryDirectory();
        var (broker, deployment) = Servers.Broker(directory["broker"]);
        await using var first = await broker.StartAsync();
        await using (var engine = await Servers.Engine(deployment, directory["engine"]).StartAsync())
        {
            await engine.KillAsync();
        }

        var arguments = Proof.Replay(directory, 500);
        arguments[Array.IndexOf(arguments, "--patience") + 1] = "8s";
        var result = await deployment.AllocAsync(Proof.Deadline, arguments);

        Assert.Equal(6, result.ExitCode);
        Assert.Contains("waiting up to", result.Error, StringComparison.Ordinal);
        Assert.Contains("goes on from the log", result.Error, StringComparison.Ordinal);
    }
}
