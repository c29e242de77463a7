using Alloc.Cli.Replays;
using Microsoft.Extensions.Time.Testing;

namespace Cli.Tests.Replays;

/// <summary>Rates as they are written, and that they are kept.</summary>
public sealed class ReplayRateTests
{
    [Theory]
    [InlineData("1/s", 1_000)]
    [InlineData("20/s", 50)]
    [InlineData("30/m", 2_000)]
    [InlineData("3600/h", 1_000)]
    public void A_rate_is_so_many_in_a_second_a_minute_or_an_hour(string text, int intervalMs)
    {
        var rate = ReplayRate.Read(text)!;

        Assert.Equal(TimeSpan.FromMilliseconds(intervalMs), rate.Interval);
        Assert.Equal(text, rate.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("/s")]
    [InlineData("0/s")]
    [InlineData("-1/s")]
    [InlineData("1.5/s")]
    [InlineData("1000001/s")]
    [InlineData("99999999999/s")]
    [InlineData("5/d")]
    [InlineData("5 /s")]
    public void Anything_else_is_none(string text) => Assert.Null(ReplayRate.Read(text));

    [Theory]
    [InlineData("10/s", 10, 900)]
    [InlineData("1000/s", 1_000, 999)]
    [InlineData("1/m", 3, 120_000)]
    public void The_first_goes_at_once_and_the_rest_in_even_steps(string rate, int count, int totalMs)
    {
        var time = new FakeTimeProvider();
        var pacer = new Pacer(ReplayRate.Read(rate), time);

        var waited = Send(pacer, time, count);

        Assert.InRange(waited.TotalMilliseconds, totalMs - 1, totalMs + 1);
    }

    [Fact]
    public void What_was_late_is_caught_up_with_for_a_tenth_of_a_second_only()
    {
        var time = new FakeTimeProvider();
        var pacer = new Pacer(ReplayRate.Read("10/s"), time);
        pacer.Went();
        time.Advance(TimeSpan.FromMinutes(10));

        var waited = Send(pacer, time, 11);

        // Ten steps of a tenth of a second, less the tenth that is caught up with.
        Assert.InRange(waited.TotalMilliseconds, 850, 1_000);
    }

    [Fact]
    public void Without_a_rate_nothing_waits()
    {
        var time = new FakeTimeProvider();

        Assert.Equal(TimeSpan.Zero, Send(new Pacer(null, time), time, 1_000));
    }

    private static TimeSpan Send(Pacer pacer, FakeTimeProvider time, int count)
    {
        var waited = TimeSpan.Zero;
        for (var i = 0; i < count; i++)
        {
            if (pacer.Wait is var wait && wait > TimeSpan.Zero)
            {
                time.Advance(wait);
                waited += wait;
            }
            pacer.Went();
        }
        return waited;
    }
}
