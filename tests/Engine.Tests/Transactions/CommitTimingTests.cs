using Alloc.Engine.Runtime;
using Alloc.Engine.Transactions;

namespace Engine.Tests.Transactions;

/// <summary>
/// When a transaction is committed, with the default times: pace 10 ms, interval 50 ms, backlog interval 500 ms.
/// </summary>
public sealed class CommitTimingTests
{
    private const int Nothing = -1;

    private static readonly StreamsOptions Defaults =
        new() { ApplicationId = "a", BootstrapServers = "none", StateDirectory = "none" };

    [Theory]
    [InlineData(0, 10, Nothing, false, true, true, "drained: at once")]
    [InlineData(0, 9, Nothing, false, true, false, "drained, but the last commit was a moment ago")]
    [InlineData(50, 9, Nothing, false, true, true, "the interval is over, whatever the pace")]
    [InlineData(49, 60, 20, false, false, false, "more is there to take along")]
    [InlineData(50, 60, 20, false, false, true, "more is there, but the interval is over")]
    [InlineData(50, 60, 500, false, false, true, "not late enough for a larger group")]
    [InlineData(50, 60, 501, false, false, false, "late: a larger group")]
    [InlineData(499, 600, 60_000, false, false, false, "late: still a larger group")]
    [InlineData(500, 600, 60_000, false, false, true, "late, and the backlog's interval is over")]
    [InlineData(1, 1, 60_000, true, false, true, "full")]
    public void A_commit_is_due(
        int openMs, int sinceLastMs, long waitingMs, bool isFull, bool isDrained, bool isDue, string why)
    {
        var timing = new CommitTiming(Defaults);

        var result = timing.IsDue(
            TimeSpan.FromMilliseconds(openMs), TimeSpan.FromMilliseconds(sinceLastMs), waitingMs, isFull, isDrained);

        Assert.True(isDue == result, why);
    }

    [Fact]
    public void A_backlog_interval_below_the_commit_interval_has_no_effect()
    {
        var timing = new CommitTiming(Defaults with { BacklogCommitInterval = TimeSpan.FromMilliseconds(10) });

        Assert.False(timing.IsDue(TimeSpan.FromMilliseconds(49), TimeSpan.FromSeconds(1), 60_000, false, false));
        Assert.True(timing.IsDue(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1), 60_000, false, false));
    }
}
