namespace Alloc.Engine.Runtime;

/// <summary>What a stream thread worked since it rested last, and its rests: see <see cref="StandingBack"/>.</summary>
internal sealed class ThreadRest(StreamThreadContext context, CancellationToken stopping)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private readonly StandingBack? standsBack = context.Options.StandsBack;
    private TimeSpan worked;

    /// <summary>Whether the thread should rest now; what it did is to be committed before.</summary>
    public bool IsDue => worked > TimeSpan.Zero && standsBack?.IsWanted() == true;

    /// <summary>Counts work since a time of the clock's timestamps.</summary>
    public void Worked(long since)
    {
        if (standsBack is not null)
        {
            worked += context.Clock.GetElapsedTime(since);
        }
    }

    /// <summary>Rests, until it has for long enough, others come first no more, or the thread is to stop.</summary>
    public void Take()
    {
        var length = standsBack!.RestAfter(worked);
        worked = TimeSpan.Zero;
        var startedAt = context.Clock.GetTimestamp();
        var left = length;
        while (left > TimeSpan.Zero && standsBack.IsWanted() && !stopping.WaitHandle.WaitOne(left < Look ? left : Look))
        {
            left = length - context.Clock.GetElapsedTime(startedAt);
        }
        context.Metrics.Rested(context.Clock.GetElapsedTime(startedAt));
    }
}
