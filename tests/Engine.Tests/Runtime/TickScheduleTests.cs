using Alloc.Engine.Runtime;

namespace Engine.Tests.Runtime;

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
}
