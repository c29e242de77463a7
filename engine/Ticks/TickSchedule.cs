namespace Alloc.Engine.Ticks;

/// <summary>
/// Decides when a task's next tick goes out: when the broker's clock has passed the due time, never more than one under
/// way, the next at least 10 ms later and backing off while nothing comes of it.
/// </summary>
/// <remarks>
/// The broker's clock is the host's plus a difference that delivered ticks teach (<see cref="BrokerClock"/>). Used by
/// one thread, but for the two ends of a tick that the client's thread reports; the stream thread takes them up when it
/// looks.
/// </remarks>
internal sealed class TickSchedule
{
    private const long MinimumGapMs = 10;
    private const long MaximumGapMs = 1_000;

    /// <summary>A tick that was neither seen nor reported lost counts as lost after this.</summary>
    private const long LostAfterMs = 10_000;

    /// <summary>
    /// A tick was processed and its report is on its way: it comes within moments, so the next look is soon.
    /// </summary>
    private const long ReportDueMs = 1;

    private long gapMs = MinimumGapMs;
    private long earliestNextMs = long.MinValue;
    private long sentAtMs;
    private long lastDueMs = long.MaxValue;
    private bool isUnderWay;

    /// <summary>
    /// The offset after what was processed since the tick was sent; the report may come before or after it.
    /// </summary>
    private long processedTo = -1;

    private long deliveredOffset = -1;
    private volatile bool hasFailed;

    /// <summary>Log time at which the task has work due; <see cref="long.MaxValue"/> for none.</summary>
    public long DueAtMs { get; set; } = long.MaxValue;

    /// <summary>Whether a tick must go out now.</summary>
    public bool IsDue(long brokerNowMs, long hostNowMs)
    {
        if (DueAtMs == long.MaxValue || brokerNowMs < DueAtMs || hostNowMs < earliestNextMs)
        {
            return false;
        }
        return !IsUnderWay() || hostNowMs - sentAtMs > LostAfterMs;
    }

    /// <summary>Host time at which to look again; <see cref="long.MaxValue"/> for not at all.</summary>
    public long NextLookMs(long brokerAheadMs)
    {
        if (DueAtMs == long.MaxValue)
        {
            return long.MaxValue;
        }
        if (IsUnderWay())
        {
            // The tick's own record wakes the poll; a report that is behind its record wakes nobody.
            return processedTo >= 0 && Volatile.Read(ref deliveredOffset) < 0 ? sentAtMs + ReportDueMs : long.MaxValue;
        }
        return Math.Max(DueAtMs > long.MaxValue / 2 ? long.MaxValue / 2 : DueAtMs - brokerAheadMs, earliestNextMs);
    }

    /// <summary>Notes that a tick was handed over.</summary>
    public void Sent(long hostNowMs)
    {
        gapMs = lastDueMs == DueAtMs ? Math.Min(gapMs * 2, MaximumGapMs) : MinimumGapMs;
        lastDueMs = DueAtMs;
        sentAtMs = hostNowMs;
        processedTo = -1;
        Volatile.Write(ref deliveredOffset, -1);
        hasFailed = false;
        earliestNextMs = hostNowMs + gapMs;
        isUnderWay = true;
    }

    /// <summary>The broker has the tick at this offset; called on the client's thread.</summary>
    public void Delivered(long offset) => Volatile.Write(ref deliveredOffset, offset);

    /// <summary>The tick was not appended: another may follow. Called on the client's thread.</summary>
    public void Failed() => hasFailed = true;

    /// <summary>The task has processed its input up to here: a tick before it has done its work.</summary>
    public void Processed(long nextOffset)
    {
        if (isUnderWay)
        {
            processedTo = nextOffset;
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

    private bool IsUnderWay()
    {
        if (isUnderWay)
        {
            var offset = Volatile.Read(ref deliveredOffset);
            isUnderWay = !hasFailed && (offset < 0 || processedTo <= offset);
        }
        return isUnderWay;
    }
}
