using Alloc.Engine.Runtime;

namespace Alloc.Engine.Watermarks;

/// <summary>
/// One source of a task: what is processed of it, and the ends of its log that are still to be reached.
/// </summary>
/// <remarks>
/// An end stays as it was taken, so that traffic that never pauses starves nothing. Of more ends than are kept the
/// newest takes the place of the one before it. Used by the task's thread, but for what others read.
/// </remarks>
internal sealed class SourceWatermark(RecordQueue queue)
{
    /// <summary>Ends kept, at most: one comes a second.</summary>
    private const int EndLimit = 16;

    private readonly LinkedList<KnownEnd> ends = [];
    private long highestMs = long.MinValue;
    private long movedAtMs = long.MinValue;
    private long awaitedOffset = -1;

    public RecordQueue Queue => queue;

    /// <summary>
    /// Whether timestamps of its records tell anything: where a group of ours writes it, a record that is older may
    /// come from a partition that is behind.
    /// </summary>
    public bool IsToldByRecords { get; } = queue.Source.Definition.Options.Upstream is null;

    /// <summary>
    /// The broker's clock when the watermark moved last, or the task began; <see cref="long.MinValue"/> before. Read by
    /// other threads.
    /// </summary>
    public long MovedAtMs
    {
        get => Volatile.Read(ref movedAtMs);
        set => Volatile.Write(ref movedAtMs, value);
    }

    /// <summary>The end that is to be reached next; −1 for none. Read by other threads.</summary>
    public long AwaitedOffset => Volatile.Read(ref awaitedOffset);

    /// <summary>Begins anew, for nodes that are made anew.</summary>
    public void Reset()
    {
        ends.Clear();
        highestMs = long.MinValue;
        movedAtMs = long.MinValue;
        Volatile.Write(ref awaitedOffset, -1);
    }

    /// <summary>Takes up a record that was processed.</summary>
    public void See(long timestampMs) => highestMs = Math.Max(highestMs, timestampMs);

    /// <summary>Takes up an end of the log.</summary>
    public void Offer(KnownEnd end)
    {
        if (ends.Last is { } last && last.Value.ClockMs >= end.ClockMs)
        {
            return;
        }
        if (ends.Count == EndLimit)
        {
            ends.RemoveLast();
        }
        ends.AddLast(end);
    }

    /// <summary>
    /// Up to when the source is known by what is processed of it; <see cref="long.MinValue"/> for nothing new.
    /// </summary>
    /// <param name="rules">The rules.</param>
    /// <param name="latestMs">The latest timestamp of the broker.</param>
    /// <param name="nowMs">The broker's clock now.</param>
    public long Known(WatermarkRules rules, long latestMs, long nowMs)
    {
        var known = IsToldByRecords ? Math.Min(highestMs, latestMs) : long.MinValue;
        while (ends.First is { } first && rules.IsProcessed(queue.CommitOffset, first.Value.Offset))
        {
            known = Math.Max(known, rules.Proven(first.Value, nowMs));
            ends.RemoveFirst();
        }
        Volatile.Write(ref awaitedOffset, ends.First?.Value.Offset ?? -1);
        return known;
    }
}
