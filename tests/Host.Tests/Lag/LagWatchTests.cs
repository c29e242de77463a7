using Alloc.Host.Lag;
using Confluent.Kafka;

namespace Host.Tests.Lag;

/// <summary>Real consumers of a real broker, watched from outside.</summary>
public sealed class LagWatchTests
{
    private static readonly TimeSpan TestTime = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_consumer_that_keeps_up_is_ok_and_what_waits_has_the_age_of_the_record_it_stands_at()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        await cluster.TopicAsync("in");
        await cluster.ProduceAsync("in", 5);
        using var consumer = cluster.Join("keeps-up", "in");
        consumer.Commit([new TopicPartitionOffset("in", 0, 5)]);
        var watch = cluster.Watch();

        var (idle, none) = cluster.Read(cluster.LookForAWindow(watch), "keeps-up", "in");
        await cluster.ProduceAsync("in", 3);
        cluster.Look(watch, TimeSpan.FromSeconds(5));
        consumer.Commit([new TopicPartitionOffset("in", 0, 7)]);
        var (behind, age) = cluster.Read(cluster.Look(watch, TimeSpan.FromMinutes(10)), "keeps-up", "in");

        Assert.Equal((0L, ConsumerStatus.Ok, TimeSpan.Zero), (idle.LagRecords, idle.Status, none!.Value));
        Assert.Equal((1L, 7L, 8L, ConsumerStatus.Ok), (behind.LagRecords, behind.Committed, behind.End, behind.Status));
        Assert.InRange(age!.Value, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10) + TestTime);
        Assert.Equal(("keeps-up-client", null), (behind.Owner!.ClientId, behind.Why));
    }

    [Fact]
    public async Task A_consumer_that_stopped_is_stop_and_one_that_only_stands_is_stall()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        await cluster.TopicAsync("in");
        await cluster.ProduceAsync("in", 5);
        var stopped = cluster.Join("stopped", "in");
        stopped.Commit([new TopicPartitionOffset("in", 0, 2)]);
        stopped.Close();
        stopped.Dispose();
        using var stands = cluster.Join("stands", "in");
        stands.Commit([new TopicPartitionOffset("in", 0, 3)]);
        var watch = cluster.Watch();

        var early = cluster.Look(watch);
        var late = cluster.LookForAWindow(watch);

        Assert.Equal(ConsumerStatus.Unknown, cluster.Read(early, "stopped", "in").Lag.Status);
        var (stop, stopAge) = cluster.Read(late, "stopped", "in");
        var (stall, _) = cluster.Read(late, "stands", "in");
        Assert.Equal((3L, ConsumerStatus.Stop, null), (stop.LagRecords, stop.Status, stop.Owner));
        Assert.Equal("nobody in the group has it: the group has no members", stop.Why);
        Assert.InRange(stopAge!.Value, TimeSpan.FromSeconds(70), TimeSpan.FromSeconds(70) + TestTime);
        Assert.Equal((2L, ConsumerStatus.Stall), (stall.LagRecords, stall.Status));
        Assert.Equal("stands-client", stall.Owner!.ClientId);
    }

    [Fact]
    public async Task A_group_that_is_set_back_is_rewind_though_it_had_caught_up_and_a_group_that_falls_behind_is_warn()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        await cluster.TopicAsync("in");
        await cluster.ProduceAsync("in", 9);
        cluster.Commit("set-back", "in", 9);
        cluster.Commit("falls-behind", "in", 0);
        var watch = cluster.Watch();

        cluster.LookForAWindow(watch);
        cluster.Commit("set-back", "in", 2);
        var rewound = cluster.Look(watch, TimeSpan.FromSeconds(5));
        for (var look = 1; look <= 14; look++)
        {
            await cluster.ProduceAsync("in", 2);
            cluster.Commit("falls-behind", "in", look);
            cluster.Look(watch, TimeSpan.FromSeconds(5));
        }

        var (lag, _) = cluster.Read(rewound, "set-back", "in");
        Assert.Equal((ConsumerStatus.Rewind, 7L), (lag.Status, lag.LagRecords));
        var (behind, _) = cluster.Read(watch.Report, "falls-behind", "in");
        // It joins nothing and commits all the same: that nobody has the partition says nothing.
        Assert.Equal((ConsumerStatus.Warn, null), (behind.Status, behind.Why));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, -1)]
    [InlineData(false, 1)]
    [InlineData(false, -1)]
    [InlineData(false, 0)]
    public async Task An_age_is_true_though_the_producers_clock_is_an_hour_off(bool isBrokersClock, int hoursOff)
    {
        await using var cluster = await WatchedCluster.StartAsync();
        await cluster.TopicAsync("in", isBrokersClock: isBrokersClock);
        cluster.Commit("reads", "in", 0);
        var watch = cluster.Watch();
        cluster.Look(watch);

        await cluster.ProduceAsync("in", 2, clockOff: TimeSpan.FromHours(hoursOff));
        cluster.Look(watch);
        var (lag, age) = cluster.Read(cluster.Look(watch, TimeSpan.FromMinutes(10)), "reads", "in");

        Assert.Equal(2, lag.LagRecords);
        Assert.InRange(age!.Value, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10) + TestTime);
    }

    [Fact]
    public async Task Partitions_that_are_filled_a_hundred_to_one_have_their_own_lag_and_age_and_the_skew_is_told()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        await cluster.TopicAsync("in", partitions: 4);
        for (var partition = 0; partition < 4; partition++)
        {
            cluster.Commit("reads", "in", 0, partition);
        }
        var watch = cluster.Watch();
        await cluster.ProduceAsync("in", 1, partition: 1);
        cluster.Look(watch);
        cluster.Look(watch, TimeSpan.FromMinutes(10));
        await cluster.ProduceAsync("in", 100, partition: 0);
        await cluster.ProduceAsync("in", 1, partition: 2);
        await cluster.ProduceAsync("in", 1, partition: 3);

        var report = cluster.Look(watch);

        var lags = Enumerable.Range(0, 4).Select(p => cluster.Read(report, "reads", "in", p)).ToList();
        Assert.Equal([100, 1, 1, 1], lags.Select(l => l.Lag.LagRecords));
        Assert.InRange(lags[1].Age!.Value, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10) + TestTime);
        Assert.All(
            new[] { 0, 2, 3 }, p => Assert.InRange(lags[p].Age!.Value, TimeSpan.Zero, TimeSpan.FromMinutes(5)));
        Assert.Equal(100 / (103 / 4.0), report.Groups.Single().SkewRatio, 1e-9);
    }

    [Fact]
    public async Task An_open_transaction_that_hides_records_is_named_with_its_producer_and_what_it_hides_counts()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        await cluster.TopicAsync("in");
        await cluster.ProduceAsync("in", 4);
        using var stands = cluster.Join("hidden-from", "in");
        stands.Commit([new TopicPartitionOffset("in", 0, 4)]);
        using var behind = cluster.Join("further-back", "in");
        behind.Commit([new TopicPartitionOffset("in", 0, 1)]);
        using var producer = await cluster.OpenTransactionAsync("in", "nightly-batch");
        await cluster.ProduceAsync("in", 9);
        var watch = cluster.Watch();

        cluster.Look(watch);
        var report = cluster.LookForAWindow(watch);
        var hidden = cluster.Read(report, "hidden-from", "in");
        var back = cluster.Read(report, "further-back", "in");
        producer.AbortTransaction(TimeSpan.FromSeconds(30));
        var after = cluster.Look(watch, TimeSpan.FromSeconds(5));

        Assert.Equal((10L, ConsumerStatus.Stall), (hidden.Lag.LagRecords, hidden.Lag.Status));
        Assert.StartsWith(
            "a transaction stands open at offset 4, of producer ", hidden.Lag.Why, StringComparison.Ordinal);
        Assert.Contains("transactional id nightly-batch, since 20", hidden.Lag.Why, StringComparison.Ordinal);
        Assert.InRange(hidden.Age!.Value, TimeSpan.FromSeconds(70), TimeSpan.FromSeconds(70) + TestTime);
        // What holds it is not what hides what lies further on.
        Assert.Null(back.Lag.Why);
        var open = Assert.Single(report.Open);
        Assert.Equal((4L, "nightly-batch"), (open.Offset, open.Transaction!.TransactionalId));
        Assert.Empty(after.Open);
        Assert.Null(cluster.Read(after, "hidden-from", "in").Lag.Why);
    }

    [Fact]
    public async Task While_the_broker_does_not_answer_a_group_is_unknown_and_old_and_never_at_zero()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        await cluster.TopicAsync("in");
        await cluster.ProduceAsync("in", 5);
        cluster.Commit("behind", "in", 3);
        cluster.Commit("at-the-end", "in", 5);
        var watch = cluster.Watch();
        var seen = cluster.Look(watch);

        await cluster.StopBrokerAsync();
        cluster.Look(watch, TimeSpan.FromSeconds(5));
        var away = cluster.Look(watch, TimeSpan.FromMinutes(5));
        var behind = cluster.Read(away, "behind", "in");
        var atTheEnd = cluster.Read(away, "at-the-end", "in");
        await cluster.StartBrokerAsync();
        await UntilAsync(() => cluster.Look(watch).Problem is null);
        var back = cluster.Read(watch.Report, "at-the-end", "in");

        Assert.NotNull(away.Problem);
        Assert.Equal(seen.AtMs, away.AtMs);
        Assert.Equal((ConsumerStatus.Unknown, 2L), (behind.Lag.Status, behind.Lag.LagRecords));
        Assert.Equal(ConsumerStatus.Unknown, atTheEnd.Lag.Status);
        Assert.All(
            new[] { behind.Age, atTheEnd.Age },
            a => Assert.InRange(a!.Value, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5) + TestTime));
        Assert.NotNull(behind.Lag.Why);
        Assert.Equal((ConsumerStatus.Ok, TimeSpan.Zero, null), (back.Lag.Status, back.Age!.Value, back.Lag.Why));
    }

    [Fact]
    public async Task Groups_on_others_topics_do_not_count_and_those_beyond_the_bound_are_counted()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        await cluster.TopicAsync("ours");
        await cluster.TopicAsync("theirs");
        for (var n = 0; n < 20; n++)
        {
            cluster.Commit($"a-foreign-{n}", "theirs", 0);
        }
        foreach (var name in new[] { "b", "c", "d" })
        {
            cluster.Commit(name, "ours", 0);
            cluster.Commit(name, "theirs", 0);
        }
        var watch = cluster.Watch(o => o with { WatchesTopic = t => t == "ours", MostGroups = 2 });

        var first = cluster.Look(watch);
        var second = cluster.Look(watch, TimeSpan.FromSeconds(5));
        await cluster.DeleteGroupAsync("b");
        var third = cluster.Look(watch, TimeSpan.FromSeconds(5));

        Assert.Equal("b c +1", Told(first));
        Assert.Equal("b c +1", Told(second));
        Assert.Equal("c d +0", Told(third));
        Assert.All(first.Groups, g => Assert.Equal("ours", Assert.Single(g.Partitions).Partition.Topic));

        static string Told(LagReport report) =>
            $"{string.Join(' ', report.Groups.Select(g => g.Name))} +{report.Beyond}";
    }

    [Fact]
    public async Task Of_a_topic_that_members_subscribe_to_every_partition_counts_also_those_never_committed()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        await cluster.TopicAsync("in", partitions: 2);
        await cluster.ProduceAsync("in", 3, partition: 1);
        using var consumer = cluster.Join("new", "in");
        cluster.Commit("of-one", "in", 0, partition: 0);
        var watch = cluster.Watch();

        var report = cluster.Look(watch);

        var (lag, _) = cluster.Read(report, "new", "in", 1);
        Assert.Equal((null, 3L), (lag.Committed, lag.LagRecords));
        Assert.Single(report.Groups.Single(g => g.Name == "of-one").Partitions);
    }

    [Fact]
    public async Task Records_that_were_deleted_unread_are_told()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        await cluster.TopicAsync("in");
        await cluster.ProduceAsync("in", 10);
        using var slow = cluster.Join("slow", "in");
        slow.Commit([new TopicPartitionOffset("in", 0, 2)]);
        await cluster.DeleteRecordsAsync("in", before: 6);
        var watch = cluster.Watch();

        var (lag, age) = cluster.Read(cluster.Look(watch), "slow", "in");

        Assert.Equal((4L, "4 records were deleted unread"), (lag.LagRecords, lag.Why));
        Assert.NotNull(age);
    }

    [Fact]
    public async Task With_SASL_groups_are_asked_for_through_the_client_and_told_the_same()
    {
        await using var cluster = await WatchedCluster.StartAsync(isSecured: true);
        await cluster.TopicAsync("in");
        await cluster.ProduceAsync("in", 5);
        using var member = cluster.Join("member", "in");
        member.Commit([new TopicPartitionOffset("in", 0, 4)]);
        cluster.Commit("gone", "in", 1);
        var watch = cluster.Watch();

        var report = cluster.LookForAWindow(watch);

        Assert.Null(report.Problem);
        var (stall, _) = cluster.Read(report, "member", "in");
        var (stop, _) = cluster.Read(report, "gone", "in");
        Assert.Equal(
            (1L, ConsumerStatus.Stall, "member-client"), (stall.LagRecords, stall.Status, stall.Owner!.ClientId));
        Assert.Equal((4L, ConsumerStatus.Stop), (stop.LagRecords, stop.Status));
    }

    [Fact]
    public async Task Of_more_groups_than_clients_are_kept_each_is_asked_for_in_turn()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        await cluster.TopicAsync("in");
        await cluster.ProduceAsync("in", 5);
        for (var n = 0; n < 40; n++)
        {
            cluster.Commit($"g-{n}", "in", n % 5);
        }
        var watch = cluster.Watch(source: new ClientGroups(cluster.Client));

        var first = cluster.Look(watch);
        var second = cluster.Look(watch, TimeSpan.FromSeconds(5));
        var third = cluster.Look(watch, TimeSpan.FromSeconds(60));

        Assert.Equal((32, 40, 40), (first.Groups.Count, second.Groups.Count, third.Groups.Count));
        Assert.All(third.Groups, g => Assert.Null(g.Partitions.Single().SilentSinceMs));
        Assert.Equal(40, third.Groups.Count(g => g.LagRecords == 5 - (int.Parse(g.Name[2..], null) % 5)));
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(TimeSpan.FromSeconds(90));
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (!isSo())
        {
            await ticks.WaitForNextTickAsync(deadline.Token);
        }
    }
}
