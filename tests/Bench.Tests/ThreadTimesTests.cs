using Alloc.Bench;

namespace Bench.Tests;

/// <summary>Processor time is told apart by the application whose thread it is.</summary>
public sealed class ThreadTimesTests
{
    [Fact]
    public void A_name_with_blanks_and_parentheses_is_read_to_its_end()
    {
        var (name, time) = ThreadTimes.Parse(
            "41 (.NET (TP) Work) S 1 41 41 0 -1 4194560 10 0 0 0 250 50 7 9 20 0 30 0 100 0 0");

        Assert.Equal((".NET (TP) Work", TimeSpan.FromSeconds(3)), (name, time));
    }

    [Fact]
    public void Threads_belong_to_the_application_whose_id_begins_their_name()
    {
        var seconds = new RoleTimes(0, new ThreadTimes(
            TimeSpan.FromSeconds(164),
            [
                ("b-4f1c-1", TimeSpan.FromSeconds(1)), ("b-by-order-4f1c", TimeSpan.FromSeconds(2)),
                ("b-backlog-4f1c-", TimeSpan.FromSeconds(4)), ("b-projection-4f", TimeSpan.FromSeconds(8)),
                ("b-reconciliatio", TimeSpan.FromSeconds(64)),
                ("rdk:broker1", TimeSpan.FromSeconds(16)), ("b-4f1c-1-0 call", TimeSpan.FromSeconds(32)),
            ]));

        Assert.Equal(
            [33.0, 2, 4, 64, 8], RoleTimes.Roles.Select(role => seconds.Of("b", role).TotalSeconds));
        Assert.Equal(53, seconds.Rest("b").TotalSeconds);
    }

    [Fact]
    public void What_this_process_used_is_read_where_the_system_says_so()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux tells it in /proc.");
        var times = ThreadTimes.Read(Environment.ProcessId);

        Assert.NotEmpty(times.Threads);
        Assert.True(times.Total > TimeSpan.Zero);
        Assert.Equal(TimeSpan.Zero, ThreadTimes.Read(int.MaxValue).Total);
    }
}
