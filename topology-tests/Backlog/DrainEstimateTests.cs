using Alloc.Processors.Backlog.Merging;
using Alloc.Schemas.Backlog;

namespace Topology.Tests.Backlog;

/// <summary>The time to drain and what it promises: over a run its interval holds in 80 of 100 minutes.</summary>
public sealed class DrainEstimateTests
{
    private const long SlaMs = 900_000;

    [Theory]
    [InlineData(1, 5.0, 10.0, 50_000)]
    [InlineData(2, 5.0, 10.0, 50_000)]
    [InlineData(3, 20.0, 26.0, 60_000)]
    [InlineData(4, 0.5, 3.0, 20_000)]
    public void The_interval_holds_in_80_of_100_minutes_and_is_at_most_half_the_estimate_wide_after_five(
        int seed, double arrivals, double departures, long waiting)
    {
        var random = new Random(seed);
        var (arriving, leaving) = (new RateMemory(), new RateMemory());
        var told = new List<(double AtSeconds, DrainTime Drain)>();
        var second = 0;
        for (; ; second++)
        {
            var (came, went) = (Poisson(random, arrivals), Poisson(random, departures));
            if (went >= waiting)
            {
                break;
            }
            waiting += came - went;
            arriving = Rates.Next(arriving, came, 1);
            leaving = Rates.Next(leaving, went, 1);
            if (second % 60 == 59 && DrainEstimate.Of(waiting, arriving, leaving, SlaMs) is { } drain)
            {
                told.Add((second, drain));
            }
        }

        var kept = told.Take(told.Count - 1).Count(t => IsKept(t.Drain, (second - t.AtSeconds) * 1000));
        Assert.True(told.Count >= 90, $"{told.Count} minutes are no run");
        Assert.True(kept >= 0.8 * (told.Count - 1), $"held in {kept} of {told.Count - 1} minutes");
        Assert.All(told.Skip(5).Take(told.Count - 10), t => Assert.True(
            t.Drain.HighMs - t.Drain.LowMs <= t.Drain.EstimateMs / 2,
            $"after {t.AtSeconds} s: {t.Drain.LowMs} to {t.Drain.HighMs} around {t.Drain.EstimateMs}"));
    }

    [Fact]
    public void Where_more_arrives_than_leaves_it_never_drains_and_says_so()
    {
        var (arriving, leaving) = Steady(10, 1, 300);

        var drain = DrainEstimate.Of(5_000, arriving, leaving, SlaMs)!;

        Assert.Null(drain.EstimateMs);
        Assert.Null(drain.HighMs);
    }

    [Fact]
    public void Nothing_waits_so_nothing_has_to_drain()
    {
        var (arriving, leaving) = Steady(10, 10, 300);

        Assert.Equal(0, DrainEstimate.Of(0, arriving, leaving, SlaMs)!.EstimateMs);
    }

    [Fact]
    public void Where_rates_balance_within_the_SLA_it_is_the_time_of_those_who_wait_now()
    {
        var (arriving, leaving) = Steady(10, 10, 300);

        Assert.Equal(20_000, DrainEstimate.Of(200, arriving, leaving, SlaMs)!.EstimateMs);
    }

    [Fact]
    public void Nothing_is_said_before_the_rates_are_known()
    {
        var (arriving, leaving) = Steady(10, 10, 5);

        Assert.Null(DrainEstimate.Of(200, arriving, leaving, SlaMs));
    }

    [Theory]
    [InlineData(10.0, 1.0)]
    [InlineData(1.0, 10.0)]
    [InlineData(100.0, 0.0)]
    public void A_rate_that_changes_is_known_again_within_a_minute(double before, double after)
    {
        var random = new Random(5);
        var memory = new RateMemory();
        for (var second = 0; second < 1_800; second++)
        {
            memory = Rates.Next(memory, Poisson(random, before), 1);
        }
        Assert.InRange(memory.Steady, before * 0.93, before * 1.07);

        for (var second = 0; second < 75; second++)
        {
            memory = Rates.Next(memory, Poisson(random, after), 1);
        }

        Assert.InRange(memory.Steady, after * 0.7 - 0.5, after * 1.3 + 0.5);
    }

    [Fact]
    public void Items_that_are_heard_of_late_and_at_once_are_the_same_rate()
    {
        var (each, few) = (new RateMemory(), new RateMemory());
        for (var second = 0; second < 600; second++)
        {
            each = Rates.Next(each, 4, 1);
            few = second % 5 == 4 ? Rates.Next(few, 20, 5) : few;
        }

        Assert.Equal(Rates.Fast(each), Rates.Fast(few), 6);
        Assert.Equal(each.Steady, few.Steady, 6);
    }

    private static bool IsKept(DrainTime drain, double trueMs) =>
        drain.LowMs <= trueMs && (drain.HighMs is null || trueMs <= drain.HighMs);

    private static (RateMemory Arriving, RateMemory Leaving) Steady(double arrivals, double departures, int seconds)
    {
        var (arriving, leaving) = (new RateMemory(), new RateMemory());
        for (var second = 0; second < seconds; second++)
        {
            arriving = Rates.Next(arriving, arrivals, 1);
            leaving = Rates.Next(leaving, departures, 1);
        }
        return (arriving, leaving);
    }

    private static long Poisson(Random random, double mean)
    {
        // Sums of small ones, so that a great mean does not underflow.
        var count = 0L;
        for (; mean > 0; mean -= 10)
        {
            var limit = Math.Exp(-Math.Min(mean, 10));
            for (var product = random.NextDouble(); product > limit; product *= random.NextDouble())
            {
                count++;
            }
        }
        return count;
    }
}
