using Alloc.Engine.LogClient;
using Alloc.Engine.Runtime;

namespace Engine.Tests.Runtime;

public sealed class RebalanceHandlerTests
{
    private static readonly TopicPartition[] Partitions = [new("commands", 0)];

    [Fact]
    public void A_revocation_commits_and_then_suspends()
    {
        var calls = new List<string>();
        var handler = new RebalanceHandler(() => calls.Add("commit"), isClean => calls.Add($"suspend {isClean}"));

        handler.OnRevoked(Partitions);

        Assert.Equal(["commit", "suspend True"], calls);
        Assert.Null(handler.Failure);
    }

    [Fact]
    public void A_loss_never_commits()
    {
        var calls = new List<string>();
        var handler = new RebalanceHandler(() => calls.Add("commit"), isClean => calls.Add($"suspend {isClean}"));

        handler.OnLost(Partitions);

        Assert.Equal(["suspend False"], calls);
    }

    [Fact]
    public void What_fails_in_a_handler_is_kept_for_the_loop_and_the_tasks_are_suspended_all_the_same()
    {
        var calls = new List<string>();
        var failure = new LogException("fenced", LogFailure.NewProducer, "Local_Fenced");
        var handler = new RebalanceHandler(() => throw failure, isClean =>
        {
            calls.Add($"suspend {isClean}");
            throw new InvalidOperationException("later");
        });

        handler.OnRevoked(Partitions);
        handler.OnLost(Partitions);

        Assert.Equal(["suspend False", "suspend False"], calls);
        Assert.Same(failure, handler.Failure);
    }

    [Fact]
    public void An_assignment_that_is_revoked_before_it_was_taken_up_is_forgotten()
    {
        var handler = new RebalanceHandler(() => { }, _ => { });

        handler.OnAssigned(Partitions, new LogGroupMetadata("member", new object()));
        handler.OnRevoked(Partitions);

        Assert.Null(handler.Assigned);
    }
}
