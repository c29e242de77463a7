using Alloc.Processors.Notation;

namespace Topology.Tests.Notation;

/// <summary>One language of durations for the command line, policies and URLs.</summary>
public sealed class DurationTextTests
{
    [Theory]
    [InlineData("0s", 0)]
    [InlineData("500ms", 500)]
    [InlineData("90s", 90_000)]
    [InlineData("1.5m", 90_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1d2h3m4s5ms", 93_784_005)]
    [InlineData("1.5h", 5_400_000)]
    [InlineData("1h0.5m", 3_630_000)]
    [InlineData("0.001s", 1)]
    [InlineData("7d", 604_800_000)]
    [InlineData("PT1H30M", 5_400_000)]
    [InlineData("PT90S", 90_000)]
    [InlineData("PT0.5S", 500)]
    [InlineData("PT0,5S", 500)]
    [InlineData("P7D", 604_800_000)]
    [InlineData("P1DT2H", 93_600_000)]
    [InlineData("P2W", 1_209_600_000)]
    [InlineData("PT0S", 0)]
    [InlineData("9223372036854775807ms", long.MaxValue)]
    public void Each_form_is_read_exactly(string text, long expectedMs)
    {
        Assert.True(DurationText.TryRead(text, out var ms, out var problem), problem);

        Assert.Equal((expectedMs, null), (ms, problem));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("-5s")]
    [InlineData("+5s")]
    [InlineData("5 s")]
    [InlineData("5s ")]
    [InlineData("1e3s")]
    [InlineData("1e400d")]
    [InlineData("30m1h")]
    [InlineData("1h1h")]
    [InlineData("1.5h30m")]
    [InlineData("1.h")]
    [InlineData(".5h")]
    [InlineData("5S")]
    [InlineData("5min")]
    [InlineData("1:30")]
    [InlineData("15 minutes")]
    [InlineData("٥s")]
    [InlineData("P")]
    [InlineData("PT")]
    [InlineData("P1DT")]
    [InlineData("P1Y")]
    [InlineData("P1M")]
    [InlineData("P1.5DT1H")]
    [InlineData("PT1M1H")]
    [InlineData("pt1h")]
    [InlineData("-PT1H")]
    [InlineData("0.0000000001h")]
    public void Anything_else_says_how_to_write_it(string text)
    {
        Assert.False(DurationText.TryRead(text, out var ms, out var problem));

        Assert.Equal(0, ms);
        Assert.Equal($"is not a duration; write for instance {DurationText.Forms}", problem);
        Assert.Null(DurationText.Parse(text));
    }

    [Theory]
    [InlineData("9223372036854775808ms", "is longer than 9223372036854775807 ms")]
    [InlineData("9223372036854775807d", "is longer than 9223372036854775807 ms")]
    [InlineData("P9223372036854775807DT9223372036854775807H", "is longer than 9223372036854775807 ms")]
    [InlineData("99999999999999999999d", "is longer than 9223372036854775807 ms")]
    [InlineData("9999999999999999999999999999999999999999999999999999999999d", "is longer than 9223372036854775807 ms")]
    [InlineData("0.5ms", "is finer than a millisecond")]
    [InlineData("1.0005s", "is finer than a millisecond")]
    [InlineData("PT1.0005S", "is finer than a millisecond")]
    public void What_cannot_be_counted_in_milliseconds_says_so(string text, string expected)
    {
        Assert.False(DurationText.TryRead(text, out _, out var problem));

        Assert.StartsWith(expected, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(1_500, "1500ms")]
    [InlineData(5_400_000, "90m")]
    [InlineData(86_400_000, "1d")]
    public void What_is_shown_is_read_as_the_same(long ms, string text)
    {
        Assert.Equal(text, DurationText.Show(ms));

        Assert.Equal(ms, DurationText.Parse(text));
    }
}
