using System.Text;
using Alloc.Engine.Processing;
using Alloc.Engine.Testing;
using Alloc.Engine.Topology;
using Engine.Tests.Support;

namespace Engine.Tests.Watermarks;

/// <summary>
/// What timers do with watermarks, on the test driver; and that it tells of each fault that is planted.
/// </summary>
public sealed class WatermarkTimerTests
{
    private const long StartMs = 1_700_000_000_000;

    [Fact]
    public void Silence_closes()
    {
        using var driver = Driver();
        Pipe(driver, "left", "a", "1000", StartMs);

        driver.AdvanceWallClock(TimeSpan.FromMilliseconds(6_000));
        var before = Missed(driver);
        driver.AdvanceWallClock(TimeSpan.FromMilliseconds(1));

        Assert.Empty(before);
        Assert.Equal([("a", StartMs + 1_000, StartMs + 6_001)], Missed(driver));
    }

    [Fact]
    public void What_came_in_time_is_not_closed()
    {
        using var driver = Driver();
        Pipe(driver, "left", "a", "1000", StartMs);
        Pipe(driver, "right", "a", "", StartMs + 900);

        driver.AdvanceWallClock(TimeSpan.FromHours(1));

        Assert.Empty(Missed(driver));
    }

    [Theory]
    [InlineData(PlantedFault.None, 0)]
    [InlineData(PlantedFault.ClosesOnSilenceWhileLagging, 1)]
    [InlineData(PlantedFault.ClosesByTheFastestPartition, 1)]
    public void A_source_that_is_held_closes_nothing_that_claims_it_until_it_is_released(PlantedFault fault, int closed)
    {
        using var driver = Driver(fault, "left", "right");
        Pipe(driver, "left", "a", "1000", StartMs);
        driver.HoldWatermark("right");

        driver.AdvanceWallClock(TimeSpan.FromHours(1));
        Pipe(driver, "left", "b", "1000", StartMs + 3_600_000);
        driver.AdvanceWallClock(TimeSpan.Zero);
        var whileHeld = Missed(driver).Count;
        driver.ReleaseWatermark("right");
        driver.AdvanceWallClock(TimeSpan.Zero);

        Assert.Equal(closed, whileHeld);
        Assert.Equal(1, whileHeld + Missed(driver).Count);
    }

    [Theory]
    [InlineData(PlantedFault.None, 1)]
    [InlineData(PlantedFault.WaitsForEverySource, 0)]
    public void A_held_partition_of_another_source_does_not_hold_a_timer_that_does_not_claim_it(
        PlantedFault fault, int closed)
    {
        using var driver = Driver(fault);
        Pipe(driver, "left", "a", "7200000", StartMs);
        driver.HoldWatermark("left");

        driver.AdvanceWallClock(TimeSpan.FromHours(3));

        Assert.Equal(closed, Missed(driver).Count);
    }

    [Theory]
    [InlineData(PlantedFault.None, 1)]
    [InlineData(PlantedFault.ForgetsItsWatermarkOnRestart, 0)]
    public void A_restart_keeps_the_watermark_and_closes_nothing_twice(PlantedFault fault, int late)
    {
        using var driver = Driver(fault);
        Pipe(driver, "left", "a", "1000", StartMs);
        driver.AdvanceWallClock(TimeSpan.FromHours(1));
        Pipe(driver, "left", "b", "7200000", StartMs + 3_600_000);
        var (left, right) = (driver.WatermarkMs("left"), driver.WatermarkMs("right"));
        var closed = Missed(driver).Count;

        driver.RestartFromJournal();
        var isLower = driver.WatermarkMs("left") < left || driver.WatermarkMs("right") < right;
        Pipe(driver, "left", "c", "1000", StartMs + 1_000);
        driver.AdvanceWallClock(TimeSpan.FromMinutes(1));

        Assert.Equal((1, fault != PlantedFault.None), (closed, isLower));
        Assert.Equal(late, driver.LateCounts.GetValueOrDefault("left"));
        Assert.Equal(1 - late, Missed(driver).Count);
    }

    [Fact]
    public void All_that_is_due_is_closed_though_each_call_closes_one()
    {
        using var driver = Driver();
        for (var index = 0; index < 1_000; index++)
        {
            Pipe(driver, "left", $"k{index}", "1000", StartMs + index);
        }

        driver.AdvanceWallClock(TimeSpan.FromHours(1));

        Assert.Equal(1_000, Missed(driver).Count);
    }

    [Fact]
    public void A_closing_that_cannot_be_done_is_dropped_and_tried_again()
    {
        var topology = new WatchTopology("left", "right", "missed") { IsDependencyDown = true };
        using var driver = new TopologyTestDriver(topology.Build(), StartMs);
        Pipe(driver, "left", "wait", "1000", StartMs);

        driver.AdvanceWallClock(TimeSpan.FromHours(1));
        var before = Missed(driver).Count;
        topology.IsDependencyDown = false;
        driver.AdvanceWallClock(TimeSpan.FromMinutes(1));

        Assert.Equal((0, 1), (before, Missed(driver).Count));
    }

    [Fact]
    public void A_record_whose_work_is_dropped_leaves_the_timer_as_it_was()
    {
        using var driver = Driver();
        Pipe(driver, "left", "a", "1000", StartMs);

        Pipe(driver, "right", "a", "bad", StartMs);
        driver.AdvanceWallClock(TimeSpan.FromHours(1));

        Assert.Equal((1L, 1), (driver.DeadLetterCount, Missed(driver).Count));
    }

    [Fact]
    public void A_topology_that_does_not_say_that_it_uses_watermarks_is_told_so()
    {
        var topology = new TopologyBuilder().AddSource("in", "in", Serdes.Utf8, Serdes.Utf8)
            .AddProcessor("asks", () => new Asks(), "in").Build();

        var failure = Assert.Throws<TopologyException>(() =>
        {
            using var driver = new TopologyTestDriver(topology);
            driver.WatermarkMs("in");
        });
        Assert.Contains("call UseWatermarks on its builder", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_timer_that_claims_what_the_task_does_not_read_is_refused()
    {
        using var driver = Driver();

        Assert.Contains("'other'", Assert.Throws<TopologyException>(
            () => driver.WatermarkMs("other")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(" ", "in", "has no group")]
    [InlineData("g", null, "reads nothing")]
    [InlineData("g", " ", "without a name")]
    public void An_upstream_that_is_not_complete_is_refused(string group, string? topic, string problem)
    {
        var upstream = new SourceUpstream(group, topic is null ? [] : [new UpstreamSource(topic)]);

        var failure = Assert.Throws<TopologyException>(() => new TopologyBuilder().AddSource(
            "in", "in", Serdes.Utf8, Serdes.Utf8, new SourceOptions { Upstream = upstream }));

        Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_upstream_that_never_ends_is_refused()
    {
        var upstream = new SourceUpstream("g", [new UpstreamSource("in")]);
        for (var depth = 0; depth < 8; depth++)
        {
            upstream = new SourceUpstream("g", [new UpstreamSource("in", upstream)]);
        }

        Assert.Throws<TopologyException>(() => new TopologyBuilder().AddSource(
            "in", "in", Serdes.Utf8, Serdes.Utf8, new SourceOptions { Upstream = upstream }));
    }

    private static TopologyTestDriver Driver(PlantedFault fault = PlantedFault.None, params string[] claims)
    {
        var topology = new WatchTopology("left", "right", "missed");
        topology = claims.Length == 0 ? topology : new WatchTopology("left", "right", "missed") { Claims = claims };
        return new TopologyTestDriver(topology.Build(), StartMs, 1, new PlantedRules(fault));
    }

    private static void Pipe(TopologyTestDriver driver, string topic, string key, string value, long timestampMs) =>
        driver.PipeInput(topic, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value), timestampMs, 0);

    private static List<(string Key, long DueAtMs, long AtMs)> Missed(TopologyTestDriver driver) =>
        driver.ReadOutputs("missed").Select(r => (
            Encoding.UTF8.GetString(r.Key!),
            long.Parse(Encoding.UTF8.GetString(r.Value!), System.Globalization.CultureInfo.InvariantCulture),
            r.TimestampMs)).ToList();

    private sealed class Asks : IProcessor<string, string, string, string>
    {
        public void Init(IProcessorContext<string, string> context) => context.CreateWatermarkTimer(["in"], _ => { });

        public void Process(in Record<string, string> record)
        {
        }
    }
}
