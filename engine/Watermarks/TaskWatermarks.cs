using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;

namespace Alloc.Engine.Watermarks;

/// <summary>
/// Up to when each source of a task is known: no record older than its watermark comes any more, but for late ones.
/// Never goes back. Used by the task's stream thread.
/// </summary>
internal sealed class TaskWatermarks(RecordQueue[] queues, long allowedClockSkewMs)
{
    private readonly long[] atMs = CreateUnknown(queues.Length);
    private readonly List<WatermarkTimer> timers = [];

    /// <summary>The watermark of a source topic; <see cref="long.MinValue"/> while nothing is known of it.</summary>
    /// <exception cref="TopologyException">The task does not read the topic.</exception>
    public long Of(string topic) => atMs[IndexOf(topic)];

    /// <summary>
    /// Takes up a processed record. Where an upstream writes the source, timestamps tell nothing: another of its
    /// partitions may be behind.
    /// </summary>
    public void See(RecordQueue queue, long timestampMs, long clockMs)
    {
        if (queue.Source.Definition.Options.Upstream is null)
        {
            Raise(Array.IndexOf(queues, queue), Math.Min(timestampMs, clockMs) - allowedClockSkewMs);
        }
    }

    /// <summary>Takes up that everything of a source older than this was processed.</summary>
    public void Advance(string topic, long toMs) => Raise(IndexOf(topic), toMs);

    /// <summary>Makes a timer that waits for the least watermark of some sources.</summary>
    public IWatermarkTimer CreateTimer(IReadOnlyCollection<string> topics, Action<long> onPassed)
    {
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

    /// <summary>Forgets the timers, for nodes that are made anew.</summary>
    public void ClearTimers() => timers.Clear();

    private void Raise(int index, long toMs) => atMs[index] = Math.Max(atMs[index], toMs);

    private int IndexOf(string topic)
    {
        var index = Array.FindIndex(queues, q => q.Partition.Topic == topic);
        return index >= 0 ? index : throw new TopologyException(
            $"A watermark of '{topic}' is asked for, which is no source here; the sources are "
            + string.Join(", ", queues.Select(q => q.Partition.Topic)) + ".");
    }

    private static long[] CreateUnknown(int count)
    {
        var unknown = new long[count];
        Array.Fill(unknown, long.MinValue);
        return unknown;
    }

    /// <summary>Waits for the least watermark of its sources to pass a time.</summary>
    internal sealed class WatermarkTimer(TaskWatermarks owner, int[] sources, Action<long> onPassed) : IWatermarkTimer
    {
        public long DueAtMs { get; set; } = long.MaxValue;

        public long WatermarkMs
        {
            get
            {
                var least = long.MaxValue;
                foreach (var source in sources)
                {
                    least = Math.Min(least, owner.atMs[source]);
                }
                return least;
            }
        }

        public bool IsDue => WatermarkMs > DueAtMs;

        public Action<long> OnPassed => onPassed;
    }
}
