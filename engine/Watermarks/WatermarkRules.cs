namespace Alloc.Engine.Watermarks;

/// <summary>
/// The rules that watermarks stand on, each in one place: a test that plants a fault in one of them shows that others
/// would notice.
/// </summary>
internal class WatermarkRules
{
    /// <summary>The rules as they are meant.</summary>
    public static WatermarkRules Sound { get; } = new();

    /// <summary>
    /// What a timer waits for: the least watermark of the sources whose silence it claims, and of no others.
    /// </summary>
    /// <param name="watermarks">Of each source of the task.</param>
    /// <param name="claimed">The sources that are claimed, by index.</param>
    public virtual long Claimed(ReadOnlySpan<long> watermarks, ReadOnlySpan<int> claimed)
    {
        var least = long.MaxValue;
        foreach (var source in claimed)
        {
            least = Math.Min(least, watermarks[source]);
        }
        return least;
    }

    /// <summary>Whether a task has processed a source to an end.</summary>
    /// <param name="position">Everything before it is processed; the end of the log, where only markers remain.</param>
    /// <param name="endOffset">The end that the log told.</param>
    public virtual bool IsProcessed(long position, long endOffset) => position >= endOffset;

    /// <summary>
    /// What an end proves: everything before the clock that was read before the end was asked for, and nothing newer,
    /// however much later the end is reached.
    /// </summary>
    /// <param name="end">The end.</param>
    /// <param name="nowMs">The broker's clock now.</param>
    public virtual long Proven(in KnownEnd end, long nowMs) => end.ClockMs;

    /// <summary>
    /// Whether a group has got as far as what it reads had got: in every partition, for each may write to any partition
    /// of what is read here.
    /// </summary>
    /// <param name="ends">The ends of all partitions that it reads.</param>
    /// <param name="committed">What it has committed; the begin of the log where it has committed nothing.</param>
    public virtual bool HasArrived(
        IEnumerable<KeyValuePair<LogClient.TopicPartition, long>> ends,
        Func<LogClient.TopicPartition, long?> committed) => ends.All(e => committed(e.Key) >= e.Value);

    /// <summary>Where a watermark goes on after a restart: where it was committed.</summary>
    /// <param name="committedMs">The committed one.</param>
    public virtual long Restored(long committedMs) => committedMs;
}
