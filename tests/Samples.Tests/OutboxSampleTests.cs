using Alloc.Client;
using Alloc.Schemas.Allocation;
using EndToEnd.Tests.Processes;

namespace Samples.Tests;

/// <summary>
/// samples/outbox sends what the shop's database says, at least once, and each order has its seats once.
/// </summary>
public sealed class OutboxSampleTests(SharedDev dev)
{
    private const string Pool = "outbox-theatre";

    [Fact]
    public async Task A_crash_between_send_and_mark_sends_again_and_is_answered_as_the_first_time()
    {
        using var directory = new TemporaryDirectory();
        using var deadline = new CancellationTokenSource(SampleProgram.Deadline);
        await using var client = TestClient.Of(dev);
        await TestClient.OpenPoolAsync(client, Pool, deadline.Token);
        var order = await SampleProgram.RunAsync(
            "outbox", "outbox-sample", "order", directory["shop.db"], Pool, "theatre-order", "2");
        Assert.True(order.ExitCode == 0, order.ToString());

        var crashed = await SampleProgram.RunAsync("outbox", "outbox-sample", [.. Relay(directory), "--crash"]);
        await using var relay = SampleProgram.Start("outbox", "outbox-sample", Relay(directory));
        await relay.WaitForLineAsync("shop-outbox/1 is sent", SampleProgram.Deadline);
        var answers = await AnswersAsync(client, count: 2, deadline.Token);

        Assert.Equal(1, crashed.ExitCode);
        Assert.Contains("the process ends before that is noted", crashed.Out, StringComparison.Ordinal);
        Assert.Equal([true, false], answers.Select(a => a.Original));
        Assert.Equal($"{Pool}#{answers[0].Sequence}", answers[1].DuplicateOf);
        Assert.All(answers, a => Assert.IsType<AllocationOutcomeEvent.Held>(a.Event));
        Assert.All(answers, a => Assert.Equal(2, a.BalancesAfter.Held));
    }

    private string[] Relay(TemporaryDirectory directory) =>
        ["relay", directory["shop.db"], dev.Deployment.Bootstrap, dev.Deployment.Registry];

    private static async Task<List<AllocationOutcome>> AnswersAsync(
        AllocClient client, int count, CancellationToken cancellation)
    {
        var answers = new List<AllocationOutcome>();
        await foreach (var next in client.FollowAsync(new FollowOptions(), cancellation))
        {
            if (next.Outcome is { PoolId: Pool, CommandId: "shop-outbox/1" })
            {
                answers.Add(next.Outcome);
            }
            if (answers.Count == count)
            {
                break;
            }
        }
        return answers;
    }
}
