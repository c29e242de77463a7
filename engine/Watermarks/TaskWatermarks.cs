using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;

namespace Alloc.Engine.Watermarks;

/// <summary>
/// Up to when each source of a task is known: no record older than its watermark comes any more, but for late ones.
/// Never goes back. Used by the task's stream thread, but for what others read of a source.
/// </summary>
internal sealed class TaskWatermarks
{
    private readonly TaskEnvironment environment;
    private readonly SourceWatermark[] sources;
    private readonly long[] atMs;
    private readonly List<WatermarkTimer> timers = [];

    public TaskWatermarks(RecordQueue[] queues, TaskEnvironment environment)
    {
        this.environment = environment;
        sources = Array.ConvertAll(queues, q => new SourceWatermark(q));
        atMs = new long[queues.Length];
        Array.Fill(atMs, long.MinValue);
    }

    /// <summary>Whether the topology uses watermarks; where it does not, nothing here costs anything.</summary>
    public bool IsUsed => environment.BrokerTime is not null;

    /// <summary>The sources, in the order of the task's queues.</summary>
    public IReadOnlyList<SourceWatermark> Sources => sources;

    /// <summary>
    /// A source's watermark; <see cref="long.MinValue"/> while nothing is known. For other threads too.
    /// </summary>
    public long At(int index) => Volatile.Read(ref atMs[index]);

    /// <summary>The watermark of a source topic; <see cref="long.MinValue"/> while nothing is known of it.</summary>
    /// <exception cref="TopologyException">The task does not read the topic, or uses no watermarks.</exception>
    public long Of(string topic) => atMs[IndexOf(topic)];

    /// <summary>
    /// Begins where the committed state is; what was known beyond that was known by work that is dropped. Forgets the
    /// timers.
    /// </summary>
    public void Begin(IReadOnlyDictionary<string, long> committed)
    {
        timers.Clear();
        for (var index = 0; index < sources.Length; index++)
        {
            sources[index].Reset();
            atMs[index] = committed.TryGetValue(sources[index].Queue.Partition.Topic, out var committedMs)
                ? environment.Rules.Restored(committedMs)
                : long.MinValue;
        }
    }

    /// <summary>Takes up a record that was processed.</summary>
    public void See(RecordQueue queue, long timestampMs)
    {
        if (!IsUsed || !sources[queue.Index].IsToldByRecords)
        {
            return;
        }
        sources[queue.Index].See(timestampMs);
        Raise(queue.Index, Math.Min(timestampMs, environment.BrokerTime!.LatestMs));
    }

    /// <summary>Work begins that may be dropped.</summary>
    public void BeginRecord()
    {
        foreach (var timer in timers)
        {
            timer.DueBeforeRecordMs = timer.DueAtMs;
        }
    }

    /// <summary>The work is dropped: timers are set as before.</summary>
    public void RollbackRecord()
    {
        foreach (var timer in timers)
        {
            timer.DueAtMs = timer.DueBeforeRecordMs;
        }
    }

    /// <summary>Takes up an end of a source's log.</summary>
    public void Offer(int index, KnownEnd end) => sources[index].Offer(end);

    /// <summary>Moves on with what is processed, and with the broker's clock.</summary>
    public void Advance()
    {
        if (!IsUsed)
        {
            return;
        }
        var latestMs = environment.BrokerTime!.LatestMs;
        for (var index = 0; index < sources.Length; index++)
        {
            if (sources[index].MovedAtMs == long.MinValue)
            {
                sources[index].MovedAtMs = environment.ClockMs;
            }
            Raise(index, sources[index].Known(environment.Rules, latestMs, environment.ClockMs));
        }
    }

    /// <summary>What a commit keeps; null where nothing is known or no watermarks are used.</summary>
    public IReadOnlyDictionary<string, long>? Snapshot()
    {
        if (!IsUsed)
        {
            return null;
        }
        Dictionary<string, long>? known = null;
        for (var index = 0; index < sources.Length; index++)
        {
            if (atMs[index] != long.MinValue)
            {
                known ??= new Dictionary<string, long>(StringComparer.Ordinal);
                known[sources[index].Queue.Partition.Topic] = atMs[index];
            }
        }
        return known;
    }

    /// <summary>Makes a timer that waits for the least watermark of some sources.</summary>
    /// <exception cref="TopologyException">The task does not read a topic, or uses no watermarks.</exception>
    public IWatermarkTimer CreateTimer(IReadOnlyCollection<string> topics, Action<long> onPassed)
    {
        if (topics.Count == 0)
        {
            throw new TopologyException("A watermark timer claims no source; name at least one.");
        }
        var timer = new WatermarkTimer(this, [.. topics.Select(IndexOf)], onPassed);
        timers.Add(timer);
        return timer;
    }

    /// <summary>A timer whose time has passed; null when there is none.</summary>
    public WatermarkTimer? FindDue()
    {
        foreach (var timer in timers)
        {
            if (timer.IsDue)
            {
                return timer;
            }
        }
        return null;
    }

    /// <summary>Whether a timer's time has passed.</summary>
    public bool HasDue => timers.Count > 0 && FindDue() is not null;

    private void Raise(int index, long knownMs)
    {
        if (knownMs == long.MinValue || knownMs - environment.AllowedClockSkewMs <= atMs[index])
        {
            return;
        }
        Volatile.Write(ref atMs[index], knownMs - environment.AllowedClockSkewMs);
        sources[index].MovedAtMs = environment.ClockMs;
    }

    private int IndexOf(string topic)
    {
        if (!IsUsed)
        {
            throw new TopologyException(
                $"A watermark of '{topic}' is asked for, but the topology keeps none; call UseWatermarks on its "
                + "builder.");
        }
        for (var index = 0; index < sources.Length; index++)
        {
            if (sources[index].Queue.Partition.Topic == topic)
            {
                return index;
            }
        }
        throw new TopologyException(
            $"A watermark of '{topic}' is asked for, which is no source here; the sources are "
            + string.Join(", ", sources.Select(s => s.Queue.Partition.Topic)) + ".");
    }

    /// <summary>Waits for the least watermark of its sources to pass a time.</summary>
    internal sealed class WatermarkTimer(TaskWatermarks owner, int[] claimed, Action<long> onPassed) : IWatermarkTimer
    {
        public long DueAtMs { get; set; } = long.MaxValue;

        public long DueBeforeRecordMs { get; set; } = long.MaxValue;

        public long WatermarkMs => owner.environment.Rules.Claimed(owner.atMs, claimed);

        public bool IsDue => DueAtMs != long.MaxValue && WatermarkMs > DueAtMs;

        public Action<long> OnPassed => onPassed;
    }
}
