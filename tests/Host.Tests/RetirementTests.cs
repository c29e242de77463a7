using Alloc.Host.Projection;

namespace Host.Tests;

/// <summary>What becomes of a generation of the search that another has taken over from.</summary>
public sealed class RetirementTests
{
    [Fact]
    public async Task A_step_that_fails_is_told_and_neither_thrown_nor_the_end_of_the_others()
    {
        var done = new List<string>();
        var told = new List<(string Step, string Reason)>();
        Retirement.Step Step(string name, Exception? failure = null) => new(name, TimeSpan.Zero, () =>
        {
            done.Add(name);
            return failure is null ? Task.CompletedTask : Task.FromException(failure);
        });

        await new Retirement(TimeProvider.System, (step, reason) => told.Add((step, reason))).RunAsync(
            [
                Step("closing", new InvalidOperationException("it hangs")), Step("removing"),
                Step("forgetting", new IOException("no broker")),
            ],
            TestContext.Current.CancellationToken);

        Assert.Equal(["closing", "removing", "forgetting"], done);
        Assert.Equal([("closing", "it hangs"), ("forgetting", "no broker")], told);
    }

    [Fact]
    public async Task The_end_of_the_instance_ends_it_without_a_word()
    {
        using var ending = new CancellationTokenSource();
        var told = new List<string>();

        var running = new Retirement(TimeProvider.System, (step, _) => told.Add(step)).RunAsync(
            [new("closing", TimeSpan.FromHours(1), () => Task.CompletedTask)], ending.Token);
        await ending.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        Assert.Empty(told);
    }
}
