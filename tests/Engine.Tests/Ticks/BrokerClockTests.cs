using Alloc.Engine.Ticks;

namespace Engine.Tests.Ticks;

public sealed class BrokerClockTests
{
    /// <summary>The clock then seemed a second behind, and the next expiry came so much late.</summary>
    [Fact]
    public void A_report_that_was_slow_does_not_set_the_brokers_clock_back()
    {
        var clock = new BrokerClock();

        clock.Learn(sentAtMs: 1_000, stampedAtMs: 1_002, reportedAtMs: 2_002);

        Assert.Equal(0, clock.AheadMs);
    }

    [Fact]
    public void A_record_that_waited_before_it_was_sent_does_not_put_the_brokers_clock_forward()
    {
        var clock = new BrokerClock();

        clock.Learn(sentAtMs: 1_000, stampedAtMs: 2_000, reportedAtMs: 2_001);

        Assert.InRange(clock.AheadMs, -1, 0);
    }

    [Theory]
    [InlineData(5_000)]
    [InlineData(-5_000)]
    public void Another_clock_is_known_after_one_exchange_as_well_as_its_duration_allows(long aheadMs)
    {
        var clock = new BrokerClock();

        clock.Learn(1_000, 1_001 + aheadMs, 1_002);

        Assert.InRange(clock.AheadMs, aheadMs - 1, aheadMs + 1);
    }

    [Fact]
    public void A_clock_that_drifts_is_followed_by_fast_exchanges()
    {
        var clock = new BrokerClock();
        for (var driftMs = 0; driftMs < 100; driftMs++)
        {
            clock.Learn(driftMs * 1_000, (driftMs * 1_000) + 1 - driftMs, (driftMs * 1_000) + 2);
            Assert.InRange(clock.AheadMs, -driftMs - 1, -driftMs + 1);
        }
    }

    [Fact]
    public void A_record_that_was_read_shows_where_the_brokers_clock_is_at_least()
    {
        var clock = new BrokerClock();

        clock.LearnFrom(stampedAtMs: 6_000, readAtMs: 1_003);
        clock.LearnFrom(stampedAtMs: 500, readAtMs: 1_004);

        Assert.Equal(4_997, clock.AheadMs);
    }
}
