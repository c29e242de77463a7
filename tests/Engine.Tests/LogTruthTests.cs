using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Confluent.Kafka;
using Engine.Tests.Support;

namespace Engine.Tests;

/// <summary>
/// What decided what: the state, the committed offsets and the logs are checked against each other before anything
/// runs.
/// </summary>
public sealed class LogTruthTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    [Fact]
    public async Task Offsets_that_were_reset_below_what_was_decided_are_skipped_and_counted()
    {
        var run = await RunOnceAsync(600);

        await ResetOffsetsAsync(run, 0);
        await using var second = await run.Run.StartAsync(run.Options);
        await Until.RunningAsync(second);
        cluster.Produce(run.Run.Commands, [("pool-1", "hold last")]);

        run.Run.AssertExactlyOnce(601);
        Assert.Equal(600, second.Tasks.Sum(t => t.SkippedDecided));
    }

    [Fact]
    public async Task Without_committed_offsets_the_state_says_where_to_go_on()
    {
        var run = await RunOnceAsync(600);

        await using var second = await run.Run.StartAsync(run.Options with { InstanceId = "other" });
        await Until.RunningAsync(second, 60);

        run.Run.AssertExactlyOnce(600);
    }

    [Fact]
    public async Task A_journal_that_begins_after_the_state_is_refused()
    {
        var run = await RunOnceAsync(600);

        await cluster.DeleteRecordsAsync(run.Run.Outcomes, 0, 50);
        await using var second = await run.Run.StartAsync(run.Run.Options() with { InstanceId = "same" });

        await Until.TrueAsync(() => second.State == StreamsState.Error, "refused");
        Assert.Contains("decisions are missing", second.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkpoint_stands_in_for_a_journal_that_was_cut()
    {
        var run = await LedgerRun.CreateAsync(cluster, 2);
        var options = run.Options() with
        {
            InstanceId = "same",
            CheckpointDirectory = cluster.NewDirectory("checkpoints"),
        };
        await using (var first = await run.StartAsync(options))
        {
            cluster.Produce(
                run.Commands, Enumerable.Range(0, 600).Select(n => ((string?)$"pool-{n % 10}", (string?)$"hold {n}")));
            run.AssertExactlyOnce(600);
            Assert.Equal(2, (await first.CheckpointAsync()).Count);
        }

        await cluster.DeleteRecordsAsync(run.Outcomes, 0, 50);
        await using var second = await run.StartAsync(options with { StateDirectory = cluster.NewDirectory("state") });
        await Until.RunningAsync(second);

        var store = second.Query<string, string>(LedgerTopology.StoreName);
        Assert.Equal(600, store.Sum(s => s.Value.All().Sum(e => int.Parse(e.Value))));
    }

    [Fact]
    public async Task An_input_that_was_made_anew_is_refused()
    {
        var run = await RunOnceAsync(600);

        await cluster.DeleteTopicAsync(run.Run.Commands);
        await Until.TrueAsync(() => TryCreate(run.Run), "created again");
        await using var second = await run.Run.StartAsync(run.Options);

        await Until.TrueAsync(() => second.State == StreamsState.Error, "refused");
        Assert.Contains("made anew", second.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_that_somebody_else_wrote_to_the_journal_stops_the_task()
    {
        var run = await RunOnceAsync(10);

        var forged = new LedgerTopology.Outcome(99, run.Run.Commands, 0, 7, true, "forged");
        cluster.Produce(run.Run.Outcomes, [("pool-1", forged.ToString())], partition: 0);
        await using var second = await run.Run.StartAsync(run.Options);

        await Until.TrueAsync(() => second.State == StreamsState.Error, "refused");
        Assert.Contains("sequence", second.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_state_directory_has_one_process_and_one_topology()
    {
        var run = await LedgerRun.CreateAsync(cluster, 1);
        var options = run.Options();
        await using var first = await run.StartAsync(options);

        await using var second = run.Create(options);
        var locked = await Assert.ThrowsAsync<StateDirectoryLockedException>(
            () => second.StartAsync(CancellationToken.None));
        await first.StopAsync();
        await File.WriteAllTextAsync(
            Path.Combine(options.StateDirectory, options.ApplicationId, "topology"), "another");
        await using var third = run.Create(options);
        var foreign = await Assert.ThrowsAsync<StateTopologyMismatchException>(
            () => third.StartAsync(CancellationToken.None));

        Assert.Contains("in use by process", locked.Message, StringComparison.Ordinal);
        Assert.Contains("belongs to another topology", foreign.Message, StringComparison.Ordinal);
    }

    private async Task<(LedgerRun Run, StreamsOptions Options)> RunOnceAsync(int commandCount)
    {
        var run = await LedgerRun.CreateAsync(cluster, 2);
        var options = run.Options() with { InstanceId = "same" };
        await using var first = await run.StartAsync(options);
        cluster.Produce(run.Commands, Enumerable.Range(0, commandCount)
            .Select(n => ((string?)$"pool-{n % 10}", (string?)$"hold {n}")));
        run.AssertExactlyOnce(commandCount);
        return (run, options);
    }

    private bool TryCreate(LedgerRun run)
    {
        try
        {
            cluster.CreateTopicAsync(run.Commands, 2, ("message.timestamp.type", "LogAppendTime"))
                .GetAwaiter().GetResult();
            return true;
        }
        catch (KafkaException)
        {
            return false;
        }
    }

    /// <summary>Commits other offsets as an operator's tool would, once the group is empty.</summary>
    private async Task ResetOffsetsAsync((LedgerRun Run, StreamsOptions Options) run, long offset)
    {
        using var tool = new ConsumerBuilder<byte[], byte[]>(
        [
            new("bootstrap.servers", cluster.BootstrapServers), new("group.id", run.Run.Name), new(
                "enable.auto.commit", "false"),
        ]).Build();
        await Until.TrueAsync(() =>
        {
            try
            {
                tool.Commit([new(run.Run.Commands, 0, offset), new(run.Run.Commands, 1, offset)]);
                return true;
            }
            catch (KafkaException)
            {
                return false;
            }
        }, "offsets reset");
    }
}
