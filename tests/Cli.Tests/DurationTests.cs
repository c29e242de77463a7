using Alloc.Cli.CommandLine;

namespace Cli.Tests;

/// <summary>Durations of the command line; <c>DurationTextTests</c> has the language.</summary>
public sealed class DurationTests
{
    [Fact]
    public void The_command_line_reads_what_every_other_part_reads()
    {
        Assert.True(Duration.TryParse("1h30m", out var value));
        Assert.Equal(TimeSpan.FromMinutes(90), value);
        Assert.False(Duration.TryParse("90 minutes", out _));
    }

    [Theory]
    [InlineData("36500d", true)]
    [InlineData("36501d", false)]
    [InlineData("9223372036854775807ms", false)]
    public void What_is_added_to_a_time_stays_in_the_calendar(string text, bool isTaken) =>
        Assert.Equal(isTaken, Duration.TryParse(text, out _));

    [Theory]
    [InlineData(340, "340 ms")]
    [InlineData(1_000, "1.0 s")]
    [InlineData(42_000, "42 s")]
    [InlineData(900_000, "15 min")]
    [InlineData(572_000, "9 min 32 s")]
    [InlineData(10_800_000, "3 h")]
    [InlineData(187_200_000, "2 d 4 h")]
    public void A_duration_is_shown_with_the_units_that_matter(long ms, string text) =>
        Assert.Equal(text, Duration.Show(TimeSpan.FromMilliseconds(ms)));
}
