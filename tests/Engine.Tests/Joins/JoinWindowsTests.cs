using System.Text;
using Alloc.Engine.Joins;
using Alloc.Engine.Testing;

namespace Engine.Tests.Joins;

/// <summary>The grace of a join's windows, and what it is for.</summary>
public sealed class JoinWindowsTests
{
    private const long StartMs = 1_000_000;

    [Fact]
    public void Windows_that_name_no_grace_have_as_much_as_a_record_may_take_to_all_replicas()
    {
        var grace = TimeSpan.FromSeconds(30);
        var difference = TimeSpan.FromSeconds(10);

        Assert.Equal(new JoinWindows(difference, difference, grace), JoinWindows.OfTimeDifference(difference));
        Assert.Equal(new JoinWindows(TimeSpan.Zero, difference, grace), new JoinWindows(TimeSpan.Zero, difference));
    }

    /// <summary>
    /// A leader stamps a record when it takes it, and shows it when its replicas have it: an end that was told in
    /// between did not have it.
    /// </summary>
    [Theory]
    [InlineData(30, "out k l+r 1009000")]
    [InlineData(5, "out k l+null 1034000|late-right k r 1009000")]
    public void A_record_that_replicas_took_long_for_finds_its_pair_within_the_grace(int graceSeconds, string results)
    {
        var windows = new JoinWindows(
            TimeSpan.Zero, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(graceSeconds));
        using var driver = new TopologyTestDriver(new JoinCase(JoinType.Left, windows).Build(), StartMs);
        Pipe(driver, JoinCase.Left, "l", 0);

        driver.AdvanceWallClock(TimeSpan.FromSeconds(34));
        Pipe(driver, JoinCase.Right, "r", 9_000);

        Assert.Equal(results.Split('|'), JoinCase.ReadAll(driver));
    }

    private static void Pipe(TopologyTestDriver driver, string topic, string value, long afterMs) =>
        driver.PipeInput(topic, "k"u8.ToArray(), Encoding.UTF8.GetBytes(value), StartMs + afterMs);
}
