using Alloc.Host.Lag;

namespace Host.Tests.Lag;

/// <summary>Between which looks a record came into the log, whatever its stamp says.</summary>
public sealed class EndHistoryTests
{
    /// <summary>Ends 10, 20 and 30, asked for at 1000, 2000 and 3000, each told 10 ms later.</summary>
    [Theory]
    [InlineData(15, 1_500, 1_500)]
    // Stamped before the last look at which it was not there, or after the first at which it was.
    [InlineData(15, 300, 1_000)]
    [InlineData(15, 9_000_000, 2_010)]
    [InlineData(10, 300, 1_000)]
    [InlineData(19, 2_005, 2_005)]
    // It was there before the first look, or came after the last.
    [InlineData(5, 300, 300)]
    [InlineData(5, 9_000_000, 1_010)]
    [InlineData(30, 300, 3_000)]
    [InlineData(30, 9_000_000, 9_000_000)]
    public void A_stamp_is_moved_to_when_the_record_can_have_come(long offset, long stampMs, long expectedMs) =>
        Assert.Equal(expectedMs, Seen().Bound(offset, stampMs));

    [Theory]
    [InlineData(5, 1_010L)]
    [InlineData(15, 2_010L)]
    [InlineData(30, null)]
    public void Without_a_stamp_it_is_known_when_it_was_there(long offset, long? expectedMs) =>
        Assert.Equal(expectedMs, Seen().Bound(offset, null));

    [Fact]
    public void An_end_that_stays_moves_the_time_at_which_the_next_record_was_not_there()
    {
        var history = Seen();

        history.See(30, 60_000, 60_010);

        Assert.Equal(60_000, history.Bound(30, 300));
        Assert.Equal(3_010, history.Bound(29, 9_000_000));
    }

    [Fact]
    public void A_topic_that_is_made_anew_has_no_history()
    {
        var history = Seen();

        history.See(3, 60_000, 60_010);

        Assert.Equal(300, history.Bound(1, 300));
    }

    [Fact]
    public void A_long_history_is_thinned_and_stays_true()
    {
        var history = new EndHistory();
        for (var look = 1; look <= 100_000; look++)
        {
            history.See(look, look * 1_000, (look * 1_000) + 10);
        }

        // The record at offset n came between the looks n and n + 1.
        Assert.InRange(history.Bound(99_990, 0)!.Value, 99_990_000, 99_991_010);
        foreach (var offset in new[] { 1, 10, 1_000, 50_000, 99_000 })
        {
            Assert.True(history.Bound(offset, 0) <= (offset + 1) * 1_000 + 10, $"{offset} came earlier");
            Assert.True(history.Bound(offset, long.MaxValue) >= offset * 1_000, $"{offset} came later");
        }
    }

    private static EndHistory Seen()
    {
        var history = new EndHistory();
        history.See(10, 1_000, 1_010);
        history.See(20, 2_000, 2_010);
        history.See(30, 3_000, 3_010);
        return history;
    }
}
