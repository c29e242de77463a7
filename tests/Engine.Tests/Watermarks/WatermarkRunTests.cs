using Alloc.Engine.LogClient;
using Alloc.Engine.Testing;
using Engine.Tests.Support;

namespace Engine.Tests.Watermarks;

/// <summary>Watermarks in the whole engine, on a log in memory in virtual time.</summary>
public sealed class WatermarkRunTests
{
    private const long SkewMs = 5_000;

    [Fact]
    public async Task Silence_moves_the_watermark_and_closes_what_nobody_came_for()
    {
        await using var run = new WatchRun();
        await run.StartAsync();
        run.Log.Append(WatchRun.Left, "a", "1000");

        run.Log.RunFor(60_000);
        await run.MissedAsync(1);

        Assert.Equal(("a", MemoryLog.StartMs + 1_000), Only(run));
        Assert.InRange(run.MissedRecords()[0].TimestampMs, MemoryLog.StartMs + 1_000 + SkewMs, run.Log.Clock.NowMs());
    }

    [Fact]
    public async Task An_open_transaction_holds_what_it_hides_and_what_claims_it()
    {
        await using var run = new WatchRun();
        await run.StartAsync();
        run.Log.Append(WatchRun.Left, "a", "1000");
        run.Log.Append(WatchRun.Right, "a", "", MemoryKind.Pending);

        run.Log.RunFor(60_000);
        await run.KnownAsync(WatchRun.Left, MemoryLog.StartMs + 60_000 - SkewMs);
        await Until.TrueAsync(() => run.Watermark(WatchRun.Right).HeldBy is not null, "the right side is held");
        var (held, missed) = (run.Watermark(WatchRun.Right), run.MissedRecords().Count);
        lock (run.Log.Gate)
        {
            run.Log.Topic(WatchRun.Right).Entries[0].Kind = MemoryKind.Record;
        }
        run.Log.RunFor(10_000);
        await run.KnownAsync(WatchRun.Right, MemoryLog.StartMs + 70_000 - SkewMs);

        Assert.Equal(0, missed);
        Assert.True(held.WatermarkMs is null || held.WatermarkMs <= MemoryLog.StartMs);
        Assert.Contains("up to offset 0 of 1", held.HeldBy, StringComparison.Ordinal);
        Assert.Empty(run.MissedRecords());
    }

    [Theory]
    [InlineData(PlantedFault.None, 1)]
    [InlineData(PlantedFault.ClosesOnSilenceWhileLagging, 0)]
    public async Task A_record_that_an_open_transaction_hid_does_not_come_late(PlantedFault fault, int taken)
    {
        await using var run = new WatchRun { Rules = new PlantedRules(fault) };
        await run.StartAsync();
        run.Log.Append(WatchRun.Left, "a", "1000", MemoryKind.Pending);
        run.Log.RunFor(60_000);
        await run.KnownAsync(
            fault == PlantedFault.None ? WatchRun.Right : WatchRun.Left, MemoryLog.StartMs + 60_000 - SkewMs);

        lock (run.Log.Gate)
        {
            run.Log.Topic(WatchRun.Left).Entries[0].Kind = MemoryKind.Record;
        }
        run.Log.RunFor(10_000);
        await Until.TrueAsync(() => run.Log.Committed.GetValueOrDefault(new TopicPartition(WatchRun.Left, 0)) > 0,
            "the record is processed");
        if (taken > 0)
        {
            await run.MissedAsync(taken);
        }

        Assert.Equal(taken, run.MissedRecords().Count);
    }

    [Theory]
    [InlineData(PlantedFault.None, 0)]
    [InlineData(PlantedFault.ClosesOnSilenceWhileLagging, 1)]
    public async Task What_lags_closes_nothing(PlantedFault fault, int missed)
    {
        await using var run = new WatchRun { Rules = new PlantedRules(fault) };
        await run.StartAsync();
        run.Log.Append(WatchRun.Right, "a", "", MemoryKind.Pending);
        run.Log.Append(WatchRun.Left, "a", "1000");

        run.Log.RunFor(60_000);
        await run.KnownAsync(WatchRun.Left, MemoryLog.StartMs + 60_000 - SkewMs);
        if (missed > 0)
        {
            await run.MissedAsync(missed);
        }

        Assert.Equal(missed, run.MissedRecords().Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3_600_000)]
    [InlineData(-3_600_000)]
    public async Task A_host_whose_clock_is_an_hour_off_closes_nothing_early_and_nothing_late(long brokerAheadMs)
    {
        await using var run = new WatchRun();
        run.Log.BrokerAheadMs = brokerAheadMs;
        await run.StartAsync();
        run.Log.Append(WatchRun.Left, "a", "1000");

        run.Log.RunFor(1_000 + SkewMs);
        await run.KnownAsync(WatchRun.Right, MemoryLog.StartMs + brokerAheadMs + 1_000);
        var early = run.MissedRecords().Count;
        run.Log.RunFor(1);
        await run.MissedAsync(1);

        Assert.Equal(0, early);
        Assert.Equal(MemoryLog.StartMs + brokerAheadMs + 1_001 + SkewMs, run.MissedRecords()[0].TimestampMs);
    }

    [Fact]
    public async Task While_the_brokers_clock_cannot_be_read_watermarks_stand_still_and_say_why()
    {
        await using var run = new WatchRun();
        await run.StartAsync();
        run.Log.RunFor(10);
        await run.KnownAsync(WatchRun.Right, MemoryLog.StartMs + 10 - SkewMs);
        run.Log.ClockFailure = new LogException("it timed out", LogFailure.Abort, "Test");
        run.Log.Append(WatchRun.Left, "a", "1000");

        run.Log.RunFor(60_000);
        await Until.TrueAsync(
            () => run.Watermark(WatchRun.Right).HeldBy == "the broker's clock is not read: it timed out", "it is held");
        var (missed, held) = (run.MissedRecords().Count, run.Watermark(WatchRun.Right));
        run.Log.ClockFailure = null;
        await run.MissedAsync(1);

        Assert.Equal((0, MemoryLog.StartMs + 10 - SkewMs), (missed, held.WatermarkMs));
        Assert.Equal(TimeSpan.FromMilliseconds(60_000 + SkewMs), held.Lag);
        await Until.TrueAsync(() => run.Watermark(WatchRun.Right).HeldBy is null, "it is held no more");
    }

    [Theory]
    [InlineData(PlantedFault.None, false)]
    [InlineData(PlantedFault.ForgetsItsWatermarkOnRestart, true)]
    public async Task A_restart_from_the_log_alone_keeps_the_watermarks_and_closes_nothing_twice(
        PlantedFault fault, bool isTakenLate)
    {
        await using var run = new WatchRun { Rules = new PlantedRules(fault) };
        await run.StartAsync();
        run.Log.Append(WatchRun.Left, "a", "1000");
        run.Log.RunFor(60_000);
        await run.MissedAsync(1);
        await run.Application.DisposeAsync();

        lock (run.Log.Gate)
        {
            run.Log.Append(
                WatchRun.Left, "b"u8.ToArray(), "1000"u8.ToArray(), MemoryLog.StartMs - 60_000, MemoryKind.Record);
        }
        await run.StartAsync();
        run.Log.RunFor(60_000);
        await run.KnownAsync(WatchRun.Right, MemoryLog.StartMs + 120_000 - SkewMs);
        if (isTakenLate)
        {
            await run.MissedAsync(2);
        }

        Assert.Equal(isTakenLate ? 2 : 1, run.MissedRecords().Count);
    }

    /// <summary>The closing, the watermark and the state are one transaction.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_closing_whose_commit_fails_is_in_the_log_once(bool isCommitted)
    {
        await using var run = new WatchRun();
        await run.StartAsync();
        run.Log.Append(WatchRun.Left, "a", "1000");
        await Until.TrueAsync(() => run.Log.Committed.GetValueOrDefault(new TopicPartition(WatchRun.Left, 0)) > 0,
            "the record is committed");
        var failed = 0;
        run.Log.OnCommit = commit =>
        {
            if (failed++ > 0)
            {
                commit.Succeed();
                return;
            }
            if (isCommitted)
            {
                commit.Append();
            }
            commit.Operation.Fail(new LogException("The answer was lost", LogFailure.NewProducer, "Test"));
        };

        run.Log.RunFor(60_000);
        await run.WhileTimePassesAsync(() => failed > 0 && run.MissedRecords().Count > 0
            && run.Application.State == Alloc.Engine.Runtime.StreamsState.Running);
        run.Log.RunFor(60_000);
        await run.KnownAsync(WatchRun.Right, run.Log.Clock.NowMs() - SkewMs);

        Assert.Equal(("a", MemoryLog.StartMs + 1_000), Only(run));
    }

    [Fact]
    public async Task A_record_that_must_wait_holds_its_own_source_and_not_what_claims_another()
    {
        await using var run = new WatchRun();
        await run.StartAsync();
        run.Log.Append(WatchRun.Left, "a", "1000");
        await Until.TrueAsync(() => run.Watermark(WatchRun.Left).WatermarkMs is not null, "the record is processed");
        lock (run.Log.Gate)
        {
            run.Log.Append(WatchRun.Left, "b"u8.ToArray(), "1000"u8.ToArray(),
                MemoryLog.StartMs + 7_200_000, MemoryKind.Record);
        }

        run.Log.RunFor(60_000);
        await run.MissedAsync(1);
        await Until.TrueAsync(() => run.Watermark(WatchRun.Left).HeldBy is not null, "the left side is held");

        Assert.Contains("s ahead of the broker's clock", run.Watermark(WatchRun.Left).HeldBy, StringComparison.Ordinal);
        Assert.True(run.Watermark(WatchRun.Left).WatermarkMs < MemoryLog.StartMs + 30_000);
    }

    [Fact]
    public async Task A_partition_whose_task_still_restores_is_held_and_closes_nothing()
    {
        await using var run = new WatchRun();
        await run.StartAsync();
        run.Log.Append(WatchRun.Left, "a", "100000");
        await Until.TrueAsync(() => run.Log.Committed.GetValueOrDefault(new TopicPartition(WatchRun.Left, 0)) > 0,
            "the record is committed");
        await run.Application.DisposeAsync();
        var end = (int)run.Log.Append("watch-open-changelog", "x", "y", MemoryKind.Pending);
        await run.StartWithoutWaitingAsync();
        await Until.TrueAsync(() => run.Application.Watermarks.Count == 2, "the partitions are assigned");

        run.Log.PassTimeWithoutPolls(200_000);
        await Until.TrueAsync(() => run.Application.RestoreProgress.Count == 1, "it restores");
        var (held, missed) = (run.Watermark(WatchRun.Right), run.MissedRecords().Count);
        lock (run.Log.Gate)
        {
            run.Log.Topic("watch-open-changelog").Entries[end].Kind = MemoryKind.Aborted;
        }
        await run.MissedAsync(1);

        Assert.Equal(((long?)null, "its task is not ready", 0), (held.WatermarkMs, held.HeldBy, missed));
    }

    [Fact]
    public async Task A_topology_that_uses_no_watermarks_has_neither_the_topic_nor_anything_to_say()
    {
        await using var run = new MemoryRun();
        await run.StartAsync();
        run.Log.Append(MemoryRun.Commands, "a", "x");
        await run.OutcomesAsync(1);

        Assert.Empty(run.Application.Watermarks);
        Assert.DoesNotContain(run.Log.Topics(), t => t.Name.EndsWith("-clock", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_source_whose_upstream_stands_still_is_held_by_name_until_it_goes_on()
    {
        await using var run = new WatchRun();
        run.Log.CreateTopic("in");
        run.Log.Append("in", "x", "y");
        run.Topology = new WatchTopology(WatchRun.Left, WatchRun.Right, WatchRun.Missed)
        {
            RightUpstream = new("writers", [new("in")]),
        };
        await run.StartAsync();
        run.Log.Append(WatchRun.Left, "a", "1000");

        run.Log.RunFor(60_000);
        await run.KnownAsync(WatchRun.Left, MemoryLog.StartMs + 60_000 - SkewMs);
        await Until.TrueAsync(() => run.Watermark(WatchRun.Right).HeldBy is not null, "the right side is held");
        var (held, missed) = (run.Watermark(WatchRun.Right).HeldBy, run.MissedRecords().Count);
        lock (run.Log.Gate)
        {
            run.Log.UpstreamCommitted[new TopicPartition("in", 0)] = 1;
        }
        await run.MissedAsync(1);

        Assert.Equal(("group writers has committed in-0 up to 0 of 1", 0), (held, missed));
    }

    [Fact]
    public async Task A_thousand_that_are_due_at_once_are_closed_and_the_member_goes_on_polling()
    {
        await using var run = new WatchRun();
        await run.StartAsync();
        for (var index = 0; index < 1_000; index++)
        {
            run.Log.Append(WatchRun.Left, $"k{index}", "1000");
        }

        run.Log.RunFor(60_000);
        await run.MissedAsync(1_000);

        var keys = run.MissedRecords().ConvertAll(r => System.Text.Encoding.UTF8.GetString(r.Key!));
        Assert.Equal((1_000, 1_000), (keys.Count, keys.Distinct().Count()));
    }

    [Fact]
    public async Task An_upstream_topic_that_does_not_exist_is_refused_at_the_start()
    {
        var run = new WatchRun
        {
            Topology = new WatchTopology(WatchRun.Left, WatchRun.Right, WatchRun.Missed)
            {
                RightUpstream = new("writers", [new("nowhere")]),
            },
        };

        var failure = await Assert.ThrowsAnyAsync<Exception>(run.StartAsync);

        Assert.Contains("Topic 'nowhere' does not exist, which group 'writers' reads", failure.Message,
            StringComparison.Ordinal);
        await run.DisposeAsync();
    }

    private static (string Key, long DueAtMs) Only(WatchRun run)
    {
        var record = Assert.Single(run.MissedRecords());
        return (System.Text.Encoding.UTF8.GetString(record.Key!),
            long.Parse(record.Text, System.Globalization.CultureInfo.InvariantCulture));
    }
}
