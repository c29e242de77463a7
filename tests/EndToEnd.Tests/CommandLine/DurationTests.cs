using Alloc.Cli.CommandLine;

namespace EndToEnd.Tests.CommandLine;

/// <summary>Durations as people write and read them.</summary>
public sealed class DurationTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("30s", 30_000)]
    [InlineData("1.5m", 90_000)]
    [InlineData("2h", 7_200_000)]
    [InlineData("1d", 86_400_000)]
    public void A_number_and_a_unit_are_a_duration(string text, long ms)
    {
        Assert.True(Duration.TryParse(text, out var value));
        Assert.Equal(ms, (long)value.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("-5s")]
    [InlineData("5 s")]
    [InlineData("1e400d")]
    [InlineData("99999999999999999999d")]
    public void Anything_else_is_not_a_duration(string text) => Assert.False(Duration.TryParse(text, out _));

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
