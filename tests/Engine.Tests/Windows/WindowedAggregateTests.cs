using System.Globalization;
using System.Text;
using Alloc.Engine.Dsl;
using Alloc.Engine.Processing;
using Alloc.Engine.Testing;
using Alloc.Engine.Topology;
using Alloc.Engine.Windows;
using Engine.Tests.Support;

namespace Engine.Tests.Windows;

public sealed class WindowedAggregateTests
{
    private const long StartMs = 1_000_000;
    private const long SkewMs = 5_000;

    [Fact]
    public void A_tumbling_window_hands_each_change_on_and_its_end_once_when_it_closes()
    {
        using var driver = new TopologyTestDriver(Build(TimeWindows.Tumbling(Seconds(10), Seconds(2))), StartMs);

        Pipe(driver, "k", StartMs, StartMs + 9_999, StartMs + 10_000);

        Assert.Equal([$"k@{StartMs} 1", $"k@{StartMs} 2", $"k@{StartMs + 10_000} 1"], Read(driver, "updates"));
        Know(driver, StartMs + 12_000);
        Assert.Empty(Read(driver, "closed"));
        Know(driver, StartMs + 12_001);
        Assert.Equal([$"k@{StartMs} 2"], Read(driver, "closed"));
        Know(driver, StartMs + 60_000);
        Assert.Equal([$"k@{StartMs + 10_000} 1"], Read(driver, "closed"));
    }

    [Fact]
    public void A_record_is_in_every_hopping_window_that_covers_it()
    {
        using var driver = new TopologyTestDriver(
            Build(TimeWindows.Hopping(Seconds(10), Seconds(5), Seconds(0))), StartMs);

        Pipe(driver, "k", StartMs + 7_000);

        Assert.Equal([$"k@{StartMs} 1", $"k@{StartMs + 5_000} 1"], Read(driver, "updates"));
    }

    [Fact]
    public void A_record_whose_windows_are_all_closed_is_late_and_changes_nothing()
    {
        using var driver = new TopologyTestDriver(Build(TimeWindows.Tumbling(Seconds(10), Seconds(2))), StartMs);
        Pipe(driver, "k", StartMs);
        Know(driver, StartMs + 12_001);
        Read(driver, "updates");

        Pipe(driver, "k", StartMs + 5_000);

        Assert.Empty(Read(driver, "updates"));
        Know(driver, StartMs + 60_000);
        Assert.Single(Read(driver, "closed"));
    }

    [Fact]
    public void Random_histories_of_random_windows_go_as_the_naive_model_says()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            using var history = WindowHistory.Of(seed);
            history.Run(60);
        }
    }

    [Theory]
    [InlineData(PlantedFault.ClosesByTheFastestPartition)]
    [InlineData(PlantedFault.ClosesOnSilenceWhileLagging)]
    [InlineData(PlantedFault.TrustsACachedEnd)]
    [InlineData(PlantedFault.ForgetsItsWatermarkOnRestart)]
    public void A_fault_that_is_planted_into_watermarks_is_caught_within_a_few_histories(PlantedFault fault) =>
        Assert.Contains(Enumerable.Range(0, 200), seed =>
        {
            using var history = WindowHistory.Of(seed, fault);
            try
            {
                history.Run(60);
                return false;
            }
            catch (Xunit.Sdk.XunitException)
            {
                return true;
            }
        });

    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(10, 11, 0)]
    [InlineData(10, 0, 0)]
    [InlineData(10, 10, -1)]
    [InlineData(86_400, 1, 0)]
    public void Windows_that_are_none_or_too_many_are_refused(int size, int advance, int grace)
    {
        var windows = TimeWindows.Hopping(Seconds(size), Seconds(advance), Seconds(grace));

        Assert.Throws<TopologyException>(() => Build(windows));
    }

    private static Topology Build(TimeWindows windows)
    {
        var builder = new StreamsBuilder("windows");
        var table = builder.Stream("in", Serdes.Utf8, Serdes.Utf8).GroupByKey(Serdes.Utf8).WindowedBy(windows)
            .Count("counts");
        table.ToStream().Map(Describe).To("updates", Serdes.Utf8, Serdes.Utf8);
        table.Suppress().Map(Describe).To("closed", Serdes.Utf8, Serdes.Utf8);
        return builder.Build();
    }

    private static KeyValuePair<string, string> Describe(Windowed<string> window, Counted count) =>
        new($"{window.Key}@{window.StartMs}", count.Value.ToString(CultureInfo.InvariantCulture));

    private static void Pipe(TopologyTestDriver driver, string key, params long[] timestampsMs)
    {
        foreach (var atMs in timestampsMs)
        {
            driver.PipeInput("in", Encoding.UTF8.GetBytes(key), "x"u8.ToArray(), atMs);
        }
    }

    private static void Know(TopologyTestDriver driver, long untilMs) =>
        driver.AdvanceWallClock(TimeSpan.FromMilliseconds(untilMs + SkewMs - driver.NowMs));

    private static List<string> Read(TopologyTestDriver driver, string topic) =>
    [
        .. driver.ReadOutputs(topic)
            .Select(r => $"{Encoding.UTF8.GetString(r.Key!)} {Encoding.UTF8.GetString(r.Value!)}"),
    ];

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);
}
