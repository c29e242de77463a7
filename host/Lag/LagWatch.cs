using Alloc.Engine.Observability;
using Confluent.Kafka;
using TopicPartition = Alloc.Engine.LogClient.TopicPartition;

namespace Alloc.Host.Lag;

/// <summary>
/// Watches every consumer group that reads topics of ours, whoever wrote its program: how far it is in records and in
/// age, how it fares, what holds it up. Every few seconds it asks each broker for its groups and the log for its ends,
/// and reads the one record at which a group stands, for its time.
/// </summary>
/// <remarks>
/// Every instance watches, and none is chosen: who looks on when one is killed has looked all the time, so no window is
/// begun anew. Rules therefore take the greatest over instances. What it costs is bounded: groups, partitions, records
/// read and questions about transactions a look, and looks that never overlap.
/// </remarks>
internal sealed class LagWatch : IDisposable
{
    /// <summary>Groups that are asked for at most, on topics of ours or not.</summary>
    private const int MostAsked = 2_000;

    /// <summary>Partitions of the log itself at most.</summary>
    private const int MostLogPartitions = 10_000;

    private const int LongestName = 255;

    /// <summary>Looks between two questions for what hardly changes: topics, begins, others' groups.</summary>
    private const int SlowLooks = 6;

    /// <summary>Intervals without an answer after which a group's status is not known any more.</summary>
    private const int PatientIntervals = 3;

    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(2);

    private readonly LagWatchOptions options;
    private readonly TimeProvider time;
    private readonly IGroupSource source;
    private readonly LogReads reads;
    private readonly SortedDictionary<string, WatchedGroup> groups = new(StringComparer.Ordinal);
    private readonly HashSet<string> foreign = new(StringComparer.Ordinal);
    private readonly Dictionary<TopicPartition, EndHistory> ends = [];
    private readonly RecordTimes times = new();
    private readonly OpenTransactions transactions = new();
    private readonly CancellationTokenSource stopping = new();
    private Dictionary<TopicPartition, long> beginnings = [];
    private Dictionary<(string Group, TopicPartition Partition), InputStatus> own = [];
    private Metadata? cluster;
    private Thread? thread;
    private long looks;
    private int beyond;
    private long heardMs;
    private volatile LagReport report;

    /// <param name="options">What is watched.</param>
    /// <param name="time">What tells the time.</param>
    /// <param name="source">What tells the groups; null for what suits the settings.</param>
    public LagWatch(LagWatchOptions options, TimeProvider time, IGroupSource? source = null)
    {
        this.options = options;
        this.time = time;
        this.source = source ?? GroupSource.For(options.Client);
        reads = new LogReads(options.Client);
        report = LagReport.Nothing(NowMs);
    }

    /// <summary>What was seen last.</summary>
    public LagReport Report => report;

    /// <summary>What the engines of this process say.</summary>
    public IEnumerable<OwnInput> Own => options.Own();

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Looks again and again from now on, on a thread of its own.</summary>
    public void Start()
    {
        thread = new Thread(Run) { Name = "lag-watch", IsBackground = true };
        thread.Start();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stopping.Cancel();
        if (thread is null)
        {
            Close();
        }
        else
        {
            // Where Kafka is away a question takes seconds; nobody waits for its answer, and the thread closes then.
            thread.Join(LongestFarewell);
        }
    }

    /// <summary>Looks once; what goes wrong is in the report.</summary>
    public void Look()
    {
        string? problem;
        own = options.Own().DistinctBy(o => (o.Group, o.Status.Topic, o.Status.Partition)).ToDictionary(
            o => (o.Group, new TopicPartition(o.Status.Topic, o.Status.Partition)), o => o.Status);
        try
        {
            problem = LookAt();
        }
        catch (KafkaException silent)
        {
            problem = $"Kafka does not answer: {silent.Error.Reason}";
            Miss(problem);
        }
        if (problem is null)
        {
            heardMs = NowMs;
        }
        else
        {
            // Leaders and coordinators may be elsewhere now.
            cluster = null;
        }
        report = Describe(problem);
        looks++;
    }

    private void Run()
    {
        do
        {
            try
            {
                Look();
            }
            catch (Exception error)
            {
                // Whatever it is, decisions do not stand on it: it is told, and tried again.
                report = report with { Problem = error.Message };
            }
        }
        while (!stopping.Token.WaitHandle.WaitOne(options.Interval));
        Close();
    }

    private void Close()
    {
        source.Dispose();
        reads.Dispose();
        stopping.Dispose();
    }

    /// <summary>What was not told, in words, or null.</summary>
    private string? LookAt()
    {
        var isSlow = looks % SlowLooks == 0;
        var seen = cluster = isSlow || cluster is null ? reads.Cluster() : cluster;
        var partitions = seen.Topics.Where(t => !t.Error.IsError && options.WatchesTopic(t.Topic))
            .SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Topic, p.PartitionId)))
            .Take(MostLogPartitions).ToList();
        if (isSlow)
        {
            foreign.Clear();
            Forget(partitions);
        }
        var reading = source.Read(seen, partitions, Wants, MostAsked);
        var askedMs = NowMs;
        var high = reads.Ends(partitions);
        var toldMs = NowMs;
        var stable = reads.StableEnds(partitions);
        if (isSlow || partitions.Exists(p => !beginnings.ContainsKey(p)))
        {
            beginnings = reads.Beginnings(partitions);
        }
        foreach (var (partition, end) in high)
        {
            (ends.TryGetValue(partition, out var history) ? history : ends[partition] = new EndHistory())
                .See(end, askedMs, toldMs);
        }
        stopping.Token.ThrowIfCancellationRequested();
        Take(reading, partitions.ToLookup(p => p.Topic, StringComparer.Ordinal));
        See(reading, high, toldMs);
        transactions.Look(high, stable, toldMs, (p, offset) => reads.OldestTransaction(seen, p, offset));
        times.Look(reads, Places());
        return reading.Problems.Count == 0 ? null : string.Join("; ", reading.Problems);
    }

    /// <summary>Lets go of partitions that are no more.</summary>
    private void Forget(List<TopicPartition> there)
    {
        foreach (var gone in ends.Keys.Except(there).ToList())
        {
            ends.Remove(gone);
            transactions.Forget(gone);
        }
    }

    private bool Wants(string group) => group.Length <= LongestName
        && (options.Group is null ? !foreign.Contains(group) : group == options.Group);

    private void Take(GroupReading reading, ILookup<string, TopicPartition> all)
    {
        foreach (var told in reading.Groups)
        {
            if (!groups.TryGetValue(told.Name, out var group))
            {
                group = new WatchedGroup(told, (long)options.Window.TotalMilliseconds);
            }
            group.Take(told, all);
            if (group.Partitions.Count > 0 || group.IsUntold || options.KeepsAll)
            {
                groups[told.Name] = group;
            }
            else
            {
                groups.Remove(told.Name);
                foreign.Add(told.Name);
            }
        }
        var now = reading.Groups.Select(g => g.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, group) in groups.Where(g => !now.Contains(g.Key) && !reading.Left.Contains(g.Key)).ToList())
        {
            if (reading.Problems.Count == 0)
            {
                groups.Remove(name);
            }
            else
            {
                Miss(group, string.Join("; ", reading.Problems));
            }
        }
        Trim(reading.Beyond);
    }

    /// <summary>
    /// Keeps the first groups by name, as many as are watched; those of which nothing is told give way to others.
    /// </summary>
    private void Trim(int unasked)
    {
        beyond = unasked;
        var (kept, pairs) = (0, 0);
        foreach (var (name, group) in groups.OrderBy(g => g.Value.IsUntold).ToList())
        {
            if (kept + 1 > options.MostGroups || pairs + group.Partitions.Count > options.MostPartitions)
            {
                groups.Remove(name);
                beyond++;
                continue;
            }
            kept++;
            pairs += group.Partitions.Count;
        }
    }

    private void See(GroupReading reading, Dictionary<TopicPartition, long> high, long nowMs)
    {
        foreach (var told in reading.Groups)
        {
            if (!groups.TryGetValue(told.Name, out var group))
            {
                continue;
            }
            foreach (var (partition, watched) in group.Partitions)
            {
                if (told.Committed is not { } committed)
                {
                    watched.Miss(told.Problem ?? "its coordinator does not tell its offsets");
                }
                else if (!high.TryGetValue(partition, out var end))
                {
                    watched.Miss("the partition's leader does not answer");
                }
                else
                {
                    watched.See(
                        committed.TryGetValue(partition, out var offset) ? offset : null,
                        beginnings.GetValueOrDefault(partition), end, nowMs);
                }
            }
        }
    }

    private void Miss(string why)
    {
        foreach (var group in groups.Values)
        {
            Miss(group, why);
        }
    }

    private static void Miss(WatchedGroup group, string why)
    {
        foreach (var partition in group.Partitions.Values)
        {
            partition.Miss(why);
        }
    }

    /// <summary>
    /// Where groups stand before the end, and that end; not those whose age an engine of this process tells.
    /// </summary>
    private Dictionary<(TopicPartition Partition, long From), long> Places()
    {
        var places = new Dictionary<(TopicPartition, long), long>();
        foreach (var (name, group) in groups)
        {
            foreach (var (partition, watched) in group.Partitions)
            {
                if (watched.LagRecords > 0 && watched.Silence is null && !own.ContainsKey((name, partition)))
                {
                    places[(partition, watched.From)] = watched.End;
                }
            }
        }
        return places;
    }

    private LagReport Describe(string? problem)
    {
        var nowMs = NowMs;
        return new LagReport(
            heardMs,
            [.. groups.Select(g => new GroupLag(
                g.Key, g.Value.Told.State, g.Value.Told.Assignor, g.Value.Told.Members.Count,
                [.. g.Value.Partitions.Where(p => p.Value.End >= 0)
                    .Select(p => Describe(g.Value, p.Key, p.Value, own.GetValueOrDefault((g.Key, p.Key)), nowMs))],
                g.Value.Told.Problem))],
            beyond, transactions.Open, problem)
        { BegunMs = report.BegunMs };
    }

    private PartitionLag Describe(
        WatchedGroup group, TopicPartition partition, WatchedPartition watched, InputStatus? own, long nowMs)
    {
        var (isRead, record) = times.At(partition, watched.From);
        var oldestMs = own is not null ? nowMs - (long)own.Age.TotalMilliseconds
            : isRead && record is null ? long.MaxValue
            : ends.GetValueOrDefault(partition)?.Bound(record?.Offset ?? watched.From, record?.TimestampMs);
        var isSilent = watched.Silence is not null
            && nowMs - watched.SeenMs > PatientIntervals * options.Interval.TotalMilliseconds;
        return new PartitionLag(
            partition, watched.Committed, watched.End, watched.LagRecords, oldestMs, watched.Window.StandsSinceMs,
            watched.Silence is null ? null : watched.SeenMs,
            isSilent ? ConsumerStatus.Unknown : watched.Window.Judge(group.IsOwned(partition)),
            group.Owner(partition),
            watched.Silence ?? own?.Why ?? Why(group, partition, watched));
    }

    private string? Why(WatchedGroup group, TopicPartition partition, WatchedPartition watched) =>
        watched.Committed > watched.End
            ? FormattableString.Invariant($"its offset {watched.Committed} lies beyond the end of the log")
        : watched.LagRecords == 0 ? null
        : group.WhyUnowned(partition) ?? transactions.Hides(partition, watched.From)
            ?? (watched.Committed < watched.Beginning
                ? FormattableString.Invariant($"{watched.Beginning - watched.Committed} records were deleted unread")
                : null);
}
