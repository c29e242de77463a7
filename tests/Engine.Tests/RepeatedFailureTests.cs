using Alloc.Engine.LogClient;
using Alloc.Engine.Runtime;
using Alloc.Engine.Testing;
using Engine.Tests.Support;

namespace Engine.Tests;

/// <summary>
/// What fails every time is tried again after longer and longer waits, and given up in the end; what is only away is
/// waited for. On a log in memory, in virtual time.
/// </summary>
public sealed class RepeatedFailureTests
{
    private const int Limit = 6;

    /// <summary>Where it fails, and how the client says so.</summary>
    public static TheoryData<string, LogFailure> EveryTime => new()
    {
        { "commit", LogFailure.NewProducer },
        { "commit", LogFailure.Abort },
        { "commit", LogFailure.RetryCall },
        { "commit", LogFailure.Rejoin },
        { "begin", LogFailure.NewProducer },
        { "init", LogFailure.NewProducer },
        { "committed offsets", LogFailure.Rejoin },
        { "bounds", LogFailure.Abort },
        { "restore", LogFailure.Abort },
        { "subscribe", LogFailure.Rejoin },
    };

    [Theory]
    [MemberData(nameof(EveryTime))]
    public async Task What_fails_every_time_backs_off_and_is_given_up_with_the_last_failure(
        string call, LogFailure failure)
    {
        await using var run = NewRun();
        var attemptsAtMs = new List<long>();
        Fail(run, call, () =>
        {
            attemptsAtMs.Add(run.Log.Clock.NowMs());
            return new LogException($"failure {attemptsAtMs.Count}", failure, "Test");
        });

        await run.StartWithoutWaitingAsync();
        await run.WhileTimePassesAsync(() => run.Application.State == StreamsState.Error);

        var reason = run.Application.Failure!.Message;
        Assert.Contains($"Gave up after {Limit} attempts", reason, StringComparison.Ordinal);
        Assert.EndsWith($"failure {Limit + 1}", reason, StringComparison.Ordinal);
        // None after the first failure; from then on at least half of 100, 200, 400, 800, 1,600 ms.
        var waits = attemptsAtMs.Zip(attemptsAtMs.Skip(1), (before, after) => after - before).ToList();
        Assert.Equal(Limit, waits.Count);
        Assert.All(
            waits.Skip(1).Select((wait, index) => (wait, atLeast: 50L << index)),
            w => Assert.True(w.wait >= w.atLeast, string.Join(", ", waits)));
        // What nobody works on any more is closed in time, though the thread is gone.
        await run.WhileTimePassesAsync(() => run.Application.OpenStateCount == 0);
    }

    [Fact]
    public async Task Failures_in_between_which_something_is_committed_are_never_too_many()
    {
        await using var run = NewRun();
        var count = 0;
        run.Log.OnCommit = commit =>
        {
            if (++count % 2 == 0)
            {
                commit.Succeed();
                return;
            }
            commit.Operation.Fail(new LogException("fenced", LogFailure.NewProducer, "Test"));
        };
        await run.StartWithoutWaitingAsync();

        for (var command = 1; command <= 3 * Limit; command++)
        {
            run.Log.Append(MemoryRun.Commands, "a", "hold");
            var expected = command + 1;
            await run.WhileTimePassesAsync(() => run.OutcomeCount >= expected);
        }

        await run.AssertExactlyOnceAsync(3 * Limit + 1);
        await run.WhileTimePassesAsync(() => run.Application.Recoveries.Count == 0);
    }

    // librdkafka 2.16 does not come back from SendOffsetsToTransaction when the coordinator it knew is gone.
    [Fact]
    public async Task A_commit_that_never_comes_back_is_given_up_and_its_work_done_again()
    {
        await using var run = NewRun();
        var count = 0;
        run.Log.OnCommit = commit =>
        {
            if (++count != 2)
            {
                commit.Succeed();
            }
        };
        await run.StartWithoutWaitingAsync();

        for (var command = 1; command <= 4; command++)
        {
            run.Log.Append(MemoryRun.Commands, "a", "hold");
            var expected = command + 1;
            await run.WhileTimePassesAsync(() => run.OutcomeCount >= expected);
        }

        await run.AssertExactlyOnceAsync(5);
    }

    [Theory]
    [InlineData("bounds")]
    [InlineData("committed offsets")]
    public async Task A_broker_that_does_not_answer_is_asked_until_it_does_and_that_is_said(string call)
    {
        await using var run = NewRun();
        var isAway = true;
        Fail(run, call, () => isAway ? new LogException("no answer", LogFailure.RetryCall, "Test") : null);
        await run.StartWithoutWaitingAsync();

        await run.WhileTimePassesAsync(
            () => run.Log.Clock.NowMs() > MemoryLog.StartMs + 20_000 && run.Application.WaitingFor.Count > 0);
        var said = Assert.Single(run.Application.WaitingFor);
        var asked = run.Log.Calls.Count(c => c.StartsWith(call, StringComparison.Ordinal));
        isAway = false;
        await run.WhileTimePassesAsync(() => run.Application.State == StreamsState.Running);

        Assert.Contains("no answer", said, StringComparison.Ordinal);
        Assert.InRange(asked, 10, 200);
        await run.AssertExactlyOnceAsync(1);
        await run.WhileTimePassesAsync(() => run.Application.WaitingFor.Count == 0);
    }

    [Fact]
    public async Task While_it_backs_off_that_is_said_with_the_failure_and_how_often()
    {
        await using var run = NewRun();
        Fail(run, "commit", () => new LogException("the disk of the broker is full", LogFailure.Abort, "Test"));
        await run.StartWithoutWaitingAsync();

        await run.WhileTimePassesAsync(() => run.Application.Recoveries is [{ Failures: 3 }]);

        var said = Assert.Single(run.Application.WaitingFor);
        Assert.Contains("3 of 6", said, StringComparison.Ordinal);
        Assert.Contains("the disk of the broker is full", said, StringComparison.Ordinal);
        await run.Application.StopAsync();
    }

    [Fact]
    public async Task Stopping_ends_in_time_though_a_call_of_the_client_hangs()
    {
        using var release = new ManualResetEventSlim();
        var run = NewRun();
        run.Options = run.Options with { ShutdownTimeout = TimeSpan.FromSeconds(1) };
        run.Log.OnCommit = commit =>
        {
            release.Wait();
            commit.Succeed();
        };
        await run.StartWithoutWaitingAsync();
        await Until.TrueAsync(() => run.Log.Commits.Count == 1, "a commit that hangs");

        await run.Application.StopAsync().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        release.Set();

        await run.DisposeAsync();
    }

    private static MemoryRun NewRun()
    {
        var run = new MemoryRun();
        run.Options = run.Options with
        {
            RecoveryLimit = Limit,
            RecoverySeed = 1,
            SuspendedTaskTimeout = TimeSpan.FromSeconds(1),
        };
        run.Log.Append(MemoryRun.Commands, "a", "hold");
        return run;
    }

    private static void Fail(MemoryRun run, string call, Func<LogException?> failure)
    {
        switch (call)
        {
            case "commit":
                run.Log.OnCommit = commit => commit.Operation.Fail(failure()!);
                break;
            case "restore":
                RestoreTests.AppendDecided(run, 0, MemoryKind.Record);
                run.Log.OnRestorePoll = () => Throw(failure());
                break;
            default:
                run.Log.OnCall = noted =>
                {
                    // Of the producers that are initialised together, one.
                    if (noted.StartsWith(call, StringComparison.Ordinal)
                        && (call != "init" || noted.EndsWith('0')) && (call != "bounds" || noted.EndsWith("commands")))
                    {
                        Throw(failure());
                    }
                };
                break;
        }
    }

    private static void Throw(LogException? failure)
    {
        if (failure is not null)
        {
            throw failure;
        }
    }
}
