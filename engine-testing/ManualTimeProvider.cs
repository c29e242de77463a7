namespace Alloc.Engine.Testing;

/// <summary>
/// A clock that stands still until it is moved. Timers fire when it is moved past them, on the thread that moves it.
/// </summary>
public sealed class ManualTimeProvider(long startMs) : TimeProvider
{
    private readonly List<ManualTimer> timers = [];
    private long nowMs = startMs;

    /// <summary>Milliseconds since the Unix epoch.</summary>
    public long NowMs => Interlocked.Read(ref nowMs);

    /// <inheritdoc/>
    public override long TimestampFrequency => 1_000;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(NowMs);

    /// <inheritdoc/>
    public override long GetTimestamp() => NowMs;

    /// <summary>Moves the clock on; it never goes back.</summary>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        Interlocked.Add(ref nowMs, (long)time.TotalMilliseconds);
        List<ManualTimer> due;
        lock (timers)
        {
            due = timers.Where(t => t.NextMs <= NowMs).OrderBy(t => t.NextMs).ToList();
        }
        due.ForEach(t => t.Fire(NowMs));
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        lock (timers)
        {
            timers.Add(timer);
        }
        return timer;
    }

    private sealed class ManualTimer(ManualTimeProvider clock, Action callback) : ITimer
    {
        private long periodMs = -1;

        public long NextMs { get; private set; } = long.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            NextMs = dueTime < TimeSpan.Zero ? long.MaxValue : clock.NowMs + (long)dueTime.TotalMilliseconds;
            periodMs = period <= TimeSpan.Zero ? -1 : (long)period.TotalMilliseconds;
            return true;
        }

        public void Fire(long nowMs)
        {
            NextMs = periodMs < 0 ? long.MaxValue : nowMs + periodMs;
            callback();
        }

        public void Dispose()
        {
            lock (clock.timers)
            {
                clock.timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
