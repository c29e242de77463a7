using Engine.Tests.Support;

namespace Engine.Tests;

public sealed class ExactlyOnceTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    [Fact]
    public async Task Every_command_has_one_outcome_and_the_last_of_a_key_is_in_the_compacted_topic()
    {
        var run = await LedgerRun.CreateAsync(cluster, 3);
        await using var application = await run.StartAsync(run.Options());

        cluster.Produce(
            run.Commands, Enumerable.Range(0, 5_000).Select(n => ((string?)$"pool-{n % 50}", (string?)$"hold {n}")));

        var outcomes = run.AssertExactlyOnce(5_000);
        var latest = cluster.ReadAll(run.Latest).GroupBy(l => l.Key).ToDictionary(g => g.Key!, g => g.Last().Value);
        Assert.Equal(outcomes.GroupBy(o => o.Key).ToDictionary(g => g.Key!, g => g.Last().Value), latest);
    }

    [Fact]
    public async Task A_restart_goes_on_where_the_last_run_stopped()
    {
        var run = await LedgerRun.CreateAsync(cluster, 2);
        var options = run.Options();
        await using (var first = await run.StartAsync(options))
        {
            cluster.Produce(run.Commands, Enumerable.Range(0, 1_000)
                .Select(n => ((string?)$"pool-{n % 10}", (string?)$"hold {n}")));
            run.AssertExactlyOnce(1_000);
        }

        await using var second = await run.StartAsync(options);
        cluster.Produce(
            run.Commands, Enumerable.Range(0, 1_000).Select(n => ((string?)$"pool-{n % 10}", (string?)$"hold {n}")));

        run.AssertExactlyOnce(2_000);
    }

    [Fact]
    public async Task State_is_restored_from_the_journal_when_the_directory_is_gone()
    {
        var run = await LedgerRun.CreateAsync(cluster, 2);
        await using (var first = await run.StartAsync(run.Options()))
        {
            cluster.Produce(run.Commands, Enumerable.Range(0, 3_000)
                .Select(n => ((string?)$"pool-{n % 10}", (string?)$"hold {n}")));
            run.AssertExactlyOnce(3_000);
        }

        await using var second = await run.StartAsync(run.Options());
        await Until.RunningAsync(second);
        cluster.Produce(run.Commands, [("pool-1", "hold last")]);

        run.AssertExactlyOnce(3_001);
    }
}
