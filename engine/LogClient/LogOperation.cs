namespace Alloc.Engine.LogClient;

/// <summary>A call that was started; asked whether it is done. Ended by one thread, read by any.</summary>
public class LogOperation
{
    private readonly object gate = new();
    private volatile Exception? failure;
    private volatile bool isDone;

    /// <summary>True once it succeeded or failed.</summary>
    public bool IsDone => isDone;

    /// <summary>Why it failed; null while it runs and when it succeeded.</summary>
    public Exception? Failure => failure;

    /// <summary>Marks it done; the first end counts.</summary>
    public void Succeed() => End(null);

    /// <summary>Marks it failed; the first end counts.</summary>
    public void Fail(Exception error) => End(error);

    /// <summary>Waits until it is done; false after the time.</summary>
    public bool Wait(TimeSpan timeout) => WaitUntil(static _ => false, timeout) || isDone;

    /// <summary>Runs a change of what others wait for, and tells them.</summary>
    protected void Change(Action change)
    {
        lock (gate)
        {
            change();
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>
    /// Waits until the condition holds or the operation is done; returns whether the condition holds.
    /// </summary>
    protected bool WaitUntil(Func<LogOperation, bool> condition, TimeSpan timeout)
    {
        lock (gate)
        {
            while (!condition(this) && !isDone)
            {
                if (!Monitor.Wait(gate, timeout))
                {
                    break;
                }
            }
            return condition(this);
        }
    }

    private void End(Exception? error) => Change(() =>
    {
        if (!isDone)
        {
            failure = error;
            isDone = true;
        }
    });
}

/// <summary>How far a commit has come; each stage includes those before.</summary>
public enum CommitStage
{
    /// <summary>Records are on their way.</summary>
    Sending,

    /// <summary>Every record is delivered: the next transaction may send its own.</summary>
    Delivered,

    /// <summary>The offsets are with the transaction: the next one may send its own.</summary>
    OffsetsSent,

    /// <summary>The broker acknowledged the end: the work is done for good.</summary>
    Committed,
}

/// <summary>A commit that was started.</summary>
public sealed class CommitOperation : LogOperation
{
    private volatile CommitStage stage;

    /// <summary>The stage reached so far.</summary>
    public CommitStage Stage => stage;

    /// <summary>Moves to a stage; <see cref="CommitStage.Committed"/> ends the operation.</summary>
    public void Reach(CommitStage reached)
    {
        Change(() => stage = reached);
        if (reached == CommitStage.Committed)
        {
            Succeed();
        }
    }

    /// <summary>Waits for a stage; false when it failed before or the time is over.</summary>
    public bool WaitFor(CommitStage wanted, TimeSpan timeout) =>
        WaitUntil(operation => ((CommitOperation)operation).stage >= wanted, timeout);
}
