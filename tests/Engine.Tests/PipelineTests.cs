using Alloc.Engine.LogClient;
using Engine.Tests.Support;

namespace Engine.Tests;

/// <summary>
/// The order in which transactions in turn may do what they do, and what comes of one that fails; on a log in memory.
/// </summary>
public sealed class PipelineTests
{
    [Fact]
    public async Task Records_of_the_next_transaction_go_out_when_those_before_are_delivered()
    {
        await using var run = new MemoryRun();
        var first = await StartTwoAsync(run);

        Assert.DoesNotContain("send 1", run.Log.Calls);
        Assert.Single(run.Log.Commits);
        first.Operation.Reach(CommitStage.Delivered);
        await Until.TrueAsync(() => run.Log.Commits.Count == 2, "the second commit");

        Assert.Contains("send 1", run.Log.Calls);
        Assert.Same(first.Operation, run.Log.Commits[1].Request.Predecessor);
        first.Succeed();
        run.Log.Commits[1].Succeed();
        await run.AssertExactlyOnceAsync(2);
    }

    [Theory]
    [InlineData(LogFailure.Abort)]
    [InlineData(LogFailure.NewProducer)]
    [InlineData(LogFailure.RetryCall)]
    [InlineData(LogFailure.Rejoin)]
    public async Task A_transaction_that_fails_takes_the_next_one_with_it(LogFailure failure)
    {
        await using var run = new MemoryRun();
        var first = await StartTwoAsync(run);
        first.Operation.Reach(CommitStage.Delivered);
        await Until.TrueAsync(() => run.Log.Commits.Count == 2, "the second commit");

        run.Log.OnCommit = null;
        first.Operation.Fail(new LogException("no", failure, "Test"));

        await run.AssertExactlyOnceAsync(2);
        var again = run.Log.Calls.Skip(run.Log.Calls.ToList().LastIndexOf("subscribe")).ToList();
        Assert.Equal(["init 0", "init 1", "init 2", "committed offsets"],
            again.Where(c => c[0] is 'i' || c[..2] == "co").Take(4));
    }

    [Fact]
    public async Task A_commit_that_succeeded_though_the_answer_was_lost_is_not_done_again()
    {
        await using var run = new MemoryRun();
        var first = await StartTwoAsync(run);

        run.Log.OnCommit = null;
        first.Append();
        first.Operation.Fail(new LogException("timed out", LogFailure.NewProducer, "Local_TimedOut"));

        await run.AssertExactlyOnceAsync(2);
    }

    [Fact]
    public async Task A_partition_is_taken_over_in_the_only_order_that_is_safe()
    {
        await using var run = new MemoryRun();
        run.Log.Append(MemoryRun.Commands, "a", "hold");
        await run.StartAsync();
        await run.AssertExactlyOnceAsync(1);

        var calls = run.Log.Calls.ToList();
        var initialised = calls.FindLastIndex(c => c.StartsWith("init ", StringComparison.Ordinal));
        var committed = calls.IndexOf("committed offsets");
        var bounds = calls.FindIndex(c => c.StartsWith("bounds ", StringComparison.Ordinal));
        var begun = calls.FindIndex(c => c.StartsWith("begin ", StringComparison.Ordinal));
        Assert.Equal(3, calls.Take(committed).Count(c => c.StartsWith("init ", StringComparison.Ordinal)));
        Assert.True(initialised < committed && committed < bounds && bounds < begun, string.Join("; ", calls));
    }

    /// <summary>
    /// A zombie's last transaction ends when its id is initialised; offsets or a watermark from before would miss it.
    /// </summary>
    [Fact]
    public async Task What_a_zombie_commits_at_the_last_moment_is_not_decided_again()
    {
        await using var run = new MemoryRun();
        run.Log.Append(MemoryRun.Commands, "a", "hold");
        var outcome = new LedgerTopology.Outcome(1, MemoryRun.Commands, 0, 0, true, $"{MemoryLog.StartMs} hold")
            .ToString();
        run.Log.Append(MemoryRun.Outcomes, "a", outcome, MemoryKind.Pending);
        run.Log.OnInit = id => EndOf(run.Log, id);
        await run.StartAsync();

        run.Log.Append(MemoryRun.Commands, "a", "hold");

        await run.AssertExactlyOnceAsync(2);
        Assert.Equal(0, run.Application.Tasks.Sum(t => t.SkippedDecided));
    }

    private static void EndOf(MemoryLog log, string transactionalId)
    {
        if (transactionalId.EndsWith('2'))
        {
            lock (log.Gate)
            {
                log.Topic(MemoryRun.Outcomes).Entries[0].Kind = MemoryKind.Record;
                log.Append(MemoryRun.Outcomes, null, null, MemoryKind.Marker);
                log.Committed[new TopicPartition(MemoryRun.Commands, 0)] = 1;
            }
        }
    }

    /// <summary>One transaction commits and stays undelivered; another has processed its record.</summary>
    private static async Task<MemoryCommit> StartTwoAsync(MemoryRun run)
    {
        run.Log.OnCommit = _ => { };
        await run.StartAsync();
        run.Log.Append(MemoryRun.Commands, "a", "hold");
        await Until.TrueAsync(() => run.Log.Commits.Count == 1, "a commit on its way");
        run.Log.Append(MemoryRun.Commands, "a", "hold");
        await Until.TrueAsync(() => run.Application.Tasks.Sum(t => t.Processed) == 2, "processed");
        return run.Log.Commits[0];
    }
}
