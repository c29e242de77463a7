using Alloc.Engine.Runtime;

namespace Alloc.Host.Projection.Scanning;

/// <summary>
/// How fast a thread reads through a store: as fast as it can while nobody needs the cores, a share of the time while
/// commands wait.
/// </summary>
internal sealed class ScanPace(StandingBack? standsBack, TimeProvider time, CancellationToken cancellation)
{
    /// <summary>Work between two looks.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(10);

    private const int StepsPerLook = 64;
    private long since = time.GetTimestamp();
    private int steps;

    /// <summary>An entry is about to be looked at.</summary>
    /// <exception cref="OperationCanceledException">It is to end.</exception>
    public void Step()
    {
        if (++steps % StepsPerLook != 0)
        {
            return;
        }
        cancellation.ThrowIfCancellationRequested();
        var worked = time.GetElapsedTime(since);
        if (worked < Slice)
        {
            return;
        }
        if (standsBack is not null && standsBack.IsWanted())
        {
            cancellation.WaitHandle.WaitOne(worked * ((1 / standsBack.Share) - 1));
        }
        since = time.GetTimestamp();
    }
}
