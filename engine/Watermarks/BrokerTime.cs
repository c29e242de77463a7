namespace Alloc.Engine.Watermarks;

/// <summary>
/// The broker's clock as its timestamps tell it. Of the host's clock only how much time passed is used, so that it does
/// not matter what time it shows. Told by the probe, read by stream threads.
/// </summary>
internal sealed class BrokerTime(TimeProvider clock)
{
    private volatile Reading? last;

    /// <summary>The latest timestamp of the broker; <see cref="long.MinValue"/> before the first.</summary>
    public long LatestMs => last?.AtMs ?? long.MinValue;

    /// <summary>How long ago that was learned; zero before the first.</summary>
    public TimeSpan Age => last is { } reading ? clock.GetElapsedTime(reading.Timestamp) : TimeSpan.Zero;

    /// <summary>
    /// What the broker's clock shows now, or a little less: the answer's way is not counted.
    /// <see cref="long.MinValue"/> before the first.
    /// </summary>
    public long NowMs => last is { } reading
        ? reading.AtMs + (long)clock.GetElapsedTime(reading.Timestamp).TotalMilliseconds
        : long.MinValue;

    /// <summary>
    /// Takes up a timestamp that the broker gave just now; an earlier one than before is passed over.
    /// </summary>
    public void Learn(long atMs)
    {
        if (atMs > LatestMs)
        {
            last = new Reading(atMs, clock.GetTimestamp());
        }
    }

    private sealed record Reading(long AtMs, long Timestamp);
}
