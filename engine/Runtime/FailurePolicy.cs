using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;

namespace Alloc.Engine.Runtime;

/// <summary>
/// Counts failures that were mended, so that one that comes back again and again stops the thread instead of hiding.
/// </summary>
internal sealed class FailurePolicy(TimeProvider clock)
{
    private const int RecoveryLimit = 30;
    private static readonly TimeSpan FencedAgainWithin = TimeSpan.FromMinutes(1);
    private int recoveries;
    private long fencedTimestamp;

    /// <summary>A take-over came to its end: the count starts again.</summary>
    public void Succeeded()
    {
        recoveries = 0;
    }

    /// <summary>
    /// Counts a new start; a second fencing of the same instance id within a minute means that two processes have it.
    /// </summary>
    /// <exception cref="StreamsException">Too many in a row, or another process uses the instance id.</exception>
    public void Count(Exception error)
    {
        if (++recoveries > RecoveryLimit)
        {
            throw new StreamsException($"Gave up after {RecoveryLimit} attempts to recover: {error.Message}", error);
        }
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
}
