using System.Globalization;
using System.Text;
using Alloc.Engine.Joins;
using Alloc.Engine.Testing;

namespace Engine.Tests.Joins;

/// <summary>What a record costs whose key has thousands of others: counted, not timed.</summary>
public sealed class JoinHotKeyTests
{
    private const long StartMs = 1_000_000;
    private const int WaitingCount = 10_000;
    private const int ChunkRecords = 48;
    private const string Changelog = "test-pairs-buffer-changelog";

    [Theory]
    [InlineData(nameof(JoinType.Inner))]
    [InlineData(nameof(JoinType.Left))]
    [InlineData(nameof(JoinType.Outer))]
    public void A_record_reads_nothing_of_its_own_side_and_the_other_side_once(string type)
    {
        var join = Join(type, TimeSpan.FromSeconds(20));
        using var driver = new TopologyTestDriver(join.Build(), StartMs);

        Fill(driver, 0, WaitingCount);

        Assert.Equal(0, join.ChunkReads);
        Pipe(driver, JoinCase.Right, "hot", "r", WaitingCount);
        Assert.Equal(
            WaitingCount, JoinCase.ReadAll(driver).Count(line => line.Contains("+r", StringComparison.Ordinal)));
        // Chunks of records, and one in sixteen for what is said of them.
        Assert.InRange(join.ChunkReads, WaitingCount / ChunkRecords, WaitingCount / ChunkRecords * 9 / 8);
        var before = join.ChunkReads;
        Pipe(driver, JoinCase.Left, "hot", "l", WaitingCount);
        Assert.Equal(before, join.ChunkReads);
    }

    [Theory]
    [InlineData(nameof(JoinType.Inner))]
    [InlineData(nameof(JoinType.Left))]
    [InlineData(nameof(JoinType.Outer))]
    public void What_is_written_for_a_record_does_not_grow_with_those_that_wait(string type)
    {
        const int few = 1_000;
        const int byteLimit = 2_048;
        var join = Join(type, TimeSpan.FromSeconds(20));
        using var driver = new TopologyTestDriver(join.Build(), StartMs);
        Fill(driver, 0, few);
        var start = join.BytesWritten;

        Fill(driver, few, few);
        var early = (join.BytesWritten - start) / few;
        Fill(driver, 2 * few, WaitingCount - (3 * few));
        start = join.BytesWritten;
        Fill(driver, WaitingCount - few, few);
        var late = (join.BytesWritten - start) / few;

        Assert.InRange(late, 1, 2 * early);
        Assert.InRange(late, 1, byteLimit);
    }

    /// <summary>A record a millisecond for longer than any waits; every tenth moves the other side on.</summary>
    [Theory]
    [InlineData(nameof(JoinType.Inner))]
    [InlineData(nameof(JoinType.Left))]
    public void Records_that_come_and_go_cost_alike_and_what_is_kept_is_what_waits(string type)
    {
        const int rounds = 4_000;
        const int clockStep = 10;
        // Window and grace, and what clocks may differ.
        const int waitingMs = 500 + 500 + 5_000;
        var join = Join(type, TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(500));
        using var driver = new TopologyTestDriver(join.Build(), StartMs);
        Fill(driver, 0, waitingMs, clockStep);
        var (reads, bytes) = (join.ChunkReads, join.BytesWritten);

        Fill(driver, waitingMs, rounds, clockStep);

        Assert.InRange(join.ChunkReads - reads, 0, rounds);
        Assert.InRange((join.BytesWritten - bytes) / rounds, 1, 4_096);
        var chunkCount = JoinCase.LiveKeys(driver, Changelog).Count(
            key => key.StartsWith("01", StringComparison.Ordinal)
            && key.EndsWith(Convert.ToHexString("hot"u8), StringComparison.Ordinal));
        Assert.InRange(chunkCount, waitingMs / ChunkRecords, waitingMs / ChunkRecords * 5 / 4);
        driver.AdvanceWallClock(TimeSpan.FromMinutes(1));
        Assert.Empty(JoinCase.LiveKeys(driver, Changelog));
        // Each once, and those that came first before the others.
        Assert.Equal(
            Enumerable.Range(0, type == nameof(JoinType.Left) ? waitingMs + rounds : 0).Select(n => $"l{n}+null"),
            JoinCase.ReadAll(driver).Select(line => line.Split(' ')[2]));
    }

    private static CountedJoin Join(string type, TimeSpan difference, TimeSpan grace = default) =>
        new(Enum.Parse<JoinType>(type), JoinWindows.OfTimeDifferenceAndGrace(difference, grace));

    /// <summary>Left records of the hot key, one a millisecond.</summary>
    private static void Fill(TopologyTestDriver driver, int first, int count, int clockStep = int.MaxValue)
    {
        for (var number = first; number < first + count; number++)
        {
            Pipe(driver, JoinCase.Left, "hot", string.Create(CultureInfo.InvariantCulture, $"l{number}"), number);
            if (number % clockStep == clockStep - 1)
            {
                Pipe(driver, JoinCase.Right, "clock", "r", number);
            }
        }
    }

    private static void Pipe(TopologyTestDriver driver, string topic, string key, string value, long afterMs) =>
        driver.PipeInput(topic, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value), StartMs + afterMs);
}
