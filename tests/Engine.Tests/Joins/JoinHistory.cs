using System.Globalization;
using Alloc.Engine.Joins;
using Alloc.Engine.Testing;
using Engine.Tests.Support;

namespace Engine.Tests.Joins;

/// <summary>A random history of a random join.</summary>
internal sealed class JoinHistory : TaskHistory
{
    private const long StartMs = 1_000_000;
    private readonly JoinCase @case;
    private readonly NaiveJoin naive;
    private readonly int keyCount;
    private readonly int eventCount;
    private readonly int padding;
    private int recordCount;

    private JoinHistory(TopologyTestDriver driver, JoinCase @case, NaiveJoin naive, string name, Random random)
        : base(driver, naive, name)
    {
        this.@case = @case;
        this.naive = naive;
        Random = random;
        // What is paused would have to be who writes them.
        MayPause = !@case.Repartitions;
        driver.CommitsEachRecord = @case.Repartitions || random.Next(3) > 0;
        keyCount = random.Next(1, 4);
        // Some keys are hot enough, or their values large enough, to be kept in chunks.
        eventCount = random.Next(20) == 0 ? 300 : random.Next(10, 60);
        padding = random.Next(20) == 0 ? random.Next(500, 5_000) : 0;
    }

    public static JoinHistory Of(
        int seed, JoinFault fault = JoinFault.None, PlantedFault watermarkFault = PlantedFault.None)
    {
        var random = new Random(seed);
        var @case = RandomCase(random, fault);
        var partitionCount = random.Next(4) == 0 ? 3 : 1;
        var driver = new TopologyTestDriver(
            @case.Build(), StartMs, partitionCount, new PlantedRules(watermarkFault));
        return new JoinHistory(
            driver, @case, new NaiveJoin(@case), $"seed {seed}: {@case}, {partitionCount} partitions", random);
    }

    public void Run() => Run(eventCount);

    protected override IEnumerable<NaiveSource> MakeSources() =>
        @case.LeftSources.Select(s => new NaiveSource(s, isRight: false, !@case.Repartitions))
            .Concat(@case.RightSources.Select(s => new NaiveSource(s, isRight: true, !@case.Repartitions)));

    protected override IEnumerable<string> ReadResults() => JoinCase.ReadAll(Driver);

    protected override void Pipe()
    {
        var key = Random.Next(30) == 0 ? null : $"k{Random.Next(keyCount)}";
        var partition = key is null ? 0 : PartitionOf(key);
        // The sides evenly, whether the left one is one topic or two.
        var isRight = Random.Next(2) == 1;
        var own = SourcesOf(partition).Where(s => s.IsRight == isRight).ToList();
        var source = own[Random.Next(own.Count)];
        var value = Random.Next(30) == 0 ? null : string.Create(CultureInfo.InvariantCulture,
            $"{(isRight ? "r" : "l")}{recordCount++}{new string('.', padding)}"
            + $"{(Random.Next(2) == 0 ? "" : $"@{Random.Next(600)}")}");
        var record = new HistoryRecord(key, value, RandomTimestampMs());
        var topic = !@case.Repartitions ? source.Topic : isRight ? JoinCase.Right : JoinCase.Left;
        if (!@case.Repartitions || key is not null)
        {
            Write(topic, source, partition, record);
            return;
        }
        // It goes to any partition, and meets nobody in it.
        Driver.PipeInput(topic, null, Bytes(value), record.TimestampMs, partition);
        naive.Process(source, record);
        Compare("a record without key");
    }

    private static JoinCase RandomCase(Random random, JoinFault fault)
    {
        TimeSpan Ms(int limit) => TimeSpan.FromMilliseconds(random.Next(limit));
        var (before, after, grace) = (Ms(400), Ms(400), Ms(200));
        if (random.Next(8) == 0)
        {
            before = before < after ? -before : -after;
        }
        var made = new JoinCase((JoinType)random.Next(3), new JoinWindows(before, after, grace))
        {
            MovesWindowEnds = random.Next(3) == 0,
            Repartitions = random.Next(5) == 0,
            Fault = fault,
            // Levels of chunks after a few records, so that most keys are hot.
            Limits = random.Next(3) > 0 ? ChunkLimits.Default
                : new ChunkLimits(random.Next(2, 7), 16 * 1024, random.Next(2, 4)),
        };
        made = made with { MergesLeft = !made.Repartitions && random.Next(3) == 0 };
        return made with { LeftClaims = RandomClaims(random, made), RightClaims = RandomClaims(random, made) };
    }

    private static List<string>? RandomClaims(Random random, JoinCase made)
    {
        var all = made.LeftSources.Concat(made.RightSources).ToList();
        return random.Next(4) > 0 ? null : [.. all.Where(_ => random.Next(2) == 0).DefaultIfEmpty(all[^1])];
    }
}
