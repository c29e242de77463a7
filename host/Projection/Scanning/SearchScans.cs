using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Host.Roles;
using Alloc.Processors.Projection;
using Alloc.Processors.Projection.Scanning;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Projection;
using Alloc.Web.Reads;
using Microsoft.Extensions.Logging;

namespace Alloc.Host.Projection.Scanning;

/// <summary>How searches of an instance are compared with the ledger.</summary>
internal sealed record ScanningOptions
{
    /// <summary>From scan to scan of a partition; zero: only when it is asked for.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>0 to 1, another at each call: spreads scans of instances that were started together.</summary>
    public required Func<double> Jitter { get; init; }

    /// <summary>What instances say to each other.</summary>
    public required ScanTraffic Traffic { get; init; }

    /// <summary>Who comes first; null: nobody.</summary>
    public StandingBack? StandsBack { get; init; }
}

/// <summary>
/// Compares the partitions of the search at this instance with their ledgers, one at a time on a thread of its own that
/// stands back: regularly, when it is asked for, and after something was built anew.
/// </summary>
internal sealed class SearchScans : IDisposable
{
    /// <summary>Entries between searches and ledger that a scan keeps in memory at most.</summary>
    private const int TailAtMost = 200_000;

    /// <summary>Outcomes that searches may be behind when a scan begins by itself.</summary>
    private const int CaughtUpBelow = 50_000;

    /// <summary>Scans that are remembered for those who ask how they ended, and that may wait.</summary>
    private const int Remembered = 64;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan TailPatience = TimeSpan.FromSeconds(30);
    private readonly Lock gate = new();
    private readonly LinkedList<Asked> asked = [];
    private readonly CancellationTokenSource stopping = new();
    private readonly ScanningOptions options;
    private readonly Func<Generation> current;
    private readonly GenerationLog log;
    private readonly string journal;
    private readonly IDeserializer<AllocationOutcome> outcomes;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ScanSchedule schedule;
    private readonly ScanMetrics metrics;
    private readonly ScanAnswers answers;
    private readonly Thread thread;

    /// <param name="options">How often, and with whom.</param>
    /// <param name="current">The generation that answers searches.</param>
    /// <param name="log">Reads the journal.</param>
    /// <param name="journal">The journal's topic.</param>
    /// <param name="outcomes">Reads outcomes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where it logs.</param>
    public SearchScans(
        ScanningOptions options, Func<Generation> current, GenerationLog log, string journal,
        IDeserializer<AllocationOutcome> outcomes, TimeProvider time, ILogger logger)
    {
        this.options = options;
        this.current = current;
        this.log = log;
        this.journal = journal;
        this.outcomes = outcomes;
        this.time = time;
        this.logger = logger;
        schedule = new ScanSchedule(options.Interval, options.Jitter, time);
        metrics = new ScanMetrics(schedule);
        answers = new ScanAnswers(options.Traffic);
        thread = new Thread(Run) { Name = "search-scan", IsBackground = true };
    }

    /// <summary>Those that were asked for, the newest last; those that wait and those that are over.</summary>
    public IReadOnlyList<ProjectionScan> Statuses
    {
        get
        {
            lock (gate)
            {
                return [.. asked.Select(a => a.Status)];
            }
        }
    }

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Scans from now on.</summary>
    public void Start() => thread.Start();

    /// <summary>Has a scope scanned, after those that wait.</summary>
    /// <returns>The scan's id, or why it cannot begin, in words.</returns>
    public (string? Id, string? Problem) Begin(ProjectionScope scope)
    {
        lock (gate)
        {
            if (asked.Count(a => a.Status.IsUnderWay) >= Remembered)
            {
                return (null, $"{Remembered} scans wait at this instance; ask again when some of them are over.");
            }
            while (asked.Count >= Remembered)
            {
                asked.Remove(asked.First(a => !a.Status.IsUnderWay));
            }
            var id = $"{Guid.CreateVersion7(time.GetUtcNow()):N}";
            asked.AddLast(new Asked(scope, new ProjectionScan(
                id, scope.ToString(), scope.Partition, ScanPhase.Waiting, 0, 0, null, null)));
            return (id, null);
        }
    }

    public void Dispose()
    {
        stopping.Cancel();
        if (thread.IsAlive)
        {
            thread.Join();
        }
        answers.Dispose();
        metrics.Dispose();
        stopping.Dispose();
    }

    private void Run()
    {
        StandBack.ForThisThread();
        try
        {
            while (!stopping.Token.WaitHandle.WaitOne(Look))
            {
                while (NextAsked() is { } wanted)
                {
                    Scan(wanted);
                }
                var (here, caughtUp) = current().Partitions(CaughtUpBelow);
                metrics.KeepOnly(here);
                // One that nobody asked for can wait until no command does.
                if (options.StandsBack?.IsWanted() != true && schedule.Next(here, caughtUp) is { } partition)
                {
                    Scan(new Asked(new ProjectionScope(partition, null), new ProjectionScan(
                        $"{Guid.CreateVersion7(time.GetUtcNow()):N}", $"partition/{partition}", partition,
                        ScanPhase.Waiting, 0, 0, null, null)));
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private Asked? NextAsked()
    {
        lock (gate)
        {
            return asked.FirstOrDefault(a => a.Status.Phase == ScanPhase.Waiting);
        }
    }

    private void Scan(Asked wanted)
    {
        var started = time.GetTimestamp();
        try
        {
            var report = Compare(wanted);
            options.Traffic.Send(report);
            wanted.Status = wanted.Status with
            {
                Phase = ScanPhase.Done,
                Report = report,
            };
            Log.ScanEnds(
                logger, wanted.Status.Scope, report.Entries, time.GetElapsedTime(started).TotalSeconds,
                report.Differing);
            if (wanted.Scope.PoolId is null)
            {
                metrics.Found(report);
                schedule.Done(wanted.Scope.Partition, isScanned: true);
            }
        }
        catch (OperationCanceledException)
        {
            wanted.Status = wanted.Status with { Phase = ScanPhase.Failed, Failure = "This instance stops." };
            throw;
        }
        catch (Exception error)
        {
            // Whatever it is, it is told and counted, and nothing else of the instance depends on it.
            wanted.Status = wanted.Status with { Phase = ScanPhase.Failed, Failure = error.Message };
            metrics.Failed();
            Log.ScanFails(logger, wanted.Status.Scope, error.Message);
            if (wanted.Scope.PoolId is null)
            {
                schedule.Done(wanted.Scope.Partition, isScanned: false);
            }
        }
    }

    private ScanReport Compare(Asked wanted)
    {
        var (partition, pool) = (wanted.Scope.Partition, wanted.Scope.PoolId);
        var generation = current();
        var pace = new ScanPace(options.StandsBack, time, stopping.Token);
        var scan = new SearchScan(wanted.Status.Id, partition, pool, new ScanParts
        {
            Open = () => Open(generation, partition),
            Ask = question =>
            {
                wanted.Status = wanted.Status with { Phase = ScanPhase.Asking };
                var answer = answers.Ask(question, stopping.Token);
                wanted.Status = wanted.Status with { Phase = ScanPhase.Comparing };
                return answer;
            },
            Tail = (from, to) => Tail(partition, from, to, pace),
            Step = pace.Step,
        });
        wanted.Scan = scan;
        return scan.Run(() => NowMs);
    }

    private OpenSearches Open(Generation generation, int partition)
    {
        // First how far the group is, then what there is: never less than that.
        var committed = log.Committed(generation.Number, partition);
        var snapshot = generation.Snapshot(partition) ?? throw new StreamsException(
            $"Partition {partition} is not ready at this instance now; it may have moved. Run it again.");
        try
        {
            return new OpenSearches(new SearchSide(snapshot, journal, committed), snapshot);
        }
        catch
        {
            snapshot.Dispose();
            throw;
        }
    }

    private JournalTail Tail(int partition, long from, long to, ScanPace pace)
    {
        var tail = new JournalTail();
        if (to <= from)
        {
            return tail;
        }
        using var reader = log.Reader(partition, from);
        var started = time.GetTimestamp();
        while (true)
        {
            reader.ReadOn(
                (_, value, offset) =>
                {
                    pace.Step();
                    if (offset < to)
                    {
                        tail.Add(outcomes.Deserialize(value));
                    }
                    if (tail.Count > TailAtMost)
                    {
                        throw new StreamsException(
                            $"Searches are too far behind to be compared: more than {TailAtMost:N0} entries were "
                            + "written since.");
                    }
                },
                stopping.Token);
            if (reader.Next >= to)
            {
                return tail;
            }
            if (time.GetElapsedTime(started) > TailPatience)
            {
                throw new StreamsException(
                    $"The journal of partition {partition} can be read up to {reader.Next} only, and the ledger has "
                    + $"written it up to {to}: a transaction is open.");
            }
            stopping.Token.WaitHandle.WaitOne(Look);
        }
    }

    /// <summary>A scan, and how far it is.</summary>
    private sealed class Asked(ProjectionScope scope, ProjectionScan status)
    {
        private volatile ProjectionScan status = status;
        private volatile SearchScan? scan;

        public ProjectionScope Scope => scope;

        public ProjectionScan Status
        {
            get => status with { Entries = scan?.Entries ?? 0, Total = scan?.Total ?? 0 };
            set => status = value;
        }

        /// <summary>What counts along while it goes on.</summary>
        public SearchScan Scan
        {
            set => scan = value;
        }
    }
}
