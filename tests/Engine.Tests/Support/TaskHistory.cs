using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Engine.Testing;

namespace Engine.Tests.Support;

/// <summary>What a history's tasks should do, said without any thought for speed.</summary>
internal interface INaiveModel
{
    /// <summary>How many results there are since the last call of <see cref="Commit"/>.</summary>
    int ResultCount { get; }

    /// <summary>A record comes.</summary>
    void Process(NaiveSource source, HistoryRecord record);

    /// <summary>Sources are known further.</summary>
    /// <param name="knownMs">Up to when a source is known.</param>
    /// <param name="nowMs">The clock.</param>
    /// <param name="isConcerned">The keys of the partition whose sources these are.</param>
    void Know(Func<string, long> knownMs, long nowMs, Func<string, bool> isConcerned);

    /// <summary>What came out since the last call; it stays.</summary>
    List<string> Commit();

    /// <summary>Everything since the last <see cref="Commit"/> never was.</summary>
    void Drop();
}

/// <summary>
/// A random history, run by the engine's tasks and by a naive model side by side: out of order, late, in silence, with
/// partitions that are paused (as by back pressure or an open transaction) or move, processes that stand still, restart
/// or are killed. The model has watermarks of its own: nothing of the engine's is taken for granted.
/// </summary>
internal abstract class TaskHistory(TopologyTestDriver driver, INaiveModel model, string name) : IDisposable
{
    private const long SkewMs = 5_000;

    /// <summary>By partition: the sources of its task, in the task's order.</summary>
    private readonly List<NaiveSource[]> sources = [];
    private int eventNumber;

    protected TopologyTestDriver Driver => driver;

    protected Random Random { get; init; } = new(0);

    /// <summary>False where pauses would need what writes the sources to be paused as well.</summary>
    protected bool MayPause { get; init; } = true;

    /// <summary>Runs it to the end, where everything that waits has left. Throws where the two differ.</summary>
    public void Run(int eventCount)
    {
        for (var partition = 0; partition < driver.PartitionCount; partition++)
        {
            sources.Add([.. MakeSources()]);
        }
        for (eventNumber = 0; eventNumber < eventCount; eventNumber++)
        {
            Next();
        }
        for (var partition = 0; partition < driver.PartitionCount; partition++)
        {
            foreach (var source in sources[partition].Where(s => s.IsPaused))
            {
                Resume(source, partition);
            }
        }
        Advance(TimeSpan.FromMinutes(1));
        Commit();
    }

    public void Dispose()
    {
        driver.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The sources of a task, in the task's order.</summary>
    protected abstract IEnumerable<NaiveSource> MakeSources();

    /// <summary>The engine's results since the last call, as the model writes them.</summary>
    protected abstract IEnumerable<string> ReadResults();

    /// <summary>Writes a record, mostly by <see cref="Write"/>.</summary>
    protected abstract void Pipe();

    protected IReadOnlyList<NaiveSource> SourcesOf(int partition) => sources[partition];

    protected int PartitionOf(string key) => Murmur2.Partition(Encoding.UTF8.GetBytes(key), driver.PartitionCount);

    /// <summary>
    /// A time mostly near the edge of what is known, where being early, late or closed is a matter of a millisecond.
    /// </summary>
    protected long RandomTimestampMs() =>
        driver.NowMs + Random.Next(-600, 200) - (Random.Next(2) == 0 ? SkewMs : 0);

    /// <summary>A record is written to a topic, and comes to a source of it.</summary>
    protected void Write(string topic, NaiveSource source, int partition, HistoryRecord record)
    {
        driver.PipeInput(topic, Bytes(record.Key), Bytes(record.Value), record.TimestampMs, partition);
        source.Log.Add(record);
        Work(partition);
        Compare($"{topic} {record.Key ?? "null"} {record.TimestampMs}");
    }

    /// <summary>Throws where the engine's results are not the model's, of what is committed.</summary>
    protected void Compare(string what, bool isCommitted = false)
    {
        if (!isCommitted && !driver.CommitsEachRecord)
        {
            return;
        }
        var expected = model.Commit().Order(StringComparer.Ordinal).ToList();
        var actual = ReadResults().Order(StringComparer.Ordinal).ToList();
        if (!expected.SequenceEqual(actual))
        {
            throw new Xunit.Sdk.XunitException(
                $"{name}, event {eventNumber} ({what}, now {driver.NowMs}):\nexpected\n  "
                + $"{string.Join("\n  ", expected)}\nbut was\n  {string.Join("\n  ", actual)}");
        }
    }

    protected static byte[]? Bytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);

    private void Next()
    {
        var partition = Random.Next(driver.PartitionCount);
        switch (Random.Next(24))
        {
            case 0:
                Kill();
                break;
            case 1:
                Move(partition);
                break;
            case < 4:
                Advance(TimeSpan.FromMilliseconds(Random.Next(500)));
                break;
            case < 6 when MayPause:
                PauseOrResume(sources[partition][Random.Next(sources[partition].Length)], partition);
                break;
            case 6:
                Advance(TimeSpan.FromMilliseconds(SkewMs + Random.Next(1_500)));
                break;
            case 7 when MayPause:
                driver.StandStill(TimeSpan.FromMilliseconds(Random.Next(2_000)));
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
        if (Random.Next(2) == 0)
        {
            // What goes on is a process that was stopped: ends that it knows are older than they look.
            driver.StandStill(TimeSpan.FromMilliseconds(Random.Next(3_000)));
        }
        Resume(source, partition);
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
        for (var partition = 0; partition < sources.Count; partition++)
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
        CommitSources(sources.SelectMany(s => s));
        Compare("a commit before a move", isCommitted: true);
        BeginAnew(partition);
        Compare($"partition {partition} moves");
    }

    /// <summary>A restart from the log alone; of what is not committed nothing is left.</summary>
    private void Kill()
    {
        driver.Kill();
        model.Drop();
        for (var partition = 0; partition < sources.Count; partition++)
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
        var hasWorked = false;
        while (own.Where(s => s.HasNext).MinBy(s => s.Next.TimestampMs) is { } source)
        {
            model.Process(source, source.Next);
            source.Take();
            hasWorked = true;
        }
        if (hasWorked && driver.CommitsEachRecord)
        {
            CommitSources(own);
        }
        foreach (var source in own)
        {
            source.Reach();
        }
        var before = model.ResultCount;
        model.Know(
            topic => own.Single(s => s.Topic == topic).KnownMs, driver.NowMs, key => PartitionOf(key) == partition);
        if (model.ResultCount > before && driver.CommitsEachRecord)
        {
            CommitSources(own);
        }
    }

    private void Commit()
    {
        driver.Commit();
        CommitSources(sources.SelectMany(s => s));
        Compare("a commit", isCommitted: true);
    }

    private static void CommitSources(IEnumerable<NaiveSource> committed)
    {
        foreach (var source in committed)
        {
            source.Commit();
        }
    }
}
