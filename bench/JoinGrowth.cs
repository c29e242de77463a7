using System.Globalization;
using System.Text;
using Alloc.Engine.Joins;
using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Engine.State.RocksDb;
using Alloc.Engine.Watermarks;
using Microsoft.Extensions.Logging.Abstractions;

namespace Alloc.Bench;

/// <summary>
/// One task of the join over RocksDB, without a broker: records wait, and then each new one sees one leave. What
/// a record costs must not depend on how many wait, each under a key of its own or all under one.
/// </summary>
internal sealed class JoinGrowth : IDisposable, IOutputWriter
{
    private const int RecordsPerCommit = 1_000;
    private static readonly int[] Sizes = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
    private static readonly int[] HotSizes = [10_000, 100_000];
    private static readonly TopicPartition Entered = new("entered", 0);
    private static readonly TopicPartition Left = new("left", 0);

    private readonly string directory = Directory.CreateTempSubdirectory("alloc-bench-").FullName;
    private readonly RocksDbStateProvider provider = new(new StateStoreOptions(), LocalFileSystem.Instance);
    private readonly TaskEnvironment environment;
    private readonly ITaskState state;
    private readonly StreamTask task;
    private long recordCount;
    private long changelogBytes;

    private JoinGrowth(int waiting, TimeProvider time)
    {
        // A record a millisecond, and a window that ends when as many came as are to wait.
        var windows = new JoinWindows(TimeSpan.Zero, TimeSpan.FromMilliseconds(waiting), TimeSpan.Zero);
        var topology = JoinTopology.Build("growth", Entered.Topic, Left.Topic, "joined", windows);
        var broker = new BrokerTime(time);
        broker.Learn(time.GetUtcNow().ToUnixTimeMilliseconds());
        environment = new TaskEnvironment(
            "growth", time, TimeSpan.FromDays(1), new Dictionary<string, int> { ["joined"] = 1 },
            NullLogger.Instance)
        {
            BrokerTime = broker,
        };
        var sub = topology.SubTopologies.Single();
        state = provider.Open(new TaskStateOptions
        {
            TaskId = new TaskId(0, 0),
            Directory = Path.Combine(directory, "task"),
            Stores = sub.Stores,
        });
        task = new StreamTask(new TaskId(0, 0), sub, state, environment);
        task.Open();
    }

    private long OutputCount { get; set; }

    public static void Run(BenchRun run, CancellationToken cancellation)
    {
        var rounds = (int)Math.Min(200_000, run.Options.Count / 10);
        Measure(1_000, rounds, isHot: false, run.Time);
        foreach (var (size, isHot) in Sizes.Select(s => (s, false)).Concat(HotSizes.Select(s => (s, true)))
            .Where(s => s.Item1 <= run.Options.Count * 5))
        {
            cancellation.ThrowIfCancellationRequested();
            var waiting = isHot ? $"{size:N0} waiting under one key" : $"{size:N0} waiting";
            run.Say($"a join with {waiting}");
            var (cost, bytes) = Measure(size, rounds, isHot, run.Time);
            var place = $"RocksDB, no broker, {RecordsPerCommit:N0} records a commit; {rounds:N0} × one enters, "
                + (isHot
                    ? "every second time one of another key, and one whose window has closed goes"
                    : "every second time one that waits pairs, and one whose window has closed goes");
            run.Report.Add(new Figure("join", $"{waiting}: one record", cost, "µs",
                $"processor time of all threads, {place}"));
            run.Report.Add(new Figure("join", $"{waiting}: changelog a record", bytes, "bytes", place));
        }
    }

    void IOutputWriter.Write(StreamTask task, in OutputRecord output) => OutputCount++;

    public void Dispose()
    {
        task.CloseNodes();
        state.Dispose();
        provider.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private static (double Microseconds, double Bytes) Measure(
        int waiting, int rounds, bool isHot, TimeProvider time)
    {
        using var growth = new JoinGrowth(waiting, time);
        string KeyOf(long number) => isHot ? "hot" : Key("work", number);
        // Half of the keys pair; the others wait to the end of the window, and all of one key.
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds() - (2L * waiting) - rounds - 1_000_000;
        long key = 0;
        for (; key < waiting + 5_001; key++)
        {
            growth.Enter(Entered, KeyOf(key), nowMs + key);
        }
        growth.Commit();
        var (before, bytesBefore, countBefore) = (
            Environment.CpuUsage.TotalTime, growth.changelogBytes, growth.recordCount);
        for (var round = 0; round < rounds; round++, key++)
        {
            growth.Enter(Entered, KeyOf(key), nowMs + key);
            if (key % 2 == 0)
            {
                growth.Enter(Left, Key(isHot ? "other" : "work", key - (waiting / 2)), nowMs + key);
            }
        }
        growth.Commit();
        var used = Environment.CpuUsage.TotalTime - before;
        double records = growth.recordCount - countBefore;
        return (used.TotalMicroseconds / records, (growth.changelogBytes - bytesBefore) / records);
    }

    private static string Key(string name, long number) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}-{number:D11}");

    private void Enter(TopicPartition partition, string key, long timestampMs)
    {
        var queue = Array.Find(task.Queues, q => q.Partition == partition)!;
        queue.Enqueue(new PollResult
        {
            Kind = PollKind.Record,
            Partition = partition,
            Offset = recordCount,
            Key = Encoding.UTF8.GetBytes(key),
            Value = JoinTopology.Value(timestampMs),
            TimestampMs = timestampMs,
        });
        task.Process(queue, this);
        while (task.HasPunctuationDue)
        {
            task.Punctuate(this);
        }
        if (++recordCount % RecordsPerCommit == 0)
        {
            Commit();
        }
    }

    private void Commit()
    {
        environment.Refresh();
        var layer = state.Freeze();
        // As the engine sends it, but for the sending.
        layer.Visit(task.Changelogs.StoreNames, (_, key, value) => changelogBytes += key.Length + (value?.Length ?? 0));
        state.MarkCommitted(layer, StatePosition.Empty with
        {
            SourceMarks = new Dictionary<string, long> { [Entered.Topic] = recordCount },
        });
    }
}
