namespace Alloc.Engine.Processing;

/// <summary>Punctuators of one task in the order of their next time; one queue for each kind of time.</summary>
internal sealed class PunctuationQueue
{
    private readonly PriorityQueue<Punctuation, long> queue = new();

    /// <summary>The earliest next time; <see cref="long.MaxValue"/> when nothing is scheduled.</summary>
    public long NextMs => queue.TryPeek(out _, out var next) ? next : long.MaxValue;

    public IDisposable Schedule(long firstMs, long intervalMs, Action<long> punctuator)
    {
        var punctuation = new Punctuation(intervalMs, punctuator);
        queue.Enqueue(punctuation, firstMs);
        return punctuation;
    }

    public void Clear() => queue.Clear();

    /// <summary>
    /// Takes the next punctuator that is due and schedules it again: after now, so that a long pause leads to one call
    /// and not to many (Kafka Streams does the same).
    /// </summary>
    public Action<long>? TakeDue(long nowMs)
    {
        while (queue.TryPeek(out var punctuation, out var next) && next <= nowMs)
        {
            queue.Dequeue();
            if (punctuation.IsCancelled)
            {
                continue;
            }
            var following = next + punctuation.IntervalMs;
            queue.Enqueue(punctuation, following > nowMs ? following : nowMs + punctuation.IntervalMs);
            return punctuation.Punctuator;
        }
        return null;
    }

    private sealed class Punctuation(long intervalMs, Action<long> punctuator) : IDisposable
    {
        public long IntervalMs { get; } = intervalMs;

        public Action<long> Punctuator { get; } = punctuator;

        public bool IsCancelled { get; private set; }

        public void Dispose() => IsCancelled = true;
    }
}

/// <summary>The punctuation queues of a task.</summary>
internal sealed class Punctuations
{
    private readonly PunctuationQueue streamTime = new();
    private readonly PunctuationQueue wallClock = new();
    private readonly List<(long IntervalMs, Action<long> Punctuator, Pending Handle)> waitingForStreamTime = [];

    public PunctuationQueue WallClock => wallClock;

    public IDisposable Schedule(
        TimeSpan interval, PunctuationType type, Action<long> punctuator, long streamTimeMs, long wallClockMs)
    {
        var intervalMs = (long)interval.TotalMilliseconds;
        ArgumentOutOfRangeException.ThrowIfLessThan(intervalMs, 1, nameof(interval));
        if (type == PunctuationType.WallClock)
        {
            return wallClock.Schedule(wallClockMs + intervalMs, intervalMs, punctuator);
        }
        if (streamTimeMs != long.MinValue)
        {
            return streamTime.Schedule(streamTimeMs + intervalMs, intervalMs, punctuator);
        }
        // Stream time begins with the first record: the first interval starts there.
        var handle = new Pending();
        waitingForStreamTime.Add((intervalMs, punctuator, handle));
        return handle;
    }

    public Action<long>? TakeDueByStreamTime(long streamTimeMs)
    {
        if (waitingForStreamTime.Count > 0 && streamTimeMs != long.MinValue)
        {
            foreach (var (intervalMs, punctuator, handle) in waitingForStreamTime)
            {
                handle.Inner = streamTime.Schedule(streamTimeMs + intervalMs, intervalMs, punctuator);
            }
            waitingForStreamTime.Clear();
        }
        return streamTime.TakeDue(streamTimeMs);
    }

    public bool IsDue(long streamTimeMs, long wallClockMs) => wallClock.NextMs <= wallClockMs
        || streamTime.NextMs <= streamTimeMs || (waitingForStreamTime.Count > 0 && streamTimeMs != long.MinValue);

    public void Clear()
    {
        streamTime.Clear();
        wallClock.Clear();
        waitingForStreamTime.Clear();
    }

    private sealed class Pending : IDisposable
    {
        private bool isDisposed;
        private IDisposable? inner;

        public IDisposable? Inner
        {
            set
            {
                inner = value;
                if (isDisposed)
                {
                    inner?.Dispose();
                }
            }
        }

        public void Dispose()
        {
            isDisposed = true;
            inner?.Dispose();
        }
    }
}
