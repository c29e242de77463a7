using Alloc.Engine.Runtime;
using Engine.Tests.Support;

namespace Engine.Tests;

/// <summary>An application that stands back works in turns, and loses nothing by it.</summary>
public sealed class StandingBackTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    [Theory]
    [InlineData(10, 1, 0)]
    [InlineData(10, 0.5, 10)]
    [InlineData(10, 0.1, 90)]
    [InlineData(400, 0.1, 3_600)]
    public void A_rest_makes_work_its_share_of_the_time(
        int workedMs, double share, int restMs)
    {
        var rest = new StandingBack(() => true, share).RestAfter(TimeSpan.FromMilliseconds(workedMs));

        Assert.Equal(restMs, rest.TotalMilliseconds, tolerance: 0.001);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    public void A_share_that_is_none_is_refused(double share)
    {
        var options = new StreamsOptions
        {
            ApplicationId = "back",
            BootstrapServers = "",
            StateDirectory = "",
            StandsBack = new StandingBack(() => true, share),
        };

        var refused = Assert.Throws<ArgumentOutOfRangeException>(options.RequireValid);

        Assert.Contains("StandsBack is from 0.001 to 1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_others_come_first_it_rests_between_turns_and_decides_everything_once()
    {
        var run = await LedgerRun.CreateAsync(cluster, 1);
        cluster.Produce(
            run.Commands, Enumerable.Range(0, 5_000).Select(n => ((string?)$"pool-{n % 10}", (string?)$"hold {n}")));
        var options = run.Options() with { StandsBack = new StandingBack(() => true, 0.5) };
        using var rested = new CounterWatch("alloc_rested", options.ApplicationId);

        await using var application = await run.StartAsync(options);

        run.AssertExactlyOnce(5_000);
        Assert.True(rested.Sum > 0, "it never rested");
        Assert.Equal(5_000, application.Work.Processed);
    }

    [Fact]
    public async Task It_rests_while_it_restores_too()
    {
        var run = await LedgerRun.CreateAsync(cluster, 1);
        cluster.Produce(
            run.Commands, Enumerable.Range(0, 5_000).Select(n => ((string?)$"pool-{n % 10}", (string?)$"hold {n}")));
        await using (await run.StartAsync(run.Options()))
        {
            run.AssertExactlyOnce(5_000);
        }

        // On an empty directory, so that all is restored; and there is nothing else to do.
        var options = run.Options() with { StandsBack = new StandingBack(() => true, 0.5) };
        using var rested = new CounterWatch("alloc_rested", options.ApplicationId);

        await using var application = await Until.StartedAsync(run.Create(options));

        await Until.TrueAsync(() => rested.Sum > 0, "it rested");
        Assert.Equal(0, application.Work.Processed);
    }

    [Fact]
    public async Task Nobody_who_comes_first_no_rest()
    {
        var run = await LedgerRun.CreateAsync(cluster, 1);
        cluster.Produce(run.Commands, [("a", "hold")]);
        var options = run.Options() with { StandsBack = new StandingBack(() => false, 0.5) };
        using var rested = new CounterWatch("alloc_rested", options.ApplicationId);

        await using var application = await run.StartAsync(options);

        run.AssertExactlyOnce(1);
        Assert.Equal(0, rested.Sum);
    }
}
