using System.Text;
using Alloc.Engine.LogClient;
using Alloc.Engine.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Engine.Tests.Support;

/// <summary>
/// A log in memory on virtual time, topics of one partition: the engine's seam to Kafka as a script. The clock moves
/// only in polls that find nothing, and only as far as the test lets it, so what comes when is the same in every run.
/// </summary>
/// <remarks>
/// A transaction's records are appended, with a marker behind them, when it commits. What is pending is what a test
/// appends as such. There is one member of one group, whose rebalances the test asks for.
/// </remarks>
internal sealed class MemoryLog : ILogClient
{
    public const long StartMs = 1_700_000_000_000;
    private readonly Dictionary<string, MemoryTopic> topics = new(StringComparer.Ordinal);
    private readonly PriorityQueue<Action, long> events = new();
    private readonly List<string> calls = [];
    private readonly List<MemoryCommit> commits = [];
    private long limitMs = StartMs;
    private LogException? clockFailure;

    /// <summary>Guards everything; pulsed when there is something new.</summary>
    public object Gate { get; } = new();

    public FakeTimeProvider Clock { get; } = FakeClock.At(StartMs);

    /// <summary>How far the clock that stamps records is ahead of the host's.</summary>
    public long BrokerAheadMs { get; set; }

    /// <summary>
    /// How long an appender is not ready after it was made: connecting, and being given a producer id.
    /// </summary>
    public long AppenderWarmUpMs { get; set; }

    /// <summary>How long the report of an append takes; the record itself can be read at once.</summary>
    public Func<long> ReportDelayMs { get; set; } = () => 1;

    /// <summary>Assignments, from now, that come without a member id.</summary>
    public int AssignmentsWithoutMember { get; set; }

    /// <summary>What a commit does instead of succeeding at once.</summary>
    public Action<MemoryCommit>? OnCommit { get; set; }

    /// <summary>Runs when a producer is initialised, before the operation ends.</summary>
    public Action<string>? OnInit { get; set; }

    /// <summary>Runs at each of the calls that are noted; what it throws is what the caller gets.</summary>
    public Action<string>? OnCall { get; set; }

    /// <summary>Runs at each poll of a consumer that restores.</summary>
    public Action? OnRestorePoll { get; set; }

    /// <summary>What the next poll tells the listener.</summary>
    public Queue<MemoryRebalance> Rebalances { get; } = new();

    /// <summary>Polls of the group's member so far.</summary>
    public int PollCount { get; set; }

    /// <summary>Committed offsets of the group.</summary>
    public Dictionary<TopicPartition, long> Committed { get; } = [];

    /// <summary>What an append to a topic that tells the clock ends with; null for success.</summary>
    public LogException? ClockFailure
    {
        get
        {
            lock (Gate)
            {
                return clockFailure;
            }
        }

        set
        {
            lock (Gate)
            {
                clockFailure = value;
            }
        }
    }

    /// <summary>Committed offsets of whatever other group is asked for.</summary>
    public Dictionary<TopicPartition, long> UpstreamCommitted { get; } = [];

    /// <summary>Memberships that the assigned handler was given, in order.</summary>
    public List<LogGroupMetadata> Memberships { get; } = [];

    /// <summary>The calls whose order matters, so far.</summary>
    public IReadOnlyList<string> Calls
    {
        get
        {
            lock (Gate)
            {
                return [.. calls];
            }
        }
    }

    /// <summary>Commits that were started, so far.</summary>
    public IReadOnlyList<MemoryCommit> Commits
    {
        get
        {
            lock (Gate)
            {
                return [.. commits];
            }
        }
    }

    public void CreateTopic(string name, string cleanupPolicy = "delete", string timestampType = "CreateTime")
    {
        lock (Gate)
        {
            topics.TryAdd(name, new MemoryTopic(name, cleanupPolicy, timestampType));
        }
    }

    public MemoryTopic Topic(string name)
    {
        lock (Gate)
        {
            return topics[name];
        }
    }

    public IReadOnlyList<MemoryTopic> Topics()
    {
        lock (Gate)
        {
            return [.. topics.Values];
        }
    }

    /// <summary>Appends a record as a client outside any transaction does.</summary>
    public long Append(string topic, string? key, string? value, MemoryKind kind = MemoryKind.Record)
    {
        lock (Gate)
        {
            return Append(topic, Bytes(key), Bytes(value), -1, kind);
        }
    }

    /// <summary>Appends; the caller holds the gate.</summary>
    public long Append(string topic, byte[]? key, byte[]? value, long timestampMs, MemoryKind kind)
    {
        var entries = topics[topic].Entries;
        var stampMs = timestampMs < 0 || topics[topic].TimestampType == "LogAppendTime"
            ? Clock.NowMs() + BrokerAheadMs
            : timestampMs;
        entries.Add(new MemoryRecord(entries.Count, stampMs, key, value) { Kind = kind });
        Monitor.PulseAll(Gate);
        return entries.Count - 1;
    }

    /// <summary>
    /// Lets the clock go on so far, and waits until it has: everything that is due on the way is done.
    /// </summary>
    public void RunFor(long milliseconds)
    {
        lock (Gate)
        {
            limitMs += milliseconds;
            Monitor.PulseAll(Gate);
        }
        var isThere = SpinWait.SpinUntil(() => Clock.NowMs() >= limitMs, TimeSpan.FromSeconds(30));
        Assert.True(isThere, $"Nobody polls: the clock stands {limitMs - Clock.NowMs()} ms before where it may go.");
    }

    /// <summary>
    /// Lets the clock go on while nobody polls: between two attempts of a thread that has no consumer.
    /// </summary>
    public void PassTimeWithoutPolls(long milliseconds)
    {
        lock (Gate)
        {
            limitMs = Math.Max(limitMs, Clock.NowMs()) + milliseconds;
        }
        PassTime(TimeSpan.FromMilliseconds(milliseconds));
    }

    /// <summary>
    /// Does something at a time of the virtual clock, on the thread that polls; the caller holds the gate.
    /// </summary>
    public void At(long timeMs, Action action) => events.Enqueue(action, timeMs);

    /// <summary>
    /// Nothing was found in a poll: moves the clock to the next event, or through the poll's time, as far as it may.
    /// </summary>
    /// <returns>True if an event happened.</returns>
    public bool PassTime(TimeSpan timeout)
    {
        Action? happening = null;
        lock (Gate)
        {
            var untilMs = Math.Min(limitMs, Clock.NowMs() + (long)timeout.TotalMilliseconds);
            if (events.TryPeek(out var next, out var atMs) && atMs <= untilMs)
            {
                events.Dequeue();
                happening = next;
                untilMs = Math.Max(atMs, Clock.NowMs());
            }
            if (untilMs > Clock.NowMs())
            {
                Clock.Advance(TimeSpan.FromMilliseconds(untilMs - Clock.NowMs()));
            }
            else if (happening is null)
            {
                // The clock stands: real time passes for those who work beside.
                Monitor.Wait(Gate, timeout > TimeSpan.Zero ? 1 : 0);
            }
        }
        happening?.Invoke();
        return happening is not null;
    }

    /// <summary>Notes a call.</summary>
    public void Note(string call)
    {
        lock (Gate)
        {
            calls.Add(call);
        }
        OnCall?.Invoke(call);
    }

    /// <summary>Notes a commit, and lets it succeed unless the test does something else about it.</summary>
    public void Start(MemoryCommit commit)
    {
        lock (Gate)
        {
            commits.Add(commit);
        }
        if (OnCommit is { } script)
        {
            script(commit);
        }
        else
        {
            commit.Succeed();
        }
    }

    public ILogConsumer CreateGroupConsumer(GroupConsumerOptions options) =>
        new MemoryLogConsumer(this, isMember: true);

    public ILogConsumer CreateRestoreConsumer(string clientId) => new MemoryLogConsumer(this, isMember: false);

    public ILogProducer CreateTransactionalProducer(string transactionalId, string clientId) =>
        new MemoryLogProducer(this, transactionalId);

    public ILogAppender CreateAppender(string clientId) => new MemoryLogAppender(this);

    public ILogAdmin CreateAdmin(string clientId, string? group = null) => new MemoryLogAdmin(this, group);

    private static byte[]? Bytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);
}

/// <summary>What becomes of a group member.</summary>
internal enum MemoryRebalance
{
    /// <summary>Its partitions are about to go, and come back.</summary>
    Revoked,

    /// <summary>Its partitions went without a word, and come back.</summary>
    Lost,
}

/// <summary>What an entry of the log is to a reader of committed records.</summary>
internal enum MemoryKind
{
    Record,
    Marker,
    Aborted,
    Pending,
}

/// <summary>One offset of a topic.</summary>
internal sealed record MemoryRecord(long Offset, long TimestampMs, byte[]? Key, byte[]? Value)
{
    public MemoryKind Kind { get; set; }

    public string Text => Encoding.UTF8.GetString(Value!);
}

/// <summary>A topic of one partition.</summary>
internal sealed record MemoryTopic(string Name, string CleanupPolicy, string TimestampType)
{
    public TopicPartition Partition { get; } = new(Name, 0);

    public List<MemoryRecord> Entries { get; } = [];

    /// <summary>Where readers of committed records stop.</summary>
    public long LastStableOffset => Entries.FirstOrDefault(e => e.Kind == MemoryKind.Pending)?.Offset ?? Entries.Count;
}
