using System.Globalization;
using System.Text;
using Alloc.Engine.Joins;
using Alloc.Engine.Partitioning;
using Alloc.Engine.Testing;
using Engine.Tests.Support;

namespace Engine.Tests.Joins;

/// <summary>
/// A random history of a random join, run by the engine and by the naive model side by side: out of order, late, in
/// silence, with partitions that are paused (as by back pressure or an open transaction) or move, processes that stand
/// still, restart or are killed. The model has watermarks of its own: nothing of the engine's is taken for granted.
/// </summary>
internal sealed class JoinHistory : IDisposable
{
    private const long StartMs = 1_000_000;
    private const long SkewMs = 5_000;
    private readonly Random random;
    private readonly JoinCase @case;
    private readonly TopologyTestDriver driver;
    private readonly NaiveJoin naive;

    /// <summary>By partition: the sources of its task, in the task's order.</summary>
    private readonly List<NaiveSource[]> sources = [];
    private readonly int partitionCount;
    private readonly int keyCount;
    private readonly int eventCount;
    private readonly int padding;
    private readonly string name;
    private int recordCount;
    private int eventNumber;

    public JoinHistory(
        int seed, JoinFault fault = JoinFault.None, PlantedFault watermarkFault = PlantedFault.None)
    {
        random = new Random(seed);
        @case = RandomCase(fault);
        partitionCount = random.Next(4) == 0 ? 3 : 1;
        keyCount = random.Next(1, 4);
        // Some keys are hot enough, or their values large enough, to be kept in chunks.
        eventCount = random.Next(20) == 0 ? 300 : random.Next(10, 60);
        padding = random.Next(20) == 0 ? random.Next(500, 5_000) : 0;
        naive = new NaiveJoin(@case);
        driver = new TopologyTestDriver(@case.Build(), StartMs, partitionCount, new PlantedRules(watermarkFault))
        {
            CommitsEachRecord = @case.Repartitions || random.Next(3) > 0,
        };
        for (var partition = 0; partition < partitionCount; partition++)
        {
            sources.Add(
            [
                .. @case.LeftSources.Select(s => new NaiveSource(s, isRight: false, !@case.Repartitions)),
                .. @case.RightSources.Select(s => new NaiveSource(s, isRight: true, !@case.Repartitions)),
            ]);
        }
        name = $"seed {seed}: {@case}, {partitionCount} partitions, {keyCount} keys";
    }

    /// <summary>Runs it to the end, where everything that waits has left. Throws where the two differ.</summary>
    public void Run()
    {
        for (eventNumber = 0; eventNumber < eventCount; eventNumber++)
        {
            Next();
        }
        for (var partition = 0; partition < partitionCount; partition++)
        {
            foreach (var source in sources[partition].Where(s => s.IsPaused))
            {
                Resume(source, partition);
            }
        }
        Advance(TimeSpan.FromMinutes(1));
        Commit();
    }

    public void Dispose() => driver.Dispose();

    private JoinCase RandomCase(JoinFault fault)
    {
        TimeSpan Ms(int limit) => TimeSpan.FromMilliseconds(random.Next(limit));
        var (before, after, grace) = (Ms(400), Ms(400), Ms(200));
        if (random.Next(8) == 0)
        {
            before = -before.Min(after);
        }
        var made = new JoinCase((JoinType)random.Next(3), new JoinWindows(before, after, grace))
        {
            MovesWindowEnds = random.Next(3) == 0,
            Repartitions = random.Next(5) == 0,
            Fault = fault,
        };
        made = made with { MergesLeft = !made.Repartitions && random.Next(3) == 0 };
        return made with { LeftClaims = RandomClaims(made), RightClaims = RandomClaims(made) };
    }

    private List<string>? RandomClaims(JoinCase made)
    {
        var all = made.LeftSources.Concat(made.RightSources).ToList();
        return random.Next(4) > 0 ? null : [.. all.Where(_ => random.Next(2) == 0).DefaultIfEmpty(all[^1])];
    }

    private void Next()
    {
        var partition = random.Next(partitionCount);
        switch (random.Next(24))
        {
            case 0:
                BeginAnew();
                break;
            case 1:
                Move(partition);
                break;
            case < 4:
                Advance(TimeSpan.FromMilliseconds(random.Next(500)));
                break;
            case < 6 when !@case.Repartitions:
                PauseOrResume(sources[partition][random.Next(sources[partition].Length)], partition);
                break;
            case 6:
                Advance(TimeSpan.FromMilliseconds(SkewMs + random.Next(1_500)));
                break;
            case 7 when !@case.Repartitions:
                driver.StandStill(TimeSpan.FromMilliseconds(random.Next(2_000)));
                break;
            case 8:
                Commit();
                break;
            default:
                Pipe();
                break;
        }
    }

    private void PauseOrResume(NaiveSource source, int partition)
    {
        if (!source.IsPaused)
        {
            source.IsPaused = true;
            driver.PauseInput(source.Topic, partition);
            return;
        }
        if (random.Next(2) == 0)
        {
            // What goes on is a process that was stopped: ends that it knows are older than they look.
            driver.StandStill(TimeSpan.FromMilliseconds(random.Next(3_000)));
        }
        Resume(source, partition);
    }

    private void Pipe()
    {
        var key = random.Next(30) == 0 ? null : $"k{random.Next(keyCount)}";
        var partition = key is null ? 0 : PartitionOf(key);
        // The sides evenly, whether the left one is one topic or two.
        var isRight = random.Next(2) == 1;
        var own = sources[partition].Where(s => s.IsRight == isRight).ToList();
        var source = own[random.Next(own.Count)];
        var value = random.Next(30) == 0 ? null : string.Create(CultureInfo.InvariantCulture,
            $"{(isRight ? "r" : "l")}{recordCount++}{new string('.', padding)}"
            + $"{(random.Next(2) == 0 ? "" : $"@{random.Next(600)}")}");
        // Mostly near the edge of what is known, where being early, late or closed is a matter of a millisecond.
        var timestampMs = driver.NowMs + random.Next(-600, 200) - (random.Next(2) == 0 ? SkewMs : 0);
        driver.PipeInput(
            @case.Repartitions ? isRight ? JoinCase.Right : JoinCase.Left : source.Topic, Bytes(key), Bytes(value),
            timestampMs, partition);
        if (@case.Repartitions && key is null)
        {
            // It goes to any partition, and meets nobody in it.
            naive.Process(isRight, key, value, timestampMs, long.MinValue);
        }
        else
        {
            source.Log.Add(new HistoryRecord(key, value, timestampMs));
            Work(partition);
        }
        Compare($"{source.Topic} {key ?? "null"} {timestampMs}");
    }

    private void Resume(NaiveSource source, int partition)
    {
        driver.ResumeInput(source.Topic, partition);
        source.IsPaused = false;
        Work(partition);
        Compare($"{source.Topic}-{partition} goes on");
    }

    private void Advance(TimeSpan time)
    {
        driver.AdvanceWallClock(time);
        for (var partition = 0; partition < partitionCount; partition++)
        {
            foreach (var source in sources[partition])
            {
                source.TellEnd(driver.NowMs);
            }
            Work(partition);
        }
        Compare($"{time.TotalMilliseconds} ms of silence");
    }

    private void Move(int partition)
    {
        driver.Move(partition);
        Commit(isDone: true);
        BeginAnew(partition);
        Compare($"partition {partition} moves");
    }

    /// <summary>A restart from the log alone; of what is not committed nothing is left.</summary>
    private void BeginAnew()
    {
        driver.Kill();
        naive.Drop();
        for (var partition = 0; partition < partitionCount; partition++)
        {
            BeginAnew(partition);
        }
        Compare("a kill");
    }

    private void BeginAnew(int partition)
    {
        foreach (var source in sources[partition])
        {
            source.BeginAnew(driver.WatermarkAtOpeningMs(source.Topic, partition));
        }
        Work(partition);
    }

    /// <summary>Processes what waits, in the order of time, and closes what is due.</summary>
    private void Work(int partition)
    {
        var own = sources[partition];
        var worked = false;
        while (own.Where(s => s.HasNext).MinBy(s => s.Next.TimestampMs) is { } source)
        {
            var record = source.Next;
            naive.Process(source.IsRight, record.Key, record.Value, record.TimestampMs, source.KnownMs);
            source.Take();
            worked = true;
        }
        if (worked)
        {
            CommitSources(partition);
        }
        foreach (var source in own)
        {
            source.Reach();
        }
        var before = naive.ResultCount;
        naive.Know(
            topic => own.Single(s => s.Topic == topic).KnownMs, driver.NowMs, key => PartitionOf(key) == partition);
        if (naive.ResultCount > before)
        {
            CommitSources(partition);
        }
    }

    private void CommitSources(int partition)
    {
        if (driver.CommitsEachRecord)
        {
            foreach (var source in sources[partition])
            {
                source.Commit();
            }
        }
    }

    private void Commit(bool isDone = false)
    {
        if (!isDone)
        {
            driver.Commit();
        }
        foreach (var source in sources.SelectMany(s => s))
        {
            source.Commit();
        }
        Compare("a commit", isCommitted: true);
    }

    private void Compare(string what, bool isCommitted = false)
    {
        if (!isCommitted && !driver.CommitsEachRecord)
        {
            return;
        }
        var expected = naive.Commit().Order(StringComparer.Ordinal).ToList();
        var actual = JoinCase.ReadAll(driver).Order(StringComparer.Ordinal).ToList();
        if (!expected.SequenceEqual(actual))
        {
            throw new Xunit.Sdk.XunitException(
                $"{name}, event {eventNumber} ({what}, now {driver.NowMs}):\nexpected\n  "
                + $"{string.Join("\n  ", expected)}\nbut was\n  {string.Join("\n  ", actual)}");
        }
    }

    private int PartitionOf(string key) => Murmur2.Partition(Encoding.UTF8.GetBytes(key), partitionCount);

    private static byte[]? Bytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);
}

internal static class TimeSpans
{
    public static TimeSpan Min(this TimeSpan left, TimeSpan right) => left < right ? left : right;
}
