using Alloc.Engine.Ticks;

namespace Engine.Tests.Ticks;

public sealed class TickScheduleTests
{
    [Fact]
    public void A_tick_waits_for_the_brokers_clock()
    {
        var tick = new TickSchedule { DueAtMs = 1_000 };

        Assert.False(tick.IsDue(brokerNowMs: 999, hostNowMs: 5_000));
        Assert.True(tick.IsDue(brokerNowMs: 1_000, hostNowMs: 0));
    }

    [Fact]
    public void One_is_under_way_until_its_record_is_processed()
    {
        var tick = new TickSchedule { DueAtMs = 1_000 };
        tick.Sent(2_000);

        Assert.False(tick.IsDue(3_000, 3_000));
        tick.Delivered(41);
        tick.Processed(41);
        Assert.False(tick.IsDue(3_000, 3_000));
        tick.Processed(42);

        Assert.True(tick.IsDue(3_000, 3_000));
    }

    [Fact]
    public void The_next_comes_ten_milliseconds_later_and_backs_off_while_nothing_comes_of_it()
    {
        var tick = new TickSchedule { DueAtMs = 1_000 };
        var gaps = new List<long>();
        var nowMs = 1_000L;
        for (var round = 0; round < 9; round++)
        {
            tick.Sent(nowMs);
            tick.Failed();
            var next = nowMs;
            while (!tick.IsDue(next, next))
            {
                next++;
            }
            gaps.Add(next - nowMs);
            nowMs = next;
        }

        Assert.Equal([10, 20, 40, 80, 160, 320, 640, 1_000, 1_000], gaps);
    }

    [Fact]
    public void A_tick_that_nobody_heard_of_again_counts_as_lost()
    {
        var tick = new TickSchedule { DueAtMs = 1_000 };
        tick.Sent(2_000);

        Assert.False(tick.IsDue(11_000, 11_000));
        Assert.True(tick.IsDue(13_000, 13_000));
    }

    /// <summary>The report races with the record itself; the next tick came 10 s late when the report lost.</summary>
    [Fact]
    public void A_report_that_comes_after_the_record_was_processed_ends_the_tick_too()
    {
        var tick = new TickSchedule { DueAtMs = 1_000 };
        tick.Sent(1_000);
        tick.Processed(42);
        tick.DueAtMs = 1_050;

        Assert.False(tick.IsDue(1_050, 1_050));
        Assert.True(tick.NextLookMs(brokerAheadMs: 0) <= 1_001, "the report wakes nobody");
        tick.Delivered(41);

        Assert.True(tick.IsDue(1_050, 1_050));
        Assert.Equal(1_050, tick.NextLookMs(brokerAheadMs: 0));
    }

    [Fact]
    public void A_record_before_the_tick_does_not_end_it_however_late_the_report()
    {
        var tick = new TickSchedule { DueAtMs = 1_000 };
        tick.Sent(1_000);
        tick.Processed(41);
        tick.Delivered(41);

        Assert.False(tick.IsDue(2_000, 2_000));
        Assert.Equal(long.MaxValue, tick.NextLookMs(brokerAheadMs: 0));
    }

    [Fact]
    public void A_tick_that_failed_may_be_sent_again()
    {
        var tick = new TickSchedule { DueAtMs = 1_000 };
        tick.Sent(1_000);
        tick.Failed();

        Assert.False(tick.IsDue(1_009, 1_009));
        Assert.True(tick.IsDue(1_010, 1_010));
        Assert.Equal(1_010, tick.NextLookMs(brokerAheadMs: 0));
    }

    [Fact]
    public void The_next_look_is_when_the_brokers_clock_will_have_come_to_the_due_time()
    {
        var tick = new TickSchedule { DueAtMs = 1_000 };

        Assert.Equal(700, tick.NextLookMs(brokerAheadMs: 300));
        Assert.Equal(1_300, tick.NextLookMs(brokerAheadMs: -300));
        tick.DueAtMs = long.MaxValue;
        Assert.Equal(long.MaxValue, tick.NextLookMs(brokerAheadMs: 300));
    }
}
