using System.Globalization;
using System.Text;
using Alloc.Engine.Dsl;
using Alloc.Engine.Processing;
using Alloc.Engine.Testing;
using Alloc.Engine.Topology;
using Alloc.Engine.Windows;
using Engine.Tests.Support;

namespace Engine.Tests.Windows;

/// <summary>A random history of windows over one topic or two; what comes out is what closes, with its count.</summary>
internal sealed class WindowHistory : TaskHistory
{
    private const long StartMs = 1_000_000;
    private readonly bool isMerged;
    private readonly int keyCount;

    private WindowHistory(TopologyTestDriver driver, NaiveWindows naive, bool isMerged, string name, Random random)
        : base(driver, naive, name)
    {
        this.isMerged = isMerged;
        Random = random;
        driver.CommitsEachRecord = random.Next(3) > 0;
        keyCount = random.Next(1, 4);
    }

    public static WindowHistory Of(int seed, PlantedFault fault = PlantedFault.None)
    {
        var random = new Random(seed);
        var (size, isMerged) = (random.Next(2, 800), random.Next(2) == 0);
        TimeSpan Ms(int count) => TimeSpan.FromMilliseconds(count);
        var windows = TimeWindows.Hopping(
            Ms(size), Ms(random.Next(2) == 0 ? size : random.Next((size / 4) + 1, size + 1)), Ms(random.Next(300)));
        var driver = new TopologyTestDriver(
            Build(windows, isMerged), StartMs, random.Next(4) == 0 ? 3 : 1, new PlantedRules(fault));
        return new WindowHistory(
            driver, new NaiveWindows(windows, isMerged ? ["in", "more"] : ["in"]), isMerged,
            $"seed {seed}: {windows}, {driver.PartitionCount} partitions{(isMerged ? ", merged" : "")}", random);
    }

    protected override IEnumerable<NaiveSource> MakeSources()
    {
        yield return new NaiveSource("in", isRight: false, isToldByRecords: true);
        if (isMerged)
        {
            yield return new NaiveSource("more", isRight: false, isToldByRecords: true);
        }
    }

    protected override IEnumerable<string> ReadResults() => Driver.ReadOutputs("closed").Select(record =>
        $"{Encoding.UTF8.GetString(record.Key!)} {Encoding.UTF8.GetString(record.Value!)} {record.TimestampMs}");

    protected override void Pipe()
    {
        var key = $"k{Random.Next(keyCount)}";
        var partition = PartitionOf(key);
        var own = SourcesOf(partition);
        var source = own[Random.Next(own.Count)];
        Write(source.Topic, source, partition, new HistoryRecord(key, "x", RandomTimestampMs()));
    }

    private static Topology Build(TimeWindows windows, bool isMerged)
    {
        var builder = new StreamsBuilder("windows");
        var stream = builder.Stream("in", Serdes.Utf8, Serdes.Utf8);
        stream = isMerged ? stream.Merge(builder.Stream("more", Serdes.Utf8, Serdes.Utf8)) : stream;
        stream.GroupByKey(Serdes.Utf8).WindowedBy(windows).Count("counts").Suppress()
            .Map((window, count) => KeyValuePair.Create(
                $"{window.Key}@{window.StartMs}", count.Value.ToString(CultureInfo.InvariantCulture)))
            .To("closed", Serdes.Utf8, Serdes.Utf8);
        return builder.Build();
    }

    /// <summary>Every window ever, looked through whole.</summary>
    private sealed class NaiveWindows(TimeWindows windows, IReadOnlyList<string> topics) : INaiveModel
    {
        private readonly List<string> results = [];
        private Dictionary<(string Key, long StartMs), int> open = [];
        private Dictionary<(string Key, long StartMs), int> committed = [];

        public int ResultCount => results.Count;

        private long SizeMs => (long)windows.Size.TotalMilliseconds;

        private long GraceMs => (long)windows.Grace.TotalMilliseconds;

        public void Process(NaiveSource source, HistoryRecord record)
        {
            var advanceMs = (long)windows.Advance.TotalMilliseconds;
            for (var startMs = (record.TimestampMs - SizeMs) / advanceMs * advanceMs; startMs <= record.TimestampMs;
                startMs += advanceMs)
            {
                if (record.TimestampMs < startMs + SizeMs && startMs + SizeMs + GraceMs >= source.KnownMs)
                {
                    var window = (record.Key!, startMs);
                    open[window] = open.GetValueOrDefault(window) + 1;
                }
            }
        }

        public void Know(Func<string, long> knownMs, long nowMs, Func<string, bool> isConcerned)
        {
            var allMs = topics.Min(knownMs);
            foreach (var ((key, startMs), count) in open.Where(w => isConcerned(w.Key.Key)).ToList())
            {
                if (startMs + SizeMs + GraceMs < allMs)
                {
                    open.Remove((key, startMs));
                    results.Add(string.Create(CultureInfo.InvariantCulture, $"{key}@{startMs} {count} {nowMs}"));
                }
            }
        }

        public List<string> Commit()
        {
            var taken = results.ToList();
            results.Clear();
            committed = new(open);
            return taken;
        }

        public void Drop()
        {
            results.Clear();
            open = new(committed);
        }
    }
}
