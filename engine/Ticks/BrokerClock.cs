namespace Alloc.Engine.Ticks;

/// <summary>
/// How far the broker's clock is ahead of the host's, learned from records that were sent and reported back.
/// </summary>
/// <remarks>
/// The broker stamped the record somewhere between sending and report, so the difference lies between stamp − report
/// and stamp − sending (Cristian, Probabilistic clock synchronization, 1989). The estimate moves only as far as an
/// exchange demands: one that took long demands little, and a slow report cannot push the estimate away. Told by the
/// client's thread, read by the stream thread.
/// </remarks>
internal sealed class BrokerClock
{
    private readonly Lock gate = new();
    private long aheadMs;

    /// <summary>The difference, in milliseconds; negative when the broker is behind.</summary>
    public long AheadMs => Interlocked.Read(ref aheadMs);

    /// <summary>Takes up one exchange: host times of sending and report, and the broker's stamp between them.</summary>
    public void Learn(long sentAtMs, long stampedAtMs, long reportedAtMs)
    {
        var least = stampedAtMs - Math.Max(reportedAtMs, sentAtMs);
        var most = stampedAtMs - sentAtMs;
        lock (gate)
        {
            Interlocked.Exchange(ref aheadMs, Math.Clamp(aheadMs, least, most));
        }
    }

    /// <summary>
    /// Takes up a record that the broker stamped and this host has read by now: the broker's clock is at least there.
    /// </summary>
    public void LearnFrom(long stampedAtMs, long readAtMs)
    {
        if (stampedAtMs - readAtMs <= AheadMs)
        {
            return;
        }
        lock (gate)
        {
            Interlocked.Exchange(ref aheadMs, Math.Max(aheadMs, stampedAtMs - readAtMs));
        }
    }
}
