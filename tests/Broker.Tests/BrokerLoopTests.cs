using Alloc.Broker.Runtime;

namespace Broker.Tests;

/// <summary>The loop's promises: one at a time, in order, timers never lost.</summary>
public sealed class BrokerLoopTests
{
    [Fact]
    public async Task Work_from_many_threads_runs_one_at_a_time()
    {
        using var loop = new BrokerLoop(TimeProvider.System, _ => { });
        var counter = 0;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var number = 0; number < 10_000; number++)
            {
                loop.Post(() =>
                {
                    if (++counter == 80_000)
                    {
                        done.SetResult();
                    }
                });
            }
        })));

        await done.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void Alarm_that_rings_too_early_is_set_again()
    {
        // The system's timers and its time stamps are different clocks: a timer can fire a little before its time.
        var time = new HastyTime();
        using var loop = new BrokerLoop(time, _ => { });
        var hasFired = false;
        loop.Post(() => loop.Schedule(TimeSpan.FromMilliseconds(100), () => hasFired = true));

        time.Now += TimeSpan.FromMilliseconds(99).Ticks;
        time.Ring();
        var wasSetAgain = time.IsSet;
        time.Now += TimeSpan.FromMilliseconds(2).Ticks;
        time.Ring();

        Assert.True(wasSetAgain);
        Assert.True(hasFired);
    }

    [Fact]
    public void Exception_of_one_piece_of_work_does_not_stop_the_next()
    {
        var faults = new List<Exception>();
        using var loop = new BrokerLoop(TimeProvider.System, faults.Add);
        var hasRun = false;

        loop.Post(() => throw new InvalidOperationException("broken"));
        loop.Post(() => hasRun = true);

        Assert.True(hasRun);
        Assert.Single(faults);
    }

    /// <summary>
    /// Rings before its time, as a system's timer may; FakeTimeProvider's timers never do.
    /// </summary>
    private sealed class HastyTime : TimeProvider, ITimer
    {
        private TimerCallback? callback;

        public long Now { get; set; }

        public bool IsSet { get; private set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            this.callback = callback;
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            IsSet = dueTime != Timeout.InfiniteTimeSpan;
            return true;
        }

        public void Ring()
        {
            IsSet = false;
            callback!(null);
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
