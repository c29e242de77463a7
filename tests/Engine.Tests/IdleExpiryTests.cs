using Engine.Tests.Support;

namespace Engine.Tests;

/// <summary>
/// How late an expiry is decided on a partition whose input stands still; in virtual time, so each run is the same.
/// </summary>
public sealed class IdleExpiryTests
{
    private const int AllowedMs = 50;

    [Theory]
    [InlineData(0)]
    [InlineData(5_000)]
    [InlineData(-5_000)]
    public async Task An_expiry_is_decided_when_it_is_due_by_the_brokers_clock(long brokerAheadMs)
    {
        await using var run = new MemoryRun();
        run.Log.BrokerAheadMs = brokerAheadMs;
        await run.StartAsync();

        await ExpireAsync(run);
    }

    /// <summary>The first expiry of a process came a second late: its producer was made when it was due.</summary>
    [Fact]
    public async Task The_first_expiry_does_not_wait_for_a_producer_to_connect()
    {
        await using var run = new MemoryRun();
        run.Log.AppenderWarmUpMs = 1_000;
        await run.StartAsync();
        run.Log.RunFor(1_000);

        await ExpireAsync(run);
    }

    /// <summary>The expiry after such a report came ten seconds late: the tick before counted as under way.</summary>
    [Fact]
    public async Task A_tick_whose_report_comes_after_its_record_does_not_hold_up_the_next()
    {
        await using var run = new MemoryRun();
        run.Log.ReportDelayMs = () => 20;
        await run.StartAsync();

        await ExpireAsync(run);
    }

    /// <summary>
    /// The broker's clock then seemed to be as far behind as the report was slow, and the next expiry came so much
    /// late.
    /// </summary>
    [Fact]
    public async Task A_slow_report_does_not_make_the_next_expiry_late()
    {
        await using var run = new MemoryRun();
        var count = 0;
        run.Log.ReportDelayMs = () => count++ == 0 ? 900 : 1;
        await run.StartAsync();
        run.Log.Append(MemoryRun.Commands, "a", "timer 300");
        run.Log.RunFor(2_000);

        await ExpireAsync(run);
    }

    private static async Task ExpireAsync(MemoryRun run)
    {
        for (var round = 0; round < 10; round++)
        {
            run.Log.Append(MemoryRun.Commands, "b", "timer 300");
            run.Log.Append(MemoryRun.Commands, "c", $"timer {330 + (round * 13)}");
            run.Log.RunFor(1_000);
        }
        // An unlearned clock that is behind by seconds is waited for.
        run.Log.RunFor(6_000);

        var outcomes = await run.OutcomesAsync(40);
        var lateMs = outcomes.Select(o => o.Body.Split(' ')).Where(b => b[1] == "expired")
            .Select(b => long.Parse(b[0]) - long.Parse(b[2])).ToList();
        Assert.InRange(lateMs.Count, 20, 21);
        Assert.All(lateMs, ms => Assert.InRange(ms, 0, AllowedMs));
    }
}
