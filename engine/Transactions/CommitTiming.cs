using Alloc.Engine.Runtime;

namespace Alloc.Engine.Transactions;

/// <summary>When an open transaction is committed. Pure: the caller brings the times.</summary>
internal sealed class CommitTiming(StreamsOptions options)
{
    /// <summary>Whether to commit now.</summary>
    /// <param name="openFor">How long the transaction is open.</param>
    /// <param name="sinceLastCommit">Since the start of the commit before.</param>
    /// <param name="oldestWaitingAgeMs">Age of the oldest record that waits; negative when none does.</param>
    /// <param name="isFull">Whether a bound on records or bytes is reached.</param>
    /// <param name="isDrained">Whether everything fetched is processed and nothing more is known to come.</param>
    public bool IsDue(
        TimeSpan openFor, TimeSpan sinceLastCommit, long oldestWaitingAgeMs, bool isFull, bool isDrained)
    {
        if (isFull || (isDrained && sinceLastCommit >= options.CommitPace))
        {
            return true;
        }
        // What waits for so long is late already; a larger group ends the backlog sooner.
        var isBehind = oldestWaitingAgeMs > options.BacklogCommitInterval.TotalMilliseconds;
        return openFor >= (isBehind && options.BacklogCommitInterval > options.CommitInterval
            ? options.BacklogCommitInterval : options.CommitInterval);
    }
}
