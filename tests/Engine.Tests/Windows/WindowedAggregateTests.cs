using System.Globalization;
using System.Text;
using Alloc.Engine.Dsl;
using Alloc.Engine.Processing;
using Alloc.Engine.Testing;
using Alloc.Engine.Topology;
using Alloc.Engine.Windows;

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
    public void What_a_table_of_windows_says_in_the_end_is_what_counting_by_hand_says_whatever_is_restarted()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var windows = TimeWindows.Hopping(
                Seconds(random.Next(2, 10) * 2), Seconds(random.Next(1, 4)), Seconds(random.Next(3)));
            using var driver = new TopologyTestDriver(Build(windows), StartMs);
            var counts = new Dictionary<(string Key, long StartMs), int>();
            var closed = new List<string>();
            for (var step = 0; step < 80; step++)
            {
                switch (random.Next(10))
                {
                    case 0:
                        driver.RestartFromJournal();
                        break;
                    case 1:
                        driver.AdvanceWallClock(Seconds(random.Next(4)));
                        break;
                    default:
                        var (key, atMs) = ($"k{random.Next(3)}", driver.NowMs + random.Next(-12_000, 500));
                        Count(counts, windows, key, atMs, driver.WatermarkMs("in"));
                        Pipe(driver, key, atMs);
                        break;
                }
                closed.AddRange(Read(driver, "closed"));
            }
            driver.AdvanceWallClock(TimeSpan.FromHours(1));
            closed.AddRange(Read(driver, "closed"));

            Assert.Equal(
                counts.Select(c => $"{c.Key.Key}@{c.Key.StartMs} {c.Value}").Order(StringComparer.Ordinal),
                closed.Order(StringComparer.Ordinal));
        }
    }

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

    private static void Count(
        Dictionary<(string Key, long StartMs), int> counts, TimeWindows windows, string key, long atMs, long knownMs)
    {
        var (size, advance) = ((long)windows.Size.TotalMilliseconds, (long)windows.Advance.TotalMilliseconds);
        for (var startMs = 0L; startMs <= atMs; startMs += advance)
        {
            var isOpen = startMs + size + (long)windows.Grace.TotalMilliseconds >= knownMs;
            if (atMs < startMs + size && isOpen)
            {
                counts[(key, startMs)] = counts.GetValueOrDefault((key, startMs)) + 1;
            }
        }
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
