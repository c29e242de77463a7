using System.Globalization;
using System.Text;
using Alloc.Engine.Joins;
using Alloc.Engine.Partitioning;
using Alloc.Engine.Testing;

namespace Engine.Tests.Joins;

/// <summary>A random history of a random join, run by the engine and by the naive model side by side.</summary>
internal sealed class JoinHistory : IDisposable
{
    private const long StartMs = 1_000_000;
    private const long SkewMs = 5_000;
    private readonly Random random;
    private readonly JoinCase @case;
    private readonly TopologyTestDriver driver;
    private readonly NaiveJoin naive;
    private readonly HashSet<(string Source, int Partition)> held = [];
    private readonly string leftSource;
    private readonly string rightSource;
    private readonly int partitionCount;
    private readonly int keyCount;
    private readonly int eventCount;
    private readonly string name;
    private int recordCount;
    private int eventNumber;

    public JoinHistory(int seed, JoinFault fault = JoinFault.None)
    {
        random = new Random(seed);
        TimeSpan Ms(int limit) => TimeSpan.FromMilliseconds(random.Next(limit));
        var (before, after, grace) = (Ms(400), Ms(400), Ms(200));
        if (random.Next(8) == 0)
        {
            before = -before.Min(after);
        }
        @case = new JoinCase((JoinType)random.Next(3), new JoinWindows(before, after, grace))
        {
            MovesWindowEnds = random.Next(3) == 0,
            Repartitions = random.Next(5) == 0,
            Fault = fault,
        };
        partitionCount = random.Next(4) == 0 ? 3 : 1;
        keyCount = random.Next(1, 4);
        // Some keys are hot enough to be kept in chunks.
        eventCount = random.Next(20) == 0 ? 300 : random.Next(10, 60);
        string[] topics = @case.Repartitions
            ? ["joins-left-again-repartition", "joins-right-again-repartition"]
            : [JoinCase.Left, JoinCase.Right];
        (leftSource, rightSource) = (topics[0], topics[1]);
        naive = new NaiveJoin(@case);
        driver = new TopologyTestDriver(@case.Build(), StartMs, partitionCount);
        name = $"seed {seed}: {@case}, {partitionCount} partitions, {keyCount} keys";
    }

    /// <summary>Runs it to the end, where everything that waits has left. Throws where the two differ.</summary>
    public void Run()
    {
        for (eventNumber = 0; eventNumber < eventCount; eventNumber++)
        {
            Next();
        }
        foreach (var (source, partition) in held.ToList())
        {
            Hold(source, partition);
        }
        Advance(TimeSpan.FromMinutes(1));
    }

    public void Dispose() => driver.Dispose();

    private void Next()
    {
        switch (random.Next(20))
        {
            case 0:
                driver.RestartFromJournal();
                Compare("a restart");
                break;
            case < 3:
                Advance(TimeSpan.FromMilliseconds(random.Next(500)));
                break;
            case 3 when !@case.Repartitions:
                Hold(random.Next(2) == 0 ? leftSource : rightSource, random.Next(partitionCount));
                break;
            case 4:
                Advance(TimeSpan.FromMilliseconds(SkewMs + random.Next(1_500)));
                break;
            default:
                Pipe(random.Next(2) == 1);
                break;
        }
    }

    /// <summary>A partition is paused, or goes on.</summary>
    private void Hold(string source, int partition)
    {
        if (held.Remove((source, partition)))
        {
            driver.ReleaseWatermark(source, partition);
        }
        else
        {
            held.Add((source, partition));
            driver.HoldWatermark(source, partition);
        }
    }

    private void Pipe(bool isRight)
    {
        var key = random.Next(30) == 0 ? null : $"k{random.Next(keyCount)}";
        var value = random.Next(30) == 0 ? null : string.Create(CultureInfo.InvariantCulture,
            $"{(isRight ? "r" : "l")}{recordCount++}{(random.Next(2) == 0 ? "" : $"@{random.Next(600)}")}");
        // Mostly near the edge of what is known, where being early, late or closed is a matter of a millisecond.
        var timestampMs = driver.NowMs + random.Next(-600, 200) - (random.Next(2) == 0 ? SkewMs : 0);
        var partition = key is null ? 0 : Murmur2.Partition(Encoding.UTF8.GetBytes(key), partitionCount);
        var knownMs = Known(isRight ? rightSource : leftSource, partition);
        driver.PipeInput(isRight ? JoinCase.Right : JoinCase.Left, Bytes(key), Bytes(value), timestampMs, partition);
        naive.Process(isRight, key, value, timestampMs, knownMs);
        Compare($"{(isRight ? "right" : "left")} {key ?? "null"} {value ?? "null"} {timestampMs}");
    }

    private void Advance(TimeSpan time)
    {
        driver.AdvanceWallClock(time);
        Compare($"{time.TotalMilliseconds} ms of silence");
    }

    private long? Known(string source, int partition)
    {
        var knownMs = driver.WatermarkMs(source, partition);
        return knownMs == long.MinValue ? null : knownMs;
    }

    private void Compare(string what)
    {
        for (var partition = 0; partition < partitionCount; partition++)
        {
            var own = partition;
            naive.Know(Known(leftSource, own), Known(rightSource, own), driver.NowMs,
                key => Murmur2.Partition(Encoding.UTF8.GetBytes(key), partitionCount) == own);
        }
        var expected = naive.Take().Order(StringComparer.Ordinal).ToList();
        var actual = JoinCase.ReadAll(driver).Order(StringComparer.Ordinal).ToList();
        if (!expected.SequenceEqual(actual))
        {
            throw new Xunit.Sdk.XunitException(
                $"{name}, event {eventNumber} ({what}, now {driver.NowMs}):\nexpected\n  "
                + $"{string.Join("\n  ", expected)}\nbut was\n  {string.Join("\n  ", actual)}");
        }
    }

    private static byte[]? Bytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);
}

internal static class TimeSpans
{
    public static TimeSpan Min(this TimeSpan left, TimeSpan right) => left < right ? left : right;
}
