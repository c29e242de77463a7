using Engine.Tests.Support;

namespace Engine.Tests.Watermarks;

/// <summary>
/// A partition that is paused because its queue is full: nothing is known beyond what waits there, on the whole engine
/// in virtual time.
/// </summary>
public sealed class FullQueueTests
{
    private const int RecordCount = 1_000;
    private const long SkewMs = 5_000;

    /// <summary>A second is what a left record may be older than its source is known, else it is late.</summary>
    [Theory]
    [InlineData(PlantedFault.None, RecordCount)]
    [InlineData(PlantedFault.ClosesOnSilenceWhileLagging, 0)]
    public async Task No_record_that_waits_in_a_full_queue_comes_late(PlantedFault fault, int taken)
    {
        await using var run = Run(fault);
        await FillAsync(run, WatchRun.Left, "1000");

        run.Log.RunFor(15_000);
        await run.KnownAsync(WatchRun.Right, MemoryLog.StartMs + 15_000 - SkewMs);
        var known = run.Watermark(WatchRun.Left).WatermarkMs;
        LetCommit(run);
        await run.WhileTimePassesAsync(() => run.Watermark(WatchRun.Left).WatermarkMs > MemoryLog.StartMs + 15_000);

        Assert.Equal(fault == PlantedFault.None, known is null || known <= MemoryLog.StartMs);
        var missed = run.MissedRecords().Count;
        // What was processed before the pause came in time in any case.
        Assert.InRange(missed, taken, taken == 0 ? RecordCount - 1 : taken);
    }

    /// <summary>Each left record has its partner, which waits in the full queue of the right side.</summary>
    [Theory]
    [InlineData(PlantedFault.None, false)]
    [InlineData(PlantedFault.ClosesOnSilenceWhileLagging, true)]
    public async Task Nothing_is_closed_whose_partner_waits_in_a_full_queue(PlantedFault fault, bool isMissed)
    {
        await using var run = Run(fault);
        for (var number = 0; number < RecordCount; number++)
        {
            run.Log.Append(WatchRun.Left, $"k{number}", "1000");
        }
        await FillAsync(run, WatchRun.Right, "");

        run.Log.RunFor(15_000);
        if (isMissed)
        {
            // Commits are let go, for a closing is only seen in the log.
            LetCommit(run);
            await run.MissedAsync(1);
            return;
        }
        LetCommit(run);
        await run.WhileTimePassesAsync(() => run.Watermark(WatchRun.Right).WatermarkMs > MemoryLog.StartMs + 15_000);

        Assert.Empty(run.MissedRecords());
    }

    private static WatchRun Run(PlantedFault fault)
    {
        var run = new WatchRun { Rules = new PlantedRules(fault) };
        run.Options = run.Options with { QueuedRecordLimit = 100, TransactionRecordLimit = 50 };
        // Nothing is committed, so that nothing more is processed once every producer has its transaction.
        run.Log.OnCommit = _ => { };
        return run;
    }

    /// <summary>Appends more than a queue takes, of one time, and waits until the partition is paused.</summary>
    private static async Task FillAsync(WatchRun run, string topic, string value)
    {
        await run.StartAsync();
        var before = run.Log.Calls.Count(c => c == "pause");
        for (var number = 0; number < RecordCount; number++)
        {
            run.Log.Append(topic, $"k{number}", value);
        }
        await Until.TrueAsync(() => run.Log.Calls.Count(c => c == "pause") > before, $"{topic} is paused");
    }

    private static void LetCommit(WatchRun run)
    {
        run.Log.OnCommit = null;
        foreach (var commit in run.Log.Commits)
        {
            commit.Succeed();
        }
    }
}
