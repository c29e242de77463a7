using Alloc.Engine.LogClient;
using Alloc.Engine.Restore;
using Alloc.Engine.Runtime;

namespace Alloc.Engine.Observability;

/// <summary>
/// Measures lag and age of input partitions to the end of the log, whether they are fetched or not: once a second, on a
/// thread of its own and past the consumers of the stream threads, so that what holds them up does not hold this up. Of
/// a partition that stands still it reads one record, for its time, and asks whose transaction stands open there.
/// </summary>
internal sealed class InputWatch : IDisposable
{
    private const long LookMs = 1_000;

    /// <summary>An end that was seen less than this ago counts as known.</summary>
    private const long FreshMs = 4 * LookMs;

    /// <summary>Looks between two questions who owns what, and between two about an open transaction.</summary>
    private const int SlowLooks = 5;

    /// <summary>Records read for their time in one look, at most.</summary>
    private const int ReadsPerLook = 8;

    private readonly TaskRegistry tasks;
    private readonly Func<IEnumerable<TopicPartition>> here;
    private readonly Func<IEnumerable<RestoreProgress>> restoring;
    private readonly IReadOnlyList<TopicPartition> all;
    private readonly TimeProvider clock;
    private readonly Dictionary<TopicPartition, WatchedInput> inputs = [];
    private readonly Dictionary<TopicPartition, int> unowned = [];
    private readonly RepeatedLook looking = new("input-watch");
    private readonly Lock gate = new();
    private Dictionary<TopicPartition, RecordQueue> queues = [];
    private long heardMs;
    private string? failure;
    private int looks;

    /// <param name="tasks">The tasks of this instance.</param>
    /// <param name="here">The input partitions of this instance, by the group's last word.</param>
    /// <param name="restoring">How far restoring is.</param>
    /// <param name="all">All input partitions of the application.</param>
    /// <param name="clock">What tells the time.</param>
    public InputWatch(
        TaskRegistry tasks, Func<IEnumerable<TopicPartition>> here, Func<IEnumerable<RestoreProgress>> restoring,
        IReadOnlyList<TopicPartition> all, TimeProvider clock)
    {
        this.tasks = tasks;
        this.here = here;
        this.restoring = restoring;
        this.all = all;
        this.clock = clock;
        heardMs = NowMs;
    }

    private long NowMs => clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>What was heard of Kafka.</summary>
    public BrokerContact Contact
    {
        get
        {
            lock (gate)
            {
                return failure is null
                    ? new BrokerContact(TimeSpan.Zero, null)
                    : new BrokerContact(TimeSpan.FromMilliseconds(Math.Max(0, NowMs - heardMs)), failure);
            }
        }
    }

    /// <summary>The partitions of this instance, and those that nobody has.</summary>
    public IReadOnlyList<InputStatus> Read()
    {
        var progress = restoring().ToList();
        lock (gate)
        {
            var nowMs = NowMs;
            return [.. inputs.Values.Where(i => i.End >= 0).OrderBy(i => i.Partition.Topic, StringComparer.Ordinal)
                .ThenBy(i => i.Partition.Partition).Select(i => Status(i, nowMs, progress))];
        }
    }

    /// <summary>Looks once a second from now on.</summary>
    /// <param name="log">Whom it asks; used until it is disposed.</param>
    public void Start(ILogWatch log) => looking.Start(() => Look(log), TimeSpan.FromMilliseconds(LookMs));

    /// <summary>Begins to stop.</summary>
    public void Stop() => looking.Stop();

    public void Dispose() => looking.Dispose();

    /// <summary>Looks once.</summary>
    internal void Look(ILogWatch log)
    {
        try
        {
            LookAt(log);
            Heard(null);
        }
        catch (Exception error)
        {
            // Whatever it is, decisions do not stand on it: it is told as silence, and tried again.
            Heard(error.Message);
        }
    }

    private void Heard(string? problem)
    {
        lock (gate)
        {
            failure = problem;
            if (problem is null)
            {
                heardMs = NowMs;
            }
        }
    }

    private void LookAt(ILogWatch log)
    {
        queues = tasks.Ready.Values.SelectMany(t => t.Queues).ToDictionary(q => q.Partition);
        var own = here().ToHashSet();
        if (looks++ % SlowLooks == 0)
        {
            LookForUnowned(log);
        }
        var watched = own.Concat(unowned.Where(u => u.Value > 1).Select(u => u.Key)).Distinct().ToList();
        Keep(watched, own);
        if (watched.Count == 0)
        {
            _ = log.Committed([all[0]]);
            return;
        }
        var ends = log.Ends(watched);
        var committed = CommittedOf(log, watched);
        var nowMs = NowMs;
        lock (gate)
        {
            foreach (var input in inputs.Values)
            {
                if (ends.TryGetValue(input.Partition, out var end))
                {
                    input.SeeEnd(end, nowMs);
                }
                input.Committed = committed.GetValueOrDefault(input.Partition, input.Committed);
                input.SeeProgress(ProgressOf(input), nowMs);
            }
        }
        foreach (var input in inputs.Values.Where(i => i.LagRecords > 0).Take(ReadsPerLook))
        {
            try
            {
                LookAtWaiting(log, input, nowMs);
            }
            catch (LogException)
            {
                // One partition's leader is away; that the others are heard still counts.
            }
        }
    }

    /// <summary>What nobody had in two questions in a row is nobody's; in between partitions may just move.</summary>
    private void LookForUnowned(ILogWatch log)
    {
        var owned = log.Members().SelectMany(m => m.Partitions).ToHashSet();
        foreach (var partition in all)
        {
            if (owned.Contains(partition))
            {
                unowned.Remove(partition);
            }
            else
            {
                unowned[partition] = unowned.GetValueOrDefault(partition) + 1;
            }
        }
    }

    private void Keep(List<TopicPartition> watched, HashSet<TopicPartition> own)
    {
        lock (gate)
        {
            foreach (var gone in inputs.Keys.Except(watched).ToList())
            {
                inputs.Remove(gone);
            }
            foreach (var partition in watched)
            {
                if (!inputs.TryGetValue(partition, out var input))
                {
                    inputs.Add(partition, input = new WatchedInput(partition, NowMs));
                }
                input.IsHere = own.Contains(partition);
            }
        }
    }

    /// <summary>What the threads say of their own, what the broker says of the others; the log's begin where neither
    /// does.</summary>
    private Dictionary<TopicPartition, long> CommittedOf(ILogWatch log, List<TopicPartition> watched)
    {
        var committed = watched.Where(p => queues.TryGetValue(p, out var q) && q.CommittedOffset >= 0)
            .ToDictionary(p => p, p => queues[p].CommittedOffset);
        var others = watched.Where(p => !committed.ContainsKey(p)).ToList();
        if (others.Count > 0)
        {
            var answered = log.Committed(others);
            foreach (var partition in others)
            {
                committed[partition] = answered.TryGetValue(partition, out var offset)
                    ? offset
                    : log.Beginning(partition);
            }
        }
        return committed;
    }

    /// <summary>
    /// One input record may take many commits, so the journal's growth counts too; not where none of the input's
    /// records is in work, for then it grows by the task's other inputs and its punctuators.
    /// </summary>
    private long ProgressOf(WatchedInput input)
    {
        var task = queues.GetValueOrDefault(input.Partition) is { Count: > 0 }
            ? tasks.Ready.Values.FirstOrDefault(t => Array.Exists(t.Queues, q => q.Partition == input.Partition))
            : null;
        return input.Committed + (task?.Position.Changelogs.Values.Sum() ?? 0);
    }

    private void LookAtWaiting(ILogWatch log, WatchedInput input, long nowMs)
    {
        var stands = nowMs - input.StandsSinceMs >= LookMs;
        var queue = queues.GetValueOrDefault(input.Partition);
        if (stands && input.OldestOffset != input.Committed
            && (queue is null || queue.OldestUncommittedMs == long.MaxValue))
        {
            var timestampMs = log.TimestampAt(input.Partition, Math.Max(0, input.Committed));
            lock (gate)
            {
                input.SeeOldest(input.Committed, timestampMs);
            }
        }
        var isHeldByTransaction = stands && queue is { Count: 0, EndOffset: >= 0 } && queue.EndOffset < input.End
            && queue.NextFetchOffset <= queue.EndOffset;
        if (!isHeldByTransaction)
        {
            lock (gate)
            {
                input.SeeOpen(-1, null);
            }
        }
        else if (input.OpenAt != input.Committed || looks % SlowLooks == 0)
        {
            var transaction = log.OldestTransaction(input.Partition, queue!.EndOffset);
            lock (gate)
            {
                input.SeeOpen(input.Committed, transaction);
            }
        }
    }

    private InputStatus Status(WatchedInput input, long nowMs, IReadOnlyList<RestoreProgress> progress)
    {
        var queue = queues.GetValueOrDefault(input.Partition);
        var committed = queue is { CommittedOffset: >= 0 } ? queue.CommittedOffset : input.Committed;
        // What was decided since the last look may lie beyond the end that it saw.
        var end = Math.Max(input.End, committed);
        var lag = end - Math.Max(committed, 0);
        var unseenMs = nowMs - input.EndSeenMs;
        var isKnown = unseenMs < FreshMs;
        var waits = lag > 0 && !(input.OldestOffset == committed && input.OldestMs == long.MaxValue);
        var oldestMs = queue is { OldestUncommittedMs: < long.MaxValue } ? queue.OldestUncommittedMs
            : input.OldestOffset == committed ? input.OldestMs ?? input.StandsSinceMs
            : input.StandsSinceMs;
        // A record that is stamped ahead of the clock has no age of its own yet; it has stood for a while all the same.
        var ageMs = Math.Max(
            waits ? nowMs - Math.Min(oldestMs, input.StandsSinceMs) : 0, isKnown ? 0 : unseenMs);
        var stalledMs = Math.Max(waits ? nowMs - input.StandsSinceMs : 0, isKnown ? 0 : unseenMs);
        return new InputStatus(
            input.Partition.Topic, input.Partition.Partition, input.IsHere, committed, end, lag,
            TimeSpan.FromMilliseconds(Math.Max(0, ageMs)), TimeSpan.FromMilliseconds(Math.Max(0, stalledMs)),
            waits || !isKnown ? Why(input, isKnown, progress) : null);
    }

    private string? Why(WatchedInput input, bool isKnown, IReadOnlyList<RestoreProgress> progress)
    {
        if (!input.IsHere)
        {
            return "nobody in the group has it";
        }
        if (!isKnown)
        {
            return $"Kafka does not say where it ends: {failure ?? "its leader does not answer"}";
        }
        var task = tasks.Ready.Values.FirstOrDefault(t => Array.Exists(t.Queues, q => q.Partition == input.Partition));
        if (task?.Wait.Reason is { } reason)
        {
            return reason;
        }
        if (task is null)
        {
            var own = progress.FirstOrDefault(r => r.TaskId.Partition == input.Partition.Partition);
            return own.Restored + own.Remaining > 0
                ? FormattableString.Invariant($"its task restores its state, {own.Remaining} records remain")
                : "its task is not ready";
        }
        return input.Open?.ToString();
    }
}
