using System.Collections.Concurrent;

namespace Alloc.Broker.Runtime;

/// <summary>
/// The single loop that owns all of the broker's state. Work items run one at a time, in the order in which they were
/// posted; nothing that they touch needs a lock.
/// </summary>
/// <remarks>
/// The loop has no thread of its own: whoever posts while it rests runs the next turn (so a request that meets an idle
/// broker is answered without a change of threads), and a turn that leaves work behind goes on in the thread pool.
/// A turn is: a bounded number of work items, timers that are due, then everything that was put off to the turn's end.
/// </remarks>
internal sealed class BrokerLoop : IThreadPoolWorkItem, IDisposable
{
    private const int MaximumItemsPerTurn = 512;
    private readonly ConcurrentQueue<ILoopWork> queue = new();
    private readonly PriorityQueue<LoopTimer, long> timers = new();
    private readonly TimeProvider time;
    private readonly ITimer alarm;
    private readonly Action<Exception> onFault;
    private List<Action> endOfTurn = [];
    private List<Action> endOfTurnSpare = [];
    private long alarmAt = long.MaxValue;
    private int isRunning;
    private volatile bool isStopped;

    /// <param name="time">Clock and timers.</param>
    /// <param name="onFault">Told of exceptions that no work item handled: bugs, or storage that cannot be
    /// trusted.</param>
    public BrokerLoop(TimeProvider time, Action<Exception> onFault)
    {
        this.time = time;
        this.onFault = onFault;
        var rang = new AlarmRang(this);
        alarm = time.CreateTimer(_ => Post(rang), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Milliseconds since 1970 by the broker's clock.</summary>
    public long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>True on the thread that runs a turn at this moment. For assertions.</summary>
    public bool IsCurrent => Volatile.Read(ref runningThread) == Environment.CurrentManagedThreadId;

    private int runningThread;

    /// <summary>Queues work; from any thread. If the loop rests, one turn runs on the caller before this
    /// returns.</summary>
    public void Post(ILoopWork work)
    {
        queue.Enqueue(work);
        if (Interlocked.CompareExchange(ref isRunning, 1, 0) == 0)
        {
            RunTurns(1);
        }
    }

    /// <inheritdoc cref="Post(ILoopWork)"/>
    public void Post(Action action) => Post(new ActionWork(action));

    /// <summary>Queues work to run on the thread pool if the loop rests; never runs anything on the caller.</summary>
    public void PostAway(Action action)
    {
        queue.Enqueue(new ActionWork(action));
        if (Interlocked.CompareExchange(ref isRunning, 1, 0) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Runs work on the loop and waits for its result.</summary>
    public Task<T> RunAsync<T>(Func<T> function)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        PostAway(() =>
        {
            try
            {
                completion.SetResult(function());
            }
            catch (Exception exception)
            {
                completion.SetException(exception);
            }
        });
        return completion.Task;
    }

    /// <summary>Puts an action off to the end of the current turn. Only on the loop.</summary>
    public void AtEndOfTurn(Action action) => endOfTurn.Add(action);

    /// <summary>Runs <paramref name="action"/> on the loop after <paramref name="delay"/>. Only on the loop.</summary>
    public LoopTimer Schedule(TimeSpan delay, Action action)
    {
        var dueAt = time.GetTimestamp() + (long)(Math.Max(0, delay.TotalSeconds) * time.TimestampFrequency);
        var timer = new LoopTimer(action);
        timers.Enqueue(timer, dueAt);
        return timer;
    }

    /// <summary>Drops all work that is queued or arrives later. Called once every user of the loop is gone.</summary>
    public void Dispose()
    {
        isStopped = true;
        alarm.Dispose();
    }

    void IThreadPoolWorkItem.Execute() => RunTurns(4);

    private void RunTurns(int maximumTurns)
    {
        while (true)
        {
            Volatile.Write(ref runningThread, Environment.CurrentManagedThreadId);
            var isEmpty = RunTurn();
            Volatile.Write(ref runningThread, 0);
            if (isEmpty)
            {
                Volatile.Write(ref isRunning, 0);
                Interlocked.MemoryBarrier();
                if (queue.IsEmpty || Interlocked.CompareExchange(ref isRunning, 1, 0) != 0)
                {
                    return;
                }
            }
            if (--maximumTurns <= 0)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
        }
    }

    /// <summary>Runs one turn; true when nothing was left behind.</summary>
    private bool RunTurn()
    {
        var left = MaximumItemsPerTurn;
        while (left-- > 0 && queue.TryDequeue(out var work))
        {
            Guarded(work);
        }
        RunTimers();
        while (endOfTurn.Count > 0)
        {
            (endOfTurn, endOfTurnSpare) = (endOfTurnSpare, endOfTurn);
            foreach (var action in endOfTurnSpare)
            {
                Guarded(action);
            }
            endOfTurnSpare.Clear();
        }
        SetAlarm();
        return queue.IsEmpty;
    }

    private void RunTimers()
    {
        if (timers.Count == 0)
        {
            return;
        }
        var now = time.GetTimestamp();
        while (timers.TryPeek(out var timer, out var dueAt) && (dueAt <= now || timer.IsCancelled))
        {
            timers.Dequeue();
            if (timer.TryFire(out var action))
            {
                Guarded(action);
            }
        }
    }

    private void SetAlarm()
    {
        if (isStopped)
        {
            return;
        }
        var next = timers.TryPeek(out _, out var dueAt) ? dueAt : long.MaxValue;
        if (next == alarmAt)
        {
            return;
        }
        // An alarm that is set too early only wakes the loop for nothing; moving it later is left to that wake-up.
        if (next > alarmAt && alarmAt > time.GetTimestamp())
        {
            return;
        }
        alarmAt = next;
        var delay = next == long.MaxValue
            ? Timeout.InfiniteTimeSpan
            : TimeSpan.FromSeconds(Math.Max(0, (next - time.GetTimestamp()) / (double)time.TimestampFrequency));
        // Timers count whole milliseconds: round up, or the wake-up comes before the timer is due.
        alarm.Change(delay == Timeout.InfiniteTimeSpan ? delay : delay + TimeSpan.FromMilliseconds(1),
            Timeout.InfiniteTimeSpan);
    }

    private void Guarded(ILoopWork work)
    {
        if (isStopped)
        {
            return;
        }
        try
        {
            work.Run();
        }
        catch (Exception exception)
        {
            onFault(exception);
        }
    }

    private void Guarded(Action action)
    {
        if (isStopped)
        {
            return;
        }
        try
        {
            action();
        }
        catch (Exception exception)
        {
            onFault(exception);
        }
    }

    private sealed class ActionWork(Action action) : ILoopWork
    {
        public void Run() => action();
    }

    /// <summary>The alarm may ring a little before its time; it is set again at the end of the turn in any
    /// case.</summary>
    private sealed class AlarmRang(BrokerLoop loop) : ILoopWork
    {
        public void Run() => loop.alarmAt = long.MaxValue;
    }
}

/// <summary>A piece of work that <see cref="BrokerLoop"/> runs.</summary>
internal interface ILoopWork
{
    /// <summary>Does the work; must not block.</summary>
    void Run();
}

/// <summary>A one-shot timer of <see cref="BrokerLoop"/>.</summary>
internal sealed class LoopTimer(Action action)
{
    private Action? action = action;

    /// <summary>True once cancelled or fired.</summary>
    public bool IsCancelled => action is null;

    /// <summary>Makes sure that the timer does not fire any more. Only on the loop; repeats do nothing.</summary>
    public void Cancel() => action = null;

    internal bool TryFire([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Action? due)
    {
        due = action;
        action = null;
        return due is not null;
    }
}
