using Alloc.Engine.LogClient;
using Alloc.Engine.Testing;
using Confluent.Kafka;
using Engine.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Engine.Tests.LogClient;

public sealed class BrokerWaitTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(1);
    private readonly FakeTimeProvider clock = FakeClock.At(0);
    private readonly List<string> said = [];
    private int calls;

    [Theory]
    [InlineData(ErrorCode.GroupLoadInProgress)]
    [InlineData(ErrorCode.GroupCoordinatorNotAvailable)]
    [InlineData(ErrorCode.NotCoordinatorForGroup)]
    [InlineData(ErrorCode.LeaderNotAvailable)]
    [InlineData(ErrorCode.NotLeaderForPartition)]
    [InlineData(ErrorCode.NotController)]
    [InlineData(ErrorCode.RequestTimedOut)]
    [InlineData(ErrorCode.Local_TimedOut)]
    [InlineData(ErrorCode.Local_Transport)]
    [InlineData(ErrorCode.Local_AllBrokersDown)]
    public async Task What_patience_helps_is_asked_again_until_it_is_answered(ErrorCode code)
    {
        var answer = await RunAsync(() => ++calls < 4 ? throw new KafkaException(new Error(code)) : 42);

        Assert.Equal(42, answer);
        Assert.Equal(4, calls);
        Assert.StartsWith("which topics there are: ", Assert.Single(said), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ErrorCode.TopicAuthorizationFailed)]
    [InlineData(ErrorCode.SaslAuthenticationFailed)]
    [InlineData(ErrorCode.UnsupportedVersion)]
    [InlineData(ErrorCode.InvalidReplicationFactor)]
    public async Task What_no_patience_helps_is_thrown_at_once(ErrorCode code)
    {
        var error = await Assert.ThrowsAsync<KafkaException>(() => RunAsync<int>(() =>
        {
            calls++;
            throw new KafkaException(new Error(code));
        }));

        Assert.Equal(code, error.Error.Code);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task It_ends_at_its_bound_with_the_last_failure_and_has_said_what_it_waits_for()
    {
        var error = await Assert.ThrowsAsync<LogException>(() => RunAsync<int>(
            () => throw new LogException($"no answer {++calls}", LogFailure.RetryCall, "Test")));

        Assert.Equal($"no answer {calls}", error.Message);
        Assert.InRange(calls, 25, 40);
        Assert.InRange(said.Count, 5, 8);
        Assert.InRange(clock.NowMs(), (long)Bound.TotalMilliseconds, (long)Bound.TotalMilliseconds + 5_000);
    }

    private async Task<T> RunAsync<T>(Func<T> call)
    {
        var wait = new BrokerWait(clock, Bound, (what, _, reason) => said.Add($"{what}: {reason}"));
        var asking = wait.UntilAnsweredAsync("which topics there are", call, TestContext.Current.CancellationToken);
        await Until.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromMilliseconds(asking.IsCompleted ? 0 : 100));
                return asking.IsCompleted;
            },
            "answered or given up");
        return await asking;
    }
}
