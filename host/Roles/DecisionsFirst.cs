using Alloc.Engine.Runtime;

namespace Alloc.Host.Roles;

/// <summary>
/// Whoever decides comes first: while it is at work and commands wait all the same, the other applications of the
/// instance take a fiftieth of a core together. Ages, searches and orders are late then, and say so; decisions are not.
/// </summary>
/// <param name="decides">What the application that decides is at; null while it is not there.</param>
/// <param name="time">The clock.</param>
internal sealed class DecisionsFirst(Func<WorkStatus?> decides, TimeProvider time)
{
    private const double ShareOfAll = 0.02;

    /// <summary>
    /// A scan is over in seconds, and one that takes an hour compares with a moment that is long gone: it works a
    /// twentieth of the time.
    /// </summary>
    private const double ShareOfScans = 0.05;

    /// <summary>Commands that wait for less are about to be decided.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(1);

    /// <summary>Who decided nothing for so long is held up by something that no processor time mends.</summary>
    private static readonly TimeSpan Progress = TimeSpan.FromMilliseconds(500);

    private readonly Lock gate = new();
    private long processed = -1;
    private long progressedAt;

    /// <summary>Whether commands wait for processor time.</summary>
    public bool AreWaiting()
    {
        if (decides() is not { } work)
        {
            return false;
        }
        lock (gate)
        {
            // Fewer than before: tasks went elsewhere, and what is left counts anew.
            if (work.Processed != processed)
            {
                processed = work.Processed;
                progressedAt = time.GetTimestamp();
            }
            return work.Oldest > Late && time.GetElapsedTime(progressedAt) < Progress;
        }
    }

    /// <summary>How a thread stands back that compares what is stored.</summary>
    public StandingBack Scans => new(AreWaiting, ShareOfScans);

    /// <summary>How each of the others stands back.</summary>
    /// <param name="othersCount">How many they are, each with one thread; at least 1.</param>
    public StandingBack Others(int othersCount) => new(AreWaiting, ShareOfAll / othersCount);
}
