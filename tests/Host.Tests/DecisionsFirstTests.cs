using Alloc.Engine.Runtime;
using Alloc.Host.Roles;
using Microsoft.Extensions.Time.Testing;

namespace Host.Tests;

/// <summary>The others rest while commands wait for processor time, and for nothing else.</summary>
public sealed class DecisionsFirstTests
{
    [Theory]
    [InlineData("commands wait while others are decided", 1_500, true, true)]
    [InlineData("they are decided as they come", 900, true, false)]
    [InlineData("they wait for something outside", 60_000, false, false)]
    [InlineData("nothing waits", 0, false, false)]
    public void Decisions_come_first_while_they_are_late_and_at_work(
        string what, int oldestMs, bool isDeciding, bool expected)
    {
        var time = new FakeTimeProvider();
        var processed = 10L;
        var first = new DecisionsFirst(() => new WorkStatus(TimeSpan.FromMilliseconds(oldestMs), processed), time);
        first.AreWaiting();

        for (var round = 0; round < 6; round++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            processed += isDeciding ? 1 : 0;
        }

        Assert.True(first.AreWaiting() == expected, what);
    }

    [Fact]
    public void Where_nobody_decides_nobody_stands_back()
    {
        Assert.False(new DecisionsFirst(() => null, TimeProvider.System).AreWaiting());
    }

    [Fact]
    public void However_many_the_others_are_they_take_a_fiftieth_of_a_core_together()
    {
        var first = new DecisionsFirst(() => null, TimeProvider.System);

        Assert.Equal([0.02, 0.01, 0.005], new[] { 1, 2, 4 }.Select(n => first.Others(n).Share));
    }
}
