using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Crashes;

/// <summary>One process with everything in it, killed outright again and again while a replay runs.</summary>
public sealed class KilledDevTests
{
    private const int Lines = 8_000;
    private static readonly int Kills = Proof.IsFull ? 20 : 4;

    [Fact]
    public async Task Kills_during_a_replay_lose_nothing_and_double_nothing()
    {
        using var directory = new TemporaryDirectory();
        var (dev, deployment) = Servers.Dev(directory["data"]);
        await using var server = await dev.StartAsync();
        var arguments = Proof.Replay(directory, Lines, "--window", "1000");
        await using var replay = AllocProcess.Start([.. arguments, .. deployment.Options]);
        using var probe = new JournalProbe(deployment.Bootstrap);
        await using var load = WholeLedgerLoad.Start(deployment, directory);

        var moments = Proof.Moments(20_101_201);
        for (var kill = 1; kill <= Kills; kill++)
        {
            var at = Proof.CommandCount(Lines) * (kill - moments.NextDouble()) / (Kills + 1);
            await probe.WaitForAsync((long)at, replay, Proof.Deadline);
            Assert.False(replay.HasExited, $"The replay ended before kill {kill}:\n{replay.Said}");
            await server.RestartAsync();
        }

        var summary = await Proof.ReplayedAsync(replay);
        await load.StopAndVerifyAsync();
        await Proof.NothingIsLeftToDoAsync(deployment, arguments, summary);
    }

    [Fact]
    public async Task A_replay_that_is_killed_goes_on_where_it_was()
    {
        using var directory = new TemporaryDirectory();
        var (dev, deployment) = Servers.Dev(directory["data"]);
        await using var server = await dev.StartAsync();
        var arguments = Proof.Replay(directory, 8_000, "--window", "1000");
        using var probe = new JournalProbe(deployment.Bootstrap);

        for (var kill = 1; kill <= 3; kill++)
        {
            await using var replay = AllocProcess.Start([.. arguments, .. deployment.Options]);
            await probe.WaitForAsync(kill * 4_000, replay, Proof.Deadline);
            await replay.KillAsync();
        }
        await using var last = AllocProcess.Start([.. arguments, .. deployment.Options]);

        var summary = await Proof.ReplayedAsync(last);
        Assert.True((long)summary["alreadyDecided"]! > 10_000, summary.ToJsonString());
        await Proof.VerifyAsync(deployment);
    }

    [Fact]
    public async Task Commands_sent_again_are_answered_with_their_original_outcome()
    {
        using var directory = new TemporaryDirectory();
        var (dev, deployment) = Servers.Dev(directory["data"]);
        await using var server = await dev.StartAsync();
        var arguments = Proof.Replay(directory, 2_000);
        var first = await deployment.AllocAsync(Proof.Deadline, arguments);
        Assert.True(first.ExitCode == 0, first.ToString());

        var again = await deployment.AllocAsync(Proof.Deadline, [.. arguments, "--resend"]);

        Assert.True(again.ExitCode == 0, again.ToString());
        var found = await Proof.VerifyAsync(deployment);
        Assert.True((long)found["duplicates"]! >= (long)found["originals"]! - 10, found["duplicates"]!.ToJsonString());
    }
}
