namespace Alloc.Engine.Runtime;

/// <summary>
/// Decides when a task's next tick goes out: when the broker's clock has passed the due time, never more than one under way,
/// the next at least 10 ms later and backing off while nothing comes of it.
/// </summary>
/// <remarks>The broker's clock is the host's plus a difference that records' timestamps teach. Used by one thread but for the handler's end.</remarks>
internal sealed class TickSchedule
{
    private const long MinimumGapMs = 10;
    private const long MaximumGapMs = 1_000;

    /// <summary>A tick that was neither seen nor reported lost counts as lost after this.</summary>
    private const long LostAfterMs = 10_000;

    private long gapMs = MinimumGapMs;
    private long earliestNextMs = long.MinValue;
    private long sentAtMs;
    private long lastDueMs = long.MaxValue;
    private volatile bool isUnderWay;
    private long deliveredOffset = -1;

    /// <summary>Log time at which the task has work due; <see cref="long.MaxValue"/> for none.</summary>
    public long DueAtMs { get; set; } = long.MaxValue;

    /// <summary>Whether a tick must go out now.</summary>
    public bool IsDue(long brokerNowMs, long hostNowMs)
    {
        if (DueAtMs == long.MaxValue || brokerNowMs < DueAtMs || hostNowMs < earliestNextMs)
        {
            return false;
        }
        return !isUnderWay || hostNowMs - sentAtMs > LostAfterMs;
    }

    /// <summary>Host time at which to look again; <see cref="long.MaxValue"/> for not at all.</summary>
    public long NextLookMs(long brokerAheadMs) => DueAtMs == long.MaxValue || isUnderWay
        ? long.MaxValue
        : Math.Max(DueAtMs > long.MaxValue / 2 ? long.MaxValue / 2 : DueAtMs - brokerAheadMs, earliestNextMs);

    /// <summary>Notes that a tick was handed over.</summary>
    public void Sent(long hostNowMs)
    {
        gapMs = lastDueMs == DueAtMs ? Math.Min(gapMs * 2, MaximumGapMs) : MinimumGapMs;
        lastDueMs = DueAtMs;
        sentAtMs = hostNowMs;
        Volatile.Write(ref deliveredOffset, -1);
        earliestNextMs = hostNowMs + gapMs;
        isUnderWay = true;
    }

    /// <summary>The broker has the tick at this offset; called on the client's thread.</summary>
    public void Delivered(long offset) => Volatile.Write(ref deliveredOffset, offset);

    /// <summary>The tick was not appended: another may follow. Called on the client's thread.</summary>
    public void Failed() => isUnderWay = false;

    /// <summary>The task has processed its input up to here: a tick before it has done its work.</summary>
    public void Processed(long nextOffset)
    {
        if (!isUnderWay)
        {
            return;
        }
        var offset = Volatile.Read(ref deliveredOffset);
        if (offset >= 0 && nextOffset > offset)
        {
            Volatile.Write(ref deliveredOffset, -1);
            isUnderWay = false;
        }
    }

    /// <summary>Forgets everything, for a task that starts again.</summary>
    public void Reset()
    {
        DueAtMs = long.MaxValue;
        lastDueMs = long.MaxValue;
        gapMs = MinimumGapMs;
        earliestNextMs = long.MinValue;
        isUnderWay = false;
    }
}
