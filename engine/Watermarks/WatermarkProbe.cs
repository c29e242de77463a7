using Alloc.Engine.LogClient;

namespace Alloc.Engine.Watermarks;

/// <summary>
/// Finds out, once a second and on a thread of its own, where source partitions end that everything before a time of
/// the broker's clock has reached. What it finds are facts: a process that stood still meanwhile takes them up as what
/// they are, and never as news.
/// </summary>
/// <remarks>
/// A look costs one append, one request for the ends of all partitions together (to each broker that leads some), and
/// one for the committed offsets of each upstream group that is waited for.
/// </remarks>
internal sealed class WatermarkProbe : IDisposable
{
    /// <summary>How long a look waits for the broker's clock; an answer that comes later serves the next.</summary>
    private static readonly TimeSpan ClockPatience = TimeSpan.FromSeconds(1);

    /// <summary>The same for the first: a producer that connects and is given an id takes a second or two.</summary>
    private static readonly TimeSpan FirstClockPatience = TimeSpan.FromSeconds(5);

    /// <summary>Rounds under way, at most; of more, the newest takes the place of the one before it.</summary>
    private const int RoundLimit = 8;

    private readonly WatermarkPlan plan;
    private readonly Func<IEnumerable<TopicPartition>> here;
    private readonly BrokerTime time;
    private readonly ClockReader reader;
    private readonly WatermarkRules rules;
    private readonly List<WatermarkRound> rounds = [];
    private readonly Dictionary<string, IReadOnlyDictionary<TopicPartition, long>> committed = [];
    private readonly Dictionary<string, string> groupProblems = [];
    private readonly CancellationTokenSource stopping = new();
    private Func<string, ILogAdmin>? groups;
    private readonly Dictionary<string, ILogAdmin> openGroups = [];
    private Thread? thread;
    private long lastRoundMs = long.MinValue;
    private volatile IReadOnlyDictionary<TopicPartition, KnownEnd> known = new Dictionary<TopicPartition, KnownEnd>();
    private volatile IReadOnlyDictionary<string, string> held = new Dictionary<string, string>();
    private volatile string? problem;

    /// <param name="plan">The sources.</param>
    /// <param name="here">The source partitions of this instance.</param>
    /// <param name="time">The broker's clock.</param>
    /// <param name="reader">What reads it.</param>
    /// <param name="rules">What watermarks go by.</param>
    public WatermarkProbe(
        WatermarkPlan plan, Func<IEnumerable<TopicPartition>> here, BrokerTime time, ClockReader reader,
        WatermarkRules rules)
    {
        this.plan = plan;
        this.here = here;
        this.time = time;
        this.reader = reader;
        this.rules = rules;
    }

    /// <summary>
    /// The newest end of each source partition of this instance; another dictionary whenever one is new.
    /// </summary>
    public IReadOnlyDictionary<TopicPartition, KnownEnd> Known => known;

    /// <summary>By source topic, what its upstream still has to get to, in words.</summary>
    public IReadOnlyDictionary<string, string> Held => held;

    /// <summary>Why nothing new is found out, in words; null where something is.</summary>
    public string? Problem => reader.Problem is { } clock ? $"the broker's clock is not read: {clock}" : problem;

    /// <summary>Reads the broker's clock for the first time.</summary>
    /// <returns>What it shows.</returns>
    /// <exception cref="LogException">There is no answer; it may be asked for again.</exception>
    public long ReadClock()
    {
        reader.Read(FirstClockPatience);
        return time.LatestMs != long.MinValue
            ? time.LatestMs
            : throw new LogException(
                reader.Problem ?? "no answer yet", LogFailure.RetryCall, "Clock");
    }

    /// <summary>Looks again and again from now on.</summary>
    /// <param name="log">Whom it asks for ends; used until it is disposed.</param>
    /// <param name="openGroup">Makes what tells the committed offsets of a group; disposed by this.</param>
    /// <param name="interval">How long it waits between two looks.</param>
    public void Start(ILogWatch log, Func<string, ILogAdmin> openGroup, TimeSpan interval)
    {
        groups = openGroup;
        thread = new Thread(() => Run(log, interval)) { Name = "watermark-probe", IsBackground = true };
        thread.Start();
    }

    /// <summary>Begins to stop.</summary>
    public void Stop() => stopping.Cancel();

    public void Dispose()
    {
        Stop();
        thread?.Join();
        foreach (var open in openGroups.Values)
        {
            open.Dispose();
        }
        reader.Dispose();
        stopping.Dispose();
    }

    /// <summary>Looks once.</summary>
    /// <param name="log">Tells ends.</param>
    /// <param name="groupOf">Tells the committed offsets of a group.</param>
    internal void Look(ILogWatch log, Func<string, ILogWatch> groupOf)
    {
        try
        {
            // First the clock, then everything else: what is answered later holds for that time.
            reader.Read(ClockPatience);
            LookAt(log, groupOf);
            problem = null;
        }
        catch (Exception error)
        {
            // Whatever it is, watermarks stand still meanwhile; it is told, and tried again.
            problem = error.Message;
        }
    }

    private void Run(ILogWatch log, TimeSpan interval)
    {
        do
        {
            Look(log, GroupOf);
        }
        while (!stopping.Token.WaitHandle.WaitOne(interval));
    }

    private ILogAdmin GroupOf(string group)
    {
        if (!openGroups.TryGetValue(group, out var open))
        {
            openGroups.Add(group, open = groups!(group));
        }
        return open;
    }

    private void LookAt(ILogWatch log, Func<string, ILogWatch> groupOf)
    {
        var latestMs = time.LatestMs;
        // Offsets were awaited for rounds before this one: ends that are taken now are taken after them.
        AskGroups(log, groupOf);
        if (latestMs > lastRoundMs)
        {
            lastRoundMs = latestMs;
            if (rounds.Count == RoundLimit)
            {
                rounds.RemoveAt(rounds.Count - 1);
            }
            rounds.Add(new WatermarkRound(latestMs));
        }
        TakeEnds(log);
        Publish();
    }

    /// <summary>One question for each group that some round waits for.</summary>
    private void AskGroups(ILogWatch log, Func<string, ILogWatch> groupOf)
    {
        committed.Clear();
        groupProblems.Clear();
        var waiting = rounds.SelectMany(r => AllTopics.Where(r.AwaitsGroup).Select(t => (Topic: t, Round: r))).ToList();
        foreach (var group in waiting.GroupBy(w => w.Topic.Group!))
        {
            var ends = group.SelectMany(w => w.Round.Awaited(w.Topic)).GroupBy(e => e.Key)
                .ToDictionary(g => g.Key, g => g.Max(e => e.Value));
            if (ends.Count == 0)
            {
                committed[group.Key] = ends;
                continue;
            }
            try
            {
                committed[group.Key] = CommittedOf(groupOf(group.Key), ends, log);
            }
            catch (LogException error)
            {
                // It holds what it writes, and nothing else.
                groupProblems[group.Key] = error.Message;
            }
        }
    }

    private static Dictionary<TopicPartition, long> CommittedOf(
        ILogWatch group, Dictionary<TopicPartition, long> ends, ILogWatch log)
    {
        var offsets = new Dictionary<TopicPartition, long>(group.Committed(ends.Keys));
        foreach (var empty in ends.Where(e => e.Value == 0))
        {
            // Where nothing was ever written, nothing is waited for.
            offsets.TryAdd(empty.Key, 0);
        }
        var never = ends.Keys.Where(p => !offsets.ContainsKey(p)).ToList();
        if (never.Count > 0)
        {
            // A group that has committed nothing begins where the log does: it may have nothing to read at all.
            foreach (var (partition, begin) in log.Beginnings(never))
            {
                offsets[partition] = begin;
            }
        }
        return offsets;
    }

    private IEnumerable<WatermarkedTopic> AllTopics => plan.Sources.SelectMany(s => s.UpstreamFirst);

    /// <summary>One question for all ends that are to be taken now.</summary>
    private void TakeEnds(ILogWatch log)
    {
        var own = here().ToHashSet();
        var wanted = new List<(WatermarkRound Round, WatermarkedTopic Topic, List<TopicPartition> Partitions)>();
        foreach (var round in rounds)
        {
            wanted.AddRange(AllTopics.Where(t => round.EndsOf(t) is null && MayTake(round, t)).Select(
                t => (round, t, t.Partitions.Where(p => !IsSource(t) || own.Contains(p)).ToList())));
        }
        var partitions = wanted.SelectMany(w => w.Partitions).ToHashSet();
        var ends = partitions.Count == 0 ? new Dictionary<TopicPartition, long>() : log.Ends(partitions);
        foreach (var (round, topic, asked) in wanted)
        {
            var answered = asked.Where(ends.ContainsKey).ToDictionary(p => p, p => ends[p]);
            // Of what an upstream reads every partition counts; a source's own stand each for itself.
            if (IsSource(topic) || answered.Count == asked.Count)
            {
                round.Take(topic, answered);
            }
        }
    }

    private bool IsSource(WatermarkedTopic topic) => plan.Sources.Any(s => ReferenceEquals(s, topic));

    private bool MayTake(WatermarkRound round, WatermarkedTopic topic) => topic.Group is null
        || (round.AwaitsGroup(topic) && committed.TryGetValue(topic.Group, out var offsets) && rules.HasArrived(
            round.Awaited(topic), p => offsets.TryGetValue(p, out var at) ? at : null));

    /// <summary>Tells what is known now; the newest of each partition.</summary>
    private void Publish()
    {
        var newest = new Dictionary<TopicPartition, KnownEnd>();
        var waits = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var round in rounds)
        {
            foreach (var source in plan.Sources)
            {
                if (round.EndsOf(source) is { } ends)
                {
                    foreach (var (partition, end) in ends)
                    {
                        newest[partition] = new KnownEnd(round.ClockMs, end);
                    }
                }
                else
                {
                    waits.TryAdd(source.Topic, DescribeWait(round, source));
                }
            }
        }
        var next = new Dictionary<TopicPartition, KnownEnd>(known);
        var isNew = false;
        foreach (var (partition, end) in newest)
        {
            isNew |= !next.TryGetValue(partition, out var before) || before.ClockMs < end.ClockMs;
            next[partition] = before.ClockMs > end.ClockMs ? before : end;
        }
        if (isNew)
        {
            known = next;
        }
        held = waits;
        // What every source has from a round, it needs of no older one.
        var done = rounds.FindLastIndex(r => plan.Sources.All(s => r.EndsOf(s) is not null));
        rounds.RemoveRange(0, done + 1);
    }

    private string DescribeWait(WatermarkRound round, WatermarkedTopic source)
    {
        var topic = source.UpstreamFirst.First(t => round.EndsOf(t) is null);
        if (topic.Group is null || !committed.TryGetValue(topic.Group, out var offsets))
        {
            return topic.Group is null ? $"Kafka does not say where {topic.Topic} ends"
                : groupProblems.TryGetValue(topic.Group, out var why)
                    ? $"group {topic.Group} cannot be asked how far it is: {why}"
                : $"group {topic.Group} is asked how far it is";
        }
        var behind = round.Awaited(topic).Where(e => offsets.GetValueOrDefault(e.Key) < e.Value).ToList();
        if (behind.Count == 0)
        {
            return $"group {topic.Group} is asked how far it is";
        }
        var (partition, end) = behind[0];
        return FormattableString.Invariant(
            $"group {topic.Group} has committed {partition} up to {offsets.GetValueOrDefault(partition)} of {end}")
            + (behind.Count == 1 ? "" : FormattableString.Invariant($", and {behind.Count - 1} more are behind"));
    }
}
