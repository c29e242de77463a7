using Alloc.Engine.LogClient;
using Alloc.Engine.Runtime;
using Engine.Tests.Support;

namespace Engine.Tests;

/// <summary>Where restoring ends, and what goes on meanwhile; on a log in memory.</summary>
public sealed class RestoreTests
{
    [Fact]
    public async Task Restoring_goes_on_to_the_high_watermark_and_not_only_to_the_last_stable_offset()
    {
        await using var run = new MemoryRun();
        AppendDecided(run, 0, MemoryKind.Record);
        AppendDecided(run, 1, MemoryKind.Pending);
        await run.StartWithoutWaitingAsync();
        await Until.TrueAsync(() => run.Application.State == StreamsState.Restoring, "restoring");

        var polls = run.Log.PollCount;
        await Until.TrueAsync(() => run.Log.PollCount > polls + 20, "the member goes on polling");
        Assert.Equal(StreamsState.Restoring, run.Application.State);
        lock (run.Log.Gate)
        {
            run.Log.Topic(MemoryRun.Outcomes).Entries[1].Kind = MemoryKind.Record;
        }
        await Until.RunningAsync(run.Application);
        run.Log.Append(MemoryRun.Commands, "a", "hold");

        await run.AssertExactlyOnceAsync(3);
    }

    [Fact]
    public async Task Markers_and_aborted_records_at_the_end_of_a_journal_do_not_hold_up_restoring()
    {
        await using var run = new MemoryRun();
        AppendDecided(run, 0, MemoryKind.Record);
        run.Log.Append(MemoryRun.Outcomes, null, null, MemoryKind.Marker);
        run.Log.Append(MemoryRun.Outcomes, "a", "aborted", MemoryKind.Aborted);
        run.Log.Append(MemoryRun.Outcomes, null, null, MemoryKind.Marker);

        await run.StartAsync();
        run.Log.Append(MemoryRun.Commands, "a", "hold");

        await run.AssertExactlyOnceAsync(2);
    }

    [Fact]
    public async Task A_partition_whose_queue_is_full_is_paused_and_resumed_when_there_is_room()
    {
        await using var run = new MemoryRun();
        run.Options = run.Options with { QueuedRecordLimit = 100, TransactionRecordLimit = 50 };
        run.Log.OnCommit = _ => { };
        await run.StartAsync();
        var pausesBefore = run.Log.Calls.Count(c => c == "pause");
        for (var command = 0; command < 5_000; command++)
        {
            run.Log.Append(MemoryRun.Commands, "a", "hold");
        }
        await Until.TrueAsync(() => run.Log.Calls.Count(c => c == "pause") > pausesBefore, "paused");

        var resumesBefore = run.Log.Calls.Count(c => c == "resume");
        run.Log.OnCommit = null;
        foreach (var commit in run.Log.Commits)
        {
            commit.Succeed();
        }

        await run.AssertExactlyOnceAsync(5_000);
        Assert.True(run.Log.Calls.Count(c => c == "resume") > resumesBefore, "never resumed");
    }

    /// <summary>A command that a run before decided.</summary>
    internal static void AppendDecided(MemoryRun run, int number, MemoryKind kind)
    {
        var offset = run.Log.Append(MemoryRun.Commands, "a", "hold");
        var body = $"{MemoryLog.StartMs} hold";
        var outcome = new LedgerTopology.Outcome(number + 1, MemoryRun.Commands, 0, offset, IsOriginal: true, body);
        run.Log.Append(MemoryRun.Outcomes, "a", outcome.ToString(), kind);
        lock (run.Log.Gate)
        {
            run.Log.Committed[new TopicPartition(MemoryRun.Commands, 0)] = offset + 1;
        }
    }
}
