using Alloc.Processors.Notation;

namespace Topology.Tests.Notation;

/// <summary>Points in time: ISO 8601 with a zone, and nothing guessed.</summary>
public sealed class TimeTextTests
{
    private const long NowMs = 1_800_000_000_000;

    [Theory]
    [InlineData("2027-03-28T18:00:00Z", "2027-03-28T18:00:00Z")]
    [InlineData("2027-03-28T18:00Z", "2027-03-28T18:00:00Z")]
    [InlineData("2027-03-28 18:00:00Z", "2027-03-28T18:00:00Z")]
    [InlineData("2027-03-28t18:00:00z", "2027-03-28T18:00:00Z")]
    [InlineData("2027-03-28T20:00:00+02:00", "2027-03-28T18:00:00Z")]
    [InlineData("2027-03-28T20:00:00+0200", "2027-03-28T18:00:00Z")]
    [InlineData("2027-03-28T20:00:00+02", "2027-03-28T18:00:00Z")]
    [InlineData("2027-03-28T12:30:00-05:30", "2027-03-28T18:00:00Z")]
    [InlineData("2027-03-28T18:00:00.5Z", "2027-03-28T18:00:00.500Z")]
    [InlineData("2027-03-28T18:00:00.1234567Z", "2027-03-28T18:00:00.123Z")]
    [InlineData("20270328T180000Z", "2027-03-28T18:00:00Z")]
    [InlineData("20270328T1800Z", "2027-03-28T18:00:00Z")]
    [InlineData("20270328T200000+0200", "2027-03-28T18:00:00Z")]
    [InlineData("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z")]
    public void A_time_with_a_zone_is_taken_and_shown_in_utc(string text, string shown)
    {
        Assert.True(TimeText.TryRead(text, out var ms, out var problem), problem);

        Assert.Equal(shown, TimeText.Show(ms));
        Assert.True(TimeText.TryRead(shown, out var again, out _));
        Assert.Equal(ms, again);
    }

    [Theory]
    [InlineData("03/04/2027", "is not a time")]
    [InlineData("3/4/2027 10:00", "is not a time")]
    [InlineData("03/04/2027 10:00Z", "is not a time")]
    [InlineData("10:00", "is not a time")]
    [InlineData("10:00Z", "is not a time")]
    [InlineData("Mar 28 2027", "is not a time")]
    [InlineData("Sun, 28 Mar 2027 18:00:00 GMT", "is not a time")]
    [InlineData("2027-03-28T18:00:00 UTC", "is not a time")]
    [InlineData("2027-03-28T18:00:00 Europe/Zurich", "is not a time")]
    [InlineData("1805000000", "is not a time")]
    [InlineData("", "is not a time")]
    [InlineData("tomorrow", "is not a time")]
    [InlineData("2027-3-28T18:00:00Z", "is not a time")]
    [InlineData("2027-03-28T18:00:00Z\n", "is not a time")]
    [InlineData("٢٠٢٧-03-28T18:00:00Z", "is not a time")]
    [InlineData("2027-W12-7T18:00:00Z", "is not a time")]
    [InlineData("2027-03-28", "is a date without a time of day")]
    [InlineData("2027-03-28T20:00", "has no time zone")]
    [InlineData("2027-03-28T20:00:00", "has no time zone")]
    [InlineData("2027-03-28 20:00:00", "has no time zone")]
    [InlineData("20270328T200000", "has no time zone")]
    [InlineData("2027-02-29T00:00:00Z", "is not in the calendar")]
    [InlineData("2027-13-01T00:00:00Z", "is not in the calendar")]
    [InlineData("2027-01-01T24:00:00Z", "is not in the calendar")]
    [InlineData("2027-01-01T23:59:60Z", "is not in the calendar")]
    [InlineData("2027-01-01T00:00:00+19:00", "is not in the calendar")]
    [InlineData("0000-01-01T00:00:00Z", "is not in the calendar")]
    [InlineData("0001-01-01T00:00:00+02:00", "is not in the calendar")]
    [InlineData("9999-12-31T23:59:59-01:00", "is not in the calendar")]
    public void Anything_else_is_refused_with_how_to_write_it(string text, string expected)
    {
        Assert.False(TimeText.TryRead(text, out _, out var problem));
        Assert.False(TimeText.TryRead(text, NowMs, out _, out var relative));

        Assert.StartsWith(expected, problem, StringComparison.Ordinal);
        Assert.StartsWith(expected, relative, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("now", 0)]
    [InlineData("+15m", 900_000)]
    [InlineData("-2h", -7_200_000)]
    [InlineData("+1h30m", 5_400_000)]
    [InlineData("+PT1H30M", 5_400_000)]
    public void A_distance_from_now_is_taken_where_somebody_says_it_now(string text, long distanceMs)
    {
        Assert.True(TimeText.TryRead(text, NowMs, out var ms, out var problem), problem);

        Assert.Equal(NowMs + distanceMs, ms);
    }

    [Theory]
    [InlineData("now")]
    [InlineData("+15m")]
    [InlineData("-2h")]
    public void A_file_that_is_read_again_later_takes_no_distance_from_now(string text)
    {
        Assert.False(TimeText.TryRead(text, out _, out var problem));

        Assert.StartsWith("depends on when it is read", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("+")]
    [InlineData("-")]
    [InlineData("+15")]
    [InlineData("+-5s")]
    [InlineData("now+5m")]
    [InlineData("Now")]
    [InlineData("+9223372036854775807d")]
    public void What_is_no_distance_is_refused(string text)
    {
        Assert.False(TimeText.TryRead(text, NowMs, out _, out var problem));

        Assert.NotNull(problem);
    }

    [Theory]
    [InlineData("+9000000000000000000ms")]
    [InlineData("-9000000000000000000ms")]
    public void A_distance_out_of_the_calendar_is_refused(string text)
    {
        Assert.False(TimeText.TryRead(text, NowMs, out _, out var problem));

        Assert.Equal("is before the year 1 or after the year 9999", problem);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void A_number_that_no_calendar_has_is_shown_as_the_number(long ms) =>
        Assert.Equal($"{ms}", TimeText.Show(ms));
}
