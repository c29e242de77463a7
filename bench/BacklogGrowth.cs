using System.Globalization;
using System.Text;
using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Engine.State.RocksDb;
using Alloc.Engine.Watermarks;
using Alloc.Processors.Backlog;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Workflow;
using Microsoft.Extensions.Logging.Abstractions;

namespace Alloc.Bench;

/// <summary>
/// One partition of the backlog over RocksDB, without a broker: items with holds wait, others come and go. What a stage
/// event costs must not depend on how many wait, and what the partition says once a second may not eat the second.
/// </summary>
internal sealed class BacklogGrowth : IDisposable, IOutputWriter
{
    private const string Stage = "AwaitingFraudDecision";
    private const int ItemsPerSecond = 1_000;
    private const int Seconds = 30;
    private const int CommitsPerSecond = 5;
    private const long TtlMs = 3_600_000;
    private const int TtlSeconds = 3_600;
    private static readonly int[] Sizes = [1_000, 10_000, 100_000, 1_000_000];

    private readonly string directory = Directory.CreateTempSubdirectory("alloc-bench-").FullName;
    private readonly RocksDbStateProvider provider = new(new StateStoreOptions(), LocalFileSystem.Instance);
    private readonly BacklogOptions options = new()
    {
        StagePartitionCount = 1,
        CommandPartitionCount = 1,
        RequireLogAppendTime = false,
    };

    private readonly BacklogSerdes serdes;
    private readonly SteppedTime clock;
    private readonly TaskEnvironment environment;
    private readonly ITaskState state;
    private readonly StreamTask task;
    private readonly ByteBuffer value = new();
    private long recordCount;

    private BacklogGrowth(TimeProvider time)
    {
        serdes = new BacklogSerdes(new InMemorySchemaRegistryClient(), options);
        var topology = BacklogTopology.Build(options, serdes);
        clock = new SteppedTime(time.GetUtcNow());
        var broker = new BrokerTime(clock);
        broker.Learn(clock.NowMs);
        environment = new TaskEnvironment(
            "growth", clock, TimeSpan.FromDays(1), new Dictionary<string, int>
            {
                [options.AgingTopic] = 1,
                [options.DeltaTopic] = 1,
                [options.DeadLetterTopic] = 1,
            },
            NullLogger.Instance)
        {
            BrokerTime = broker,
        };
        var sub = topology.SubTopologies.Single(s => s.Stores.Any(d => d.Name == BacklogStores.Works));
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
        // The first ones warm up; their figures are not reported.
        Measure(Sizes[0], false, run.Time, cancellation);
        foreach (var size in Sizes.Where(s => s <= run.Options.WaitingCount))
        {
            foreach (var isAtRisk in (bool[])[false, true])
            {
                run.Say($"a partition with {size:N0} waiting{(isAtRisk ? ", all holds at risk" : "")}");
                var (record, second) = Measure(size, isAtRisk, run.Time, cancellation);
                var which = $"{size:N0} waiting in one partition, {(isAtRisk ? "all" : "no")} holds at risk";
                var place = "processor time of all threads, RocksDB, no broker; "
                    + $"{ItemsPerSecond:N0} items a second come with a hold and as many leave, for {Seconds} s; holds "
                    + "expire evenly over an hour";
                run.Report.Add(new Figure("backlog", $"{which}: one record", record, "µs", place));
                run.Report.Add(new Figure("backlog", $"{which}: what is said and named in a second", second, "ms",
                    place));
            }
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

    private static (double RecordMicroseconds, double SecondMilliseconds) Measure(
        int waiting, bool isAtRisk, TimeProvider time, CancellationToken cancellation)
    {
        using var growth = new BacklogGrowth(time);
        long next = 0;
        for (; next < waiting; next++)
        {
            growth.Begin(next);
            if ((next + 1) % ItemsPerSecond == 0)
            {
                cancellation.ThrowIfCancellationRequested();
                growth.Pass(TimeSpan.FromSeconds(1));
            }
        }
        growth.Commit();
        long last = 0;
        var (records, said) = (TimeSpan.Zero, TimeSpan.Zero);
        for (var second = 0; second < Seconds; second++)
        {
            growth.Predict(isAtRisk);
            for (var part = 0; part < CommitsPerSecond; part++)
            {
                var before = Environment.CpuUsage.TotalTime;
                for (var item = 0; item < ItemsPerSecond / CommitsPerSecond; item++)
                {
                    growth.Begin(next++);
                    growth.Say(last++, StageEventKind.Left);
                }
                growth.Commit();
                var between = Environment.CpuUsage.TotalTime;
                growth.Pass(TimeSpan.FromSeconds(1.0 / CommitsPerSecond));
                records += between - before;
                said += Environment.CpuUsage.TotalTime - between;
            }
        }
        // A hold, its item's entry, and another's leaving.
        return (records.TotalMicroseconds / (3.0 * Seconds * ItemsPerSecond), said.TotalMilliseconds / Seconds);
    }

    private static string OrderOf(long number) => string.Create(CultureInfo.InvariantCulture, $"order-{number:D9}");

    private void Begin(long number)
    {
        var order = OrderOf(number);
        Take(options.ByOrderTopic, order, serdes.ByOrder, new OrderAllocation
        {
            OrderRef = order,
            Role = OrderRole.Owner,
            OutcomeId = order,
            PoolId = string.Create(CultureInfo.InvariantCulture, $"pool-{number % 1_000}"),
            Sequence = number + 1,
            TMs = clock.NowMs,
            Event = "Held",
            Reservations =
            [
                new OrderReservation
                {
                    ReservationId = order,
                    Held = 1,
                    Version = 1,
                    ExpiresAtMs = clock.NowMs + TtlMs + (number * 7_919 % TtlSeconds * 1_000),
                },
            ],
        });
        Say(number, StageEventKind.Entered);
    }

    private void Say(long number, StageEventKind kind) => Take(
        options.StageTopic, OrderOf(number), serdes.Stages,
        new StageEvent { WorkId = OrderOf(number), StageId = Stage, Kind = kind });

    // As the merger says it once a second: everything leaves within minutes, or nothing ever does.
    private void Predict(bool never) => Take(options.PredictionTopic, Stage, serdes.Predictions, new StagePrediction
    {
        StageId = Stage,
        AtMs = clock.NowMs,
        Waiting = 1,
        Leaves = [new LeavePoint { EnteredAtMs = clock.NowMs, LeaveAtMs = never ? null : clock.NowMs + 60_000 }],
    });

    private void Take<T>(string topic, string key, ISerde<T> serde, T record)
        where T : class
    {
        value.Clear();
        serde.Serialize(record, value);
        var queue = Array.Find(task.Queues, q => q.Partition.Topic == topic)!;
        queue.Enqueue(new PollResult
        {
            Kind = PollKind.Record,
            Partition = queue.Partition,
            Offset = recordCount++,
            Key = Encoding.UTF8.GetBytes(key),
            Value = value.Written.ToArray(),
            TimestampMs = clock.NowMs,
        });
        task.Process(queue, this);
    }

    private void Pass(TimeSpan span)
    {
        clock.Pass(span);
        environment.Refresh();
        while (task.HasPunctuationDue && task.Punctuate(this))
        {
        }
        Commit();
    }

    private void Commit()
    {
        state.MarkCommitted(state.Freeze(), StatePosition.Empty with
        {
            SourceMarks = new Dictionary<string, long> { [options.StageTopic] = recordCount },
        });
        task.ReportCommitted(options.StageTopic, recordCount);
    }

    /// <summary>Time that passes when it is told to.</summary>
    private sealed class SteppedTime(DateTimeOffset start) : TimeProvider
    {
        private DateTimeOffset now = start;

        public long NowMs => now.ToUnixTimeMilliseconds();

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => now;

        public override long GetTimestamp() => now.Ticks;

        public void Pass(TimeSpan span) => now += span;
    }
}
