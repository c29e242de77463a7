using System.Globalization;
using Alloc.Host.Lag;

namespace Host.Tests.Lag;

/// <summary>How a group in a partition is judged: Burrow's rules, each with what lies just beside it.</summary>
public sealed class LagWindowTests
{
    private const long LookMs = 5_000;
    private const long SpanMs = 20_000;

    /// <summary>
    /// Looks every five seconds as <c>position+lag</c>, over a window of twenty: with five looks it is full.
    /// </summary>
    [Theory]
    // Rule 1: nothing waits now.
    [InlineData("5+0", true, "Ok")]
    [InlineData("5+9 5+9 5+9 5+9 14+0", true, "Ok")]
    [InlineData("5+0 5+0 5+0 5+0 5+0 5+0", false, "Ok")]
    // Rule 2: it went back, whether it had caught up or not, full window or not.
    [InlineData("5+9 3+11", true, "Rewind")]
    [InlineData("9+0 9+0 9+0 9+0 2+7", true, "Rewind")]
    [InlineData("5+9 3+11 4+10 5+9 6+8", true, "Rewind")]
    [InlineData("5+9 3+11 4+10 5+9 6+8 7+7", true, "Ok")]
    [InlineData("9+3 2+0", true, "Ok")]
    // Not looked at for a whole window.
    [InlineData("", true, "Unknown")]
    [InlineData("5+9 5+9 5+9 5+9", true, "Unknown")]
    [InlineData("5+9 5+9 5+9 5+9", false, "Unknown")]
    // Rule 3: the lag was zero at some look of the window, so that nothing waits for as long.
    [InlineData("5+0 5+1 5+1 5+1 5+1", true, "Ok")]
    [InlineData("5+0 5+1 5+1 5+1 5+1", false, "Ok")]
    [InlineData("5+0 5+1 5+1 5+1 5+1 5+1", true, "Stall")]
    // Rule 4: the offset is the same at every look.
    [InlineData("5+9 5+9 5+9 5+9 5+9", true, "Stall")]
    [InlineData("5+9 5+9 5+9 5+9 5+9", false, "Stop")]
    [InlineData("5+1 5+2 5+3 5+4 5+5", false, "Stop")]
    [InlineData("-1+9 -1+9 -1+9 -1+9 -1+9", false, "Stop")]
    // The log's begin moves on, the group does not.
    [InlineData("-1+9 -1+8 -1+7 -1+6 -1+5", true, "Stall")]
    [InlineData("4+9 5+9 5+9 5+9 5+9", true, "Warn")]
    // Rule 5: it moves, and its lag falls between no two looks.
    [InlineData("5+9 6+9 7+9 8+9 9+9", true, "Warn")]
    [InlineData("5+9 6+10 7+11 8+12 9+13", true, "Warn")]
    [InlineData("5+9 6+10 7+9 8+12 9+13", true, "Ok")]
    [InlineData("5+9 6+8 7+7 8+6 9+5", true, "Ok")]
    // An offset beyond the end: the topic was made anew.
    [InlineData("9+-4", true, "Unknown")]
    [InlineData("9+-4 9+-4 9+-4 9+-4 9+-3", true, "Warn")]
    [InlineData("9+0 9+-4 9+-4 9+-4 9+-4", true, "Ok")]
    public void A_group_is_judged_by_the_looks_of_the_window(string looks, bool isOwned, string expected)
    {
        var window = Window(looks);

        Assert.Equal(expected, window.Judge(isOwned).ToString());
    }

    [Theory]
    [InlineData("5+0", 0)]
    [InlineData("5+9 5+9 5+9", 0)]
    [InlineData("5+0 5+0 5+3 5+3", 1)]
    [InlineData("5+9 6+9 6+9", 1)]
    [InlineData("5+9 4+9 4+9", 1)]
    [InlineData("5+9 5+9 14+0", 2)]
    public void It_stands_since_it_moved_last_or_had_nothing_to_do(string looks, int sinceLook)
    {
        var window = Window(looks);

        Assert.Equal((sinceLook + 1) * LookMs, window.StandsSinceMs);
    }

    [Fact]
    public void How_long_it_stands_is_remembered_beyond_the_window()
    {
        var window = Window(string.Join(' ', Enumerable.Repeat("5+9", 100)));

        Assert.Equal(LookMs, window.StandsSinceMs);
    }

    [Fact]
    public void Looks_that_are_further_apart_than_the_window_still_judge()
    {
        var window = new LagWindow(SpanMs);
        for (var look = 1; look <= 3; look++)
        {
            window.Add(new LagSample(look * 10 * SpanMs, 5, 9));
        }

        Assert.Equal(ConsumerStatus.Stall, window.Judge(isOwned: true));
    }

    [Fact]
    public void A_look_at_a_time_that_was_seen_already_is_left_out()
    {
        var window = Window("5+9");

        window.Add(new LagSample(LookMs, 4, 10));

        Assert.Equal(ConsumerStatus.Unknown, window.Judge(isOwned: true));
    }

    [Fact]
    public void Looks_without_number_take_bounded_room_and_are_still_judged()
    {
        var window = new LagWindow(SpanMs);
        for (var ms = 1; ms <= 100_000; ms++)
        {
            window.Add(new LagSample(ms, ms / 10, 50));
        }

        Assert.InRange(window.SampleCount, 3, 240);
        Assert.Equal(ConsumerStatus.Warn, window.Judge(isOwned: true));
    }

    private static LagWindow Window(string looks)
    {
        var window = new LagWindow(SpanMs);
        var atMs = 0L;
        foreach (var look in looks.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var plus = look.IndexOf('+', StringComparison.Ordinal);
            window.Add(new LagSample(
                atMs += LookMs, long.Parse(look[..plus], CultureInfo.InvariantCulture),
                long.Parse(look[(plus + 1)..], CultureInfo.InvariantCulture)));
        }
        return window;
    }
}
