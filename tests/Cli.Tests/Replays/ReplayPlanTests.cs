using Alloc.Cli.Commands.Topics;
using Alloc.Cli.Replays;
using Alloc.Client;
using Confluent.Kafka;

namespace Cli.Tests.Replays;

/// <summary>A plan is what another process goes on with: nothing of it may be lost in the audit.</summary>
public sealed class ReplayPlanTests
{
    private static readonly ReplayPlan Whole = new()
    {
        ActionId = "action",
        Source = "source",
        Target = "target",
        Ranges = [new ReplayRange(0, 5, 9), new ReplayRange(3, 0, 1)],
        Key = "a \"key\" – with {all}",
        FromMs = 10,
        UntilMs = 20,
        IsByKey = true,
        LeavesControlsOut = true,
        Rate = ReplayRate.Read("30/m"),
        Reason = "a test",
    };

    [Fact]
    public void The_record_of_a_replay_has_its_whole_plan()
    {
        foreach (var plan in new[] { Whole, Whole with { Key = null, FromMs = null, UntilMs = null, Rate = null } })
        {
            var read = ReplayPlan.Of(plan.Started("ann", 1));

            Assert.Equal(plan.Ranges, read.Ranges);
            Assert.Equal(plan, read with { Ranges = plan.Ranges });
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("in words")]
    [InlineData("[]")]
    [InlineData("{\"fromMs\": \"soon\"}")]
    public void A_record_of_another_version_is_refused_with_its_id(string detail)
    {
        var started = Whole.Started("ann", 1) with { Detail = detail };

        var error = Assert.Throws<AllocException>(() => ReplayPlan.Of(started));

        Assert.Contains("action", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("k", 10, true)]
    [InlineData("k", 19, true)]
    [InlineData("k", 9, false)]
    [InlineData("k", 20, false)]
    [InlineData("kk", 15, false)]
    [InlineData(null, 15, false)]
    public void A_record_is_meant_by_its_key_and_its_own_time(string? key, long timeMs, bool isMeant)
    {
        var plan = Whole with { Key = "k" };

        Assert.Equal(isMeant, plan.Takes(new ConsumeResult<byte[]?, byte[]?>
        {
            Message = new Message<byte[]?, byte[]?>
            {
                Key = key is null ? null : System.Text.Encoding.UTF8.GetBytes(key),
                Timestamp = new Timestamp(timeMs, TimestampType.CreateTime),
            },
        }));
    }
}
