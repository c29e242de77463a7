using Engine.Tests.Support;

namespace Engine.Tests;

/// <summary>
/// A record that is stamped ahead of the host's clock decides nothing until time or an operator says so.
/// </summary>
public sealed class ClockSkewTests
{
    private const long HourMs = 3_600_000;

    [Fact]
    public async Task A_record_an_hour_ahead_stands_still_and_nothing_expires_because_of_it()
    {
        await using var run = new MemoryRun();
        await StandAsync(run);

        run.Log.RunFor(10_000);
        Assert.Single(await run.OutcomesAsync(1));
        Assert.Contains("ahead of this host's clock", Waiting(run), StringComparison.Ordinal);
        await Until.TrueAsync(
            () =>
            {
                run.Log.RunFor(100);
                return run.Application.Inputs is [{ Age.TotalSeconds: >= 5, Stalled.TotalSeconds: >= 5 } input]
                    && input.Why!.Contains("ahead of this host's clock", StringComparison.Ordinal);
            },
            "it has stood for five seconds, and says why");

        run.Log.RunFor(HourMs);
        var outcomes = await run.OutcomesAsync(3);
        Assert.Contains("expired", outcomes[1].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operator_lets_a_partition_go_on_up_to_an_offset()
    {
        await using var run = new MemoryRun();
        var ahead = await StandAsync(run);

        Assert.False(run.Application.AcceptTime(MemoryRun.Commands, 7, ahead, "no such partition"));
        Assert.True(run.Application.AcceptTime(MemoryRun.Commands, 0, ahead, "the broker's clock was wrong"));
        run.Log.RunFor(5_000);

        await run.OutcomesAsync(3);
        await Until.TrueAsync(() => Waiting(run) is null, "going on");
    }

    // A timer that is due in twenty minutes, and then a record of an hour ahead.
    private static async Task<long> StandAsync(MemoryRun run)
    {
        await run.StartAsync();
        run.Log.Append(MemoryRun.Commands, "a", "timer 1200000");
        await run.OutcomesAsync(1);
        run.Log.BrokerAheadMs = HourMs;
        var ahead = run.Log.Append(MemoryRun.Commands, "a", "hold");
        run.Log.BrokerAheadMs = 0;
        await Until.TrueAsync(() => Waiting(run) is not null, "waiting");
        return ahead;
    }

    private static string? Waiting(MemoryRun run) => run.Application.Tasks.Single().WaitingFor;
}
