using Alloc.Engine.Processing;

namespace Engine.Tests.Processing;

public sealed class PunctuationTests
{
    [Fact]
    public void A_long_pause_leads_to_one_call_and_not_to_many()
    {
        var queue = new PunctuationQueue();
        queue.Schedule(100, 100, _ => { });

        var calls = 0;
        while (queue.TakeDue(1_000) is not null)
        {
            calls++;
        }

        Assert.Equal(1, calls);
        Assert.Equal(1_100, queue.NextMs);
    }

    [Fact]
    public void A_cancelled_punctuator_is_never_called()
    {
        var queue = new PunctuationQueue();
        queue.Schedule(100, 100, _ => { }).Dispose();

        Assert.Null(queue.TakeDue(1_000));
        Assert.Equal(long.MaxValue, queue.NextMs);
    }

    [Fact]
    public void Stream_time_begins_with_the_first_record()
    {
        var punctuations = new Punctuations();
        punctuations.Schedule(
            TimeSpan.FromMilliseconds(10), PunctuationType.StreamTime, _ => { }, long.MinValue, 5_000);

        Assert.False(punctuations.IsDue(long.MinValue, 1_000_000));
        Assert.Null(punctuations.TakeDueByStreamTime(700));
        Assert.Null(punctuations.TakeDueByStreamTime(709));
        Assert.NotNull(punctuations.TakeDueByStreamTime(710));
    }

    [Fact]
    public void Wall_clock_punctuators_do_not_need_input()
    {
        var punctuations = new Punctuations();
        punctuations.Schedule(TimeSpan.FromMilliseconds(10), PunctuationType.WallClock, _ => { }, long.MinValue, 5_000);

        Assert.False(punctuations.IsDue(long.MinValue, 5_009));
        Assert.True(punctuations.IsDue(long.MinValue, 5_010));
    }
}
