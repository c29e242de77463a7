using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Engine.Testing;
using Alloc.Engine.Watermarks;
using Engine.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Engine.Tests.Watermarks;

/// <summary>What a task makes of its records and of the ends that it is told.</summary>
public sealed class TaskWatermarksTests : IDisposable
{
    private const long SkewMs = 5_000;
    private readonly FakeTimeProvider clock = FakeClock.At(1_000_000);
    private readonly MemoryStateProvider states = new();
    private readonly BrokerTime time;
    private StreamTask? task;

    public TaskWatermarksTests()
    {
        time = new BrokerTime(clock);
        time.Learn(1_000_000);
    }

    [Fact]
    public void A_record_moves_its_source_to_its_timestamp_less_what_clocks_may_differ()
    {
        var watched = Task();

        See(watched, "left", 0, 990_000);
        See(watched, "left", 1, 970_000);

        Assert.Equal(990_000 - SkewMs, watched.WatermarkMs("left"));
        Assert.Equal(long.MinValue, watched.WatermarkMs("right"));
    }

    [Fact]
    public void A_producers_clock_that_is_an_hour_ahead_moves_it_no_further_than_the_brokers()
    {
        var watched = Task();

        See(watched, "left", 0, 1_040_000);
        var before = watched.WatermarkMs("left");
        time.Learn(1_020_000);
        watched.Watermarks.Advance();

        Assert.Equal(1_000_000 - SkewMs, before);
        Assert.Equal(1_020_000 - SkewMs, watched.WatermarkMs("left"));
    }

    [Fact]
    public void Records_of_a_source_with_an_upstream_tell_nothing()
    {
        var watched = Task(new WatchTopology("left", "right", "missed") { RightUpstream = new("g", [new("in")]) });

        See(watched, "right", 0, 990_000);

        Assert.Equal(long.MinValue, watched.WatermarkMs("right"));
    }

    [Theory]
    [InlineData(PlantedFault.None, 1_000_000)]
    [InlineData(PlantedFault.TrustsACachedEnd, 4_600_000)]
    public void An_end_that_is_reached_an_hour_later_proves_the_time_that_it_was_asked_at(
        PlantedFault fault, long expectedMs)
    {
        var watched = Task(rules: new PlantedRules(fault));
        watched.Watermarks.Offer(1, new KnownEnd(1_000_000, 1));
        // The process is stopped, and continued.
        clock.Advance(TimeSpan.FromHours(1));
        See(watched, "right", 0, 900_000);

        watched.Watermarks.Advance();

        Assert.Equal(expectedMs - SkewMs, watched.WatermarkMs("right"));
    }

    [Theory]
    [InlineData(PlantedFault.None, long.MinValue)]
    [InlineData(PlantedFault.ClosesOnSilenceWhileLagging, 995_000)]
    public void An_end_that_is_not_reached_proves_nothing(PlantedFault fault, long expectedMs)
    {
        var watched = Task(rules: new PlantedRules(fault));
        watched.Watermarks.Offer(1, new KnownEnd(1_000_000, 2));

        watched.Watermarks.Advance();

        Assert.Equal(expectedMs, watched.WatermarkMs("right"));
    }

    [Fact]
    public void An_end_counts_as_reached_when_only_markers_remain_before_it()
    {
        var watched = Task();
        See(watched, "right", 0, 900_000);
        watched.Watermarks.Offer(1, new KnownEnd(1_000_000, 3));
        watched.Watermarks.Advance();
        var before = watched.WatermarkMs("right");

        watched.Queues[1].ReachEnd(3);
        watched.Watermarks.Advance();

        Assert.Equal((900_000 - SkewMs, 1_000_000 - SkewMs), (before, watched.WatermarkMs("right")));
    }

    [Fact]
    public void The_end_of_the_partition_is_not_reached_while_fetched_records_wait_before_it()
    {
        var watched = Task();
        Enqueue(watched, "right", 0, 900_000);
        watched.Queues[1].ReachEnd(3);
        watched.Watermarks.Offer(1, new KnownEnd(1_000_000, 3));

        watched.Watermarks.Advance();

        Assert.Equal(long.MinValue, watched.WatermarkMs("right"));
    }

    /// <summary>A task that is always ten seconds behind would else never reach the newest end.</summary>
    [Fact]
    public void Ends_are_kept_until_they_are_reached_however_many_come_after()
    {
        var watched = Task();
        for (var end = 0; end < 100; end++)
        {
            watched.Watermarks.Offer(1, new KnownEnd(1_000_000 + end, end + 1));
        }

        See(watched, "right", 0, 900_000);
        watched.Watermarks.Advance();
        var first = watched.WatermarkMs("right");
        watched.Queues[1].ReachEnd(100);
        watched.Watermarks.Advance();

        Assert.Equal((1_000_000 - SkewMs, 1_000_099 - SkewMs), (first, watched.WatermarkMs("right")));
    }

    [Fact]
    public void A_watermark_never_goes_back()
    {
        var watched = Task();
        watched.Watermarks.Offer(1, new KnownEnd(1_000_000, 0));
        watched.Watermarks.Advance();

        watched.Watermarks.Offer(1, new KnownEnd(900_000, 0));
        See(watched, "right", 0, 100_000);
        watched.Watermarks.Advance();

        Assert.Equal(1_000_000 - SkewMs, watched.WatermarkMs("right"));
    }

    [Fact]
    public void What_was_known_by_work_that_is_dropped_is_forgotten_with_it()
    {
        var watched = Task();
        See(watched, "left", 0, 990_000);
        var before = watched.WatermarkMs("left");

        watched.DropUncommitted();
        watched.Open();

        Assert.Equal((990_000 - SkewMs, long.MinValue), (before, watched.WatermarkMs("left")));
    }

    public void Dispose()
    {
        task?.CloseState(flush: false);
        states.Dispose();
    }

    private StreamTask Task(WatchTopology? topology = null, WatermarkRules? rules = null)
    {
        var sub = (topology ?? new WatchTopology("left", "right", "missed")).Build().SubTopologies[0];
        var environment = new TaskEnvironment(
            "app", clock, TimeSpan.FromDays(1), new Dictionary<string, int> { ["missed"] = 1 }, NullLogger.Instance)
        {
            BrokerTime = time,
            Rules = rules ?? WatermarkRules.Sound,
        };
        environment.Refresh();
        var state = states.Open(new TaskStateOptions
        {
            TaskId = new TaskId(0, 0),
            Directory = "task",
            Stores = sub.Stores,
        });
        task = new StreamTask(new TaskId(0, 0), sub, state, environment);
        foreach (var queue in task.Queues)
        {
            queue.Reset(0, -1);
        }
        task.Open();
        return task;
    }

    private static RecordQueue Enqueue(StreamTask watched, string topic, long offset, long timestampMs)
    {
        var queue = watched.Queues.Single(q => q.Partition.Topic == topic);
        queue.Enqueue(new PollResult
        {
            Kind = PollKind.Record,
            Partition = queue.Partition,
            Offset = offset,
            Key = "k"u8.ToArray(),
            Value = "1000"u8.ToArray(),
            TimestampMs = timestampMs,
        });
        return queue;
    }

    private static void See(StreamTask watched, string topic, long offset, long timestampMs)
    {
        watched.Environment.Refresh();
        Assert.True(watched.Process(Enqueue(watched, topic, offset, timestampMs), new Nowhere()));
    }

    private sealed class Nowhere : IOutputWriter
    {
        public void Write(StreamTask task, in OutputRecord output)
        {
        }
    }
}
