using Alloc.Engine.LogClient;
using Alloc.Engine.Runtime;
using Engine.Tests.Support;

namespace Engine.Tests;

/// <summary>What a member does about its partitions and with which membership it commits; on a log in memory.</summary>
public sealed class MembershipTests
{
    [Fact]
    public async Task Lost_partitions_mean_abort_and_nothing_is_committed()
    {
        await using var run = new MemoryRun();
        await StartWithWorkInProgressAsync(run);

        run.Log.OnCommit = null;
        Rebalance(run, MemoryRebalance.Lost);

        await run.AssertExactlyOnceAsync(4);
        Assert.DoesNotContain(DuringHandler(run, "lost"), c => c.StartsWith("commit ", StringComparison.Ordinal));
        Assert.All(run.Log.Commits.Skip(1), c => Assert.Same(run.Log.Memberships[1], c.Request.Group));
    }

    [Fact]
    public async Task Revoked_partitions_are_committed_before_they_go()
    {
        await using var run = new MemoryRun();
        await StartWithWorkInProgressAsync(run);
        var first = run.Log.Commits[0];

        run.Log.OnCommit = null;
        Rebalance(run, MemoryRebalance.Revoked);
        await Until.TrueAsync(() => run.Log.Calls.Contains("revoked"), "revoked");
        first.Succeed();

        await run.AssertExactlyOnceAsync(4);
        Assert.Contains(DuringHandler(run, "revoked"), c => c.StartsWith("commit ", StringComparison.Ordinal));
        Assert.Equal(3, run.Log.Calls.Count(c => c.StartsWith("init ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_revocation_whose_commit_fails_drops_the_work_and_goes_on()
    {
        await using var run = new MemoryRun();
        await StartWithWorkInProgressAsync(run);
        var first = run.Log.Commits[0];

        run.Log.OnCommit = null;
        Rebalance(run, MemoryRebalance.Revoked);
        await Until.TrueAsync(() => run.Log.Calls.Contains("revoked"), "revoked");
        first.Operation.Fail(new LogException("fenced", LogFailure.NewProducer, "Local_Fenced"));

        await run.AssertExactlyOnceAsync(4);
    }

    [Fact]
    public async Task An_assignment_without_a_member_id_is_not_worked_on()
    {
        await using var run = new MemoryRun();
        run.Log.AssignmentsWithoutMember = 2;
        run.Log.Append(MemoryRun.Commands, "a", "hold");
        await run.StartWithoutWaitingAsync();
        await run.WhileTimePassesAsync(() => run.Application.State == StreamsState.Running);

        await run.AssertExactlyOnceAsync(1);
        Assert.Equal(3, run.Log.Calls.Count(c => c == "subscribe"));
        Assert.Equal("member-1", run.Log.Commits[0].Request.Group.MemberId);
    }

    [Fact]
    public async Task Every_commit_carries_the_membership_that_its_assignment_came_with()
    {
        await using var run = new MemoryRun();
        await run.StartAsync();
        await CommitOneByOneAsync(run, 3);
        Rebalance(run, MemoryRebalance.Revoked);
        await Until.TrueAsync(() => run.Log.Memberships.Count == 2, "assigned again");
        await CommitOneByOneAsync(run, 3);

        await run.AssertExactlyOnceAsync(6);
        Assert.All(run.Log.Commits.Take(3), c => Assert.Same(run.Log.Memberships[0], c.Request.Group));
        Assert.All(run.Log.Commits.Skip(3), c => Assert.Same(run.Log.Memberships[1], c.Request.Group));
    }

    [Fact]
    public async Task A_commit_names_what_was_processed_and_never_what_waits_in_queues()
    {
        await using var run = new MemoryRun();
        run.Options = run.Options with { TransactionRecordLimit = 10 };
        for (var command = 0; command < 35; command++)
        {
            run.Log.Append(MemoryRun.Commands, "a", "hold");
        }
        await run.StartAsync();

        await run.AssertExactlyOnceAsync(35);
        Assert.Equal([10, 20, 30, 35], run.Log.Commits.Select(c => c.Request.Offsets.Single().Offset));
    }

    [Fact]
    public async Task The_end_of_the_partition_is_committed_when_markers_lie_behind_the_last_record()
    {
        await using var run = new MemoryRun();
        await run.StartAsync();
        run.Log.Append(MemoryRun.Commands, "a", "hold");
        await run.AssertExactlyOnceAsync(1);

        run.Log.Append(MemoryRun.Commands, null, null, MemoryKind.Aborted);
        run.Log.Append(MemoryRun.Commands, null, null, MemoryKind.Marker);
        run.Log.RunFor(2_000);

        await Until.TrueAsync(() => run.Log.Committed[new(MemoryRun.Commands, 0)] == 3, "the end committed");
        Assert.All(run.Log.Commits, c => Assert.NotEmpty(c.Request.Offsets));
    }

    [Fact]
    public async Task Lag_counts_from_the_committed_offset_to_the_end_of_the_partition()
    {
        await using var run = new MemoryRun();
        run.Log.OnCommit = _ => { };
        await run.StartAsync();
        Assert.All(run.Application.Tasks, t => Assert.Equal(TimeSpan.Zero, t.Lag));
        for (var command = 0; command < 5; command++)
        {
            run.Log.Append(MemoryRun.Commands, "a", "hold");
        }

        run.Log.RunFor(2_000);
        await Until.TrueAsync(
            () => run.Application.Tasks is [{ LagRecords: 5, Lag.TotalSeconds: >= 1 }], "five behind for a second");
        var commits = run.Log.Commits.ToList();
        run.Log.OnCommit = null;
        commits.ForEach(c => c.Succeed());

        await Until.TrueAsync(() => run.Application.Tasks is [{ LagRecords: 0 }], "none behind");
    }

    [Fact]
    public async Task Shutdown_commits_what_is_in_progress_and_closes_the_member()
    {
        await using var run = new MemoryRun();
        await StartWithWorkInProgressAsync(run);
        var first = run.Log.Commits[0];

        run.Log.OnCommit = null;
        var stopping = run.Application.StopAsync();
        first.Succeed();
        await stopping;

        await run.AssertExactlyOnceAsync(4);
        Assert.Equal(StreamsState.NotRunning, run.Application.State);
        Assert.Equal("close", run.Log.Calls.Last(c => !c.StartsWith("dispose", StringComparison.Ordinal)));
    }

    /// <summary>A commit is on its way and undelivered, and a second transaction has work.</summary>
    private static async Task StartWithWorkInProgressAsync(MemoryRun run)
    {
        run.Log.OnCommit = _ => { };
        await run.StartAsync();
        run.Log.Append(MemoryRun.Commands, "a", "hold");
        run.Log.Append(MemoryRun.Commands, "a", "hold");
        await Until.TrueAsync(() => run.Log.Commits.Count == 1, "a commit on its way");
        run.Log.Append(MemoryRun.Commands, "a", "hold");
        run.Log.Append(MemoryRun.Commands, "a", "hold");
        await Until.TrueAsync(() => run.Application.Tasks.Sum(t => t.Processed) == 4, "processed");
    }

    private static async Task CommitOneByOneAsync(MemoryRun run, int count)
    {
        for (var round = 0; round < count; round++)
        {
            var before = run.Log.Commits.Count;
            run.Log.Append(MemoryRun.Commands, "a", "hold");
            await Until.TrueAsync(() => run.Log.Commits.Count > before, "committed");
        }
    }

    private static void Rebalance(MemoryRun run, MemoryRebalance rebalance)
    {
        lock (run.Log.Gate)
        {
            run.Log.Rebalances.Enqueue(rebalance);
        }
    }

    private static IEnumerable<string> DuringHandler(MemoryRun run, string handler) =>
        run.Log.Calls.SkipWhile(c => c != handler).TakeWhile(c => c != "handler done");
}
