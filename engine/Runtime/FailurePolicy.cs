using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;

namespace Alloc.Engine.Runtime;

/// <summary>
/// Counts failures without progress in between, and says how long to wait after each: what is down is not helped by
/// being asked eight times a second, and one that comes back for ever stops the thread instead of hiding.
/// </summary>
/// <remarks>
/// Progress is a transaction that committed, a record restored that never was before, or an input that is read to its
/// end: that a take-over came to its end is none, for the commit after it may fail each time. The wait doubles from
/// <see cref="StreamsOptions.RecoveryBackoff"/> and is between half and all of that, by seeded chance, so that the
/// instances of a cluster do not come back in step.
/// </remarks>
internal sealed class FailurePolicy(TimeProvider clock, StreamsOptions options, Random jitter)
{
    private static readonly TimeSpan FencedAgainWithin = TimeSpan.FromMinutes(1);
    private long fencedTimestamp;
    private long failedTimestamp;
    private TimeSpan wait;

    /// <summary>How it stands: for other threads. Null while nothing has failed since the last progress.</summary>
    public RecoveryStatus? Status { get; private set; }

    /// <summary>What is left of the wait; zero or less when it is over.</summary>
    public TimeSpan Remaining => Status is null ? TimeSpan.Zero : wait - clock.GetElapsedTime(failedTimestamp);

    /// <summary>Something was done for good: the count starts again.</summary>
    public void Progressed()
    {
        if (Status is not null)
        {
            Status = null;
        }
    }

    /// <summary>Counts a failure after which there is nothing to wait for.</summary>
    /// <exception cref="StreamsException">Too many in a row.</exception>
    public void CountOnly(Exception error)
    {
        Count(error);
        wait = TimeSpan.Zero;
    }

    /// <summary>
    /// Counts a failure; a second fencing of the same instance id within a minute means that two processes have it.
    /// </summary>
    /// <exception cref="StreamsException">Too many in a row, or another process uses the instance id.</exception>
    public void Count(Exception error)
    {
        var failures = (Status?.Failures ?? 0) + 1;
        if (failures > options.RecoveryLimit)
        {
            throw new StreamsException(
                $"Gave up after {options.RecoveryLimit} attempts in a row to recover without any progress; the last "
                + $"failure: {error.Message}", error);
        }
        failedTimestamp = clock.GetTimestamp();
        wait = WaitAfter(failures);
        Status = new RecoveryStatus(
            failures, options.RecoveryLimit, error.Message, Status?.Since ?? clock.GetUtcNow(), wait);
        if (error is not LogException { Failure: LogFailure.Rejoin, Code: "FencedInstanceId" or "Local_Fatal" })
        {
            return;
        }
        if (fencedTimestamp != 0 && clock.GetElapsedTime(fencedTimestamp) < FencedAgainWithin)
        {
            throw new StreamsException(
                "Another process runs with the same instance id and keeps joining; give each its own.", error);
        }
        fencedTimestamp = clock.GetTimestamp();
    }

    /// <summary>Rethrows what no new start can mend.</summary>
    public static void ThrowIfFatal(Exception error)
    {
        if (error is LogException { Failure: not LogFailure.GiveUp } or TaskMigratedException)
        {
            return;
        }
        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
    }

    /// <summary>
    /// The first failure is tried again at once: mostly a broker moved. A static member keeps its place in the group
    /// through the longest wait.
    /// </summary>
    private TimeSpan WaitAfter(int failures)
    {
        if (failures == 1)
        {
            return TimeSpan.Zero;
        }
        var longest = Math.Min(options.LongestRecoveryBackoff.TotalMilliseconds,
            options.SessionTimeout.TotalMilliseconds / 2);
        var full = Math.Min(longest, options.RecoveryBackoff.TotalMilliseconds * Math.Pow(2, failures - 2));
        return TimeSpan.FromMilliseconds(full / 2 * (1 + jitter.NextDouble()));
    }
}

/// <summary>A thread that recovers from failures.</summary>
/// <param name="Failures">Failures in a row without progress in between.</param>
/// <param name="Limit">How many it takes before it gives up.</param>
/// <param name="LastError">The last one, in words.</param>
/// <param name="Since">When the first one was.</param>
/// <param name="Wait">How long it waits, after the last one, before it tries again.</param>
public sealed record RecoveryStatus(
    int Failures, int Limit, string LastError, DateTimeOffset Since, TimeSpan Wait);
