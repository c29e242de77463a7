using System.Globalization;
using System.Text;
using Alloc.Engine.Joins;
using Alloc.Engine.Testing;

namespace Engine.Tests.Joins;

/// <summary>What a join keeps, by what arrives within window and grace; and what it writes at once.</summary>
public sealed class JoinSizeTests
{
    private const long StartMs = 1_000_000;
    private const string Changelog = "test-pairs-buffer-changelog";
    private const int ChunkLimit = 16 * 1024;
    private static readonly JoinWindows Windows = JoinWindows.OfTimeDifferenceAndGrace(
        TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(5));

    [Fact]
    public void A_key_with_large_values_is_kept_in_parts_of_bounded_size_and_every_pair_leaves_once()
    {
        const int count = 30;
        const int valueBytes = 3_000;
        using var driver = new TopologyTestDriver(new JoinCase(JoinType.Outer, Windows).Build(), StartMs);
        for (var number = 0; number < count; number++)
        {
            Pipe(driver, JoinCase.Left, "hot", $"l{number}{new string('.', valueBytes)}", number);
        }
        driver.RestartFromJournal();
        for (var number = 0; number < count; number++)
        {
            Pipe(driver, JoinCase.Right, "hot", $"r{number}{new string('.', valueBytes)}", number);
        }

        var pairs = JoinCase.ReadAll(driver)
            .ConvertAll(line => line.Split(' ')[2].Replace(".", "", StringComparison.Ordinal));
        Assert.Equal(
            Enumerable.Range(0, count * count).Select(n => $"l{n % count}+r{n / count}").Order(StringComparer.Ordinal),
            pairs.Order(StringComparer.Ordinal));
        var largest = driver.Log(Changelog).Max(r => r.Value?.Length ?? 0);
        Assert.InRange(largest, ChunkLimit / 2, ChunkLimit + valueBytes + 200);
        driver.AdvanceWallClock(TimeSpan.FromMinutes(1));
        Assert.Empty(JoinCase.LiveKeys(driver, Changelog));
        Assert.Empty(JoinCase.ReadAll(driver));
    }

    [Fact]
    public void What_is_kept_is_bounded_by_what_arrives_within_window_and_grace_however_long_it_runs()
    {
        const int perSecond = 20;
        const int seconds = 600;
        // Before and after, grace, what clocks may differ, and the second between two looks.
        const int keptSeconds = 10 + 5 + 5 + 1;
        using var driver = new TopologyTestDriver(new JoinCase(JoinType.Outer, Windows).Build(), StartMs);
        var most = 0;
        for (var second = 0; second < seconds; second++)
        {
            for (var number = 0; number < perSecond; number++)
            {
                var key = string.Create(CultureInfo.InvariantCulture, $"k{second}-{number}");
                Pipe(driver, JoinCase.Left, key, "l", second * 1_000L);
                if (number % 2 == 0)
                {
                    Pipe(driver, JoinCase.Right, key, "r", second * 1_000L);
                }
            }
            driver.AdvanceWallClock(TimeSpan.FromSeconds(1));
            if (second % 50 == 49)
            {
                most = Math.Max(most, JoinCase.LiveKeys(driver, Changelog).Count);
            }
        }
        driver.AdvanceWallClock(TimeSpan.FromMinutes(1));

        Assert.InRange(most, perSecond * 10, perSecond * keptSeconds);
        Assert.Empty(JoinCase.LiveKeys(driver, Changelog));
        Assert.Equal(perSecond * seconds, JoinCase.ReadAll(driver).Count);
    }

    private static void Pipe(TopologyTestDriver driver, string topic, string key, string value, long afterMs) =>
        driver.PipeInput(topic, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value), StartMs + afterMs);
}
