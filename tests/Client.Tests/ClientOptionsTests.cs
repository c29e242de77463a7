using Alloc.Client;

namespace Client.Tests;

/// <summary>Options out of their range are refused by name, before anything is opened.</summary>
public sealed class ClientOptionsTests
{
    private static readonly AllocClientOptions Sound = new()
    {
        Bootstrap = "127.0.0.1:9092",
        Registry = new Uri("http://127.0.0.1:8081"),
    };

    [Fact]
    public void Sound_options_are_taken() => Sound.Validate();

    [Fact]
    public void Bootstrap_may_not_be_empty() => Refuse(Sound with { Bootstrap = " " }, "Bootstrap");

    [Fact]
    public void The_registry_speaks_http() => Refuse(Sound with { Registry = new Uri("ftp://registry") }, "Registry");

    [Theory]
    [InlineData(0)]
    [InlineData(86_400_001)]
    public void The_timeout_is_between_a_millisecond_and_a_day(long ms) =>
        Refuse(Sound with { Timeout = TimeSpan.FromMilliseconds(ms) }, "Timeout");

    [Theory]
    [InlineData("isolation.level", "read_uncommitted")]
    [InlineData("partitioner", "random")]
    [InlineData("enable.idempotence", "false")]
    public void What_the_promises_rest_on_is_not_to_be_set(string property, string value) => Refuse(
        Sound with { KafkaProperties = new Dictionary<string, string> { [property] = value } }, property);

    [Theory]
    [InlineData(0)]
    [InlineData(100_001)]
    public void Reading_ahead_is_bounded(int count)
    {
        var e = Assert.Throws<AllocException>(() => new FollowOptions { ReadAheadCount = count }.Validate());

        Assert.Equal(FailureKind.Usage, e.Kind);
    }

    private static void Refuse(AllocClientOptions options, string name)
    {
        var e = Assert.Throws<AllocException>(() => new AllocClient(options));

        Assert.Equal(FailureKind.Usage, e.Kind);
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
    }
}
