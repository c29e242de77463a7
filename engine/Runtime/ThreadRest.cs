namespace Alloc.Engine.Runtime;

/// <summary>The rest that a stream thread owes for its work, and takes: see <see cref="StandingBack"/>.</summary>
internal sealed class ThreadRest(StreamThreadContext context, CancellationToken stopping)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    /// <summary>In one piece it takes no more, however much it owes: the group wants to be heard in between.</summary>
    private static readonly TimeSpan LongestPiece = TimeSpan.FromSeconds(1);
    private readonly StandingBack? standsBack = context.Options.StandsBack;
    private TimeSpan owed;

    /// <summary>
    /// Whether the thread owes a rest and others come first now: nothing is processed before it is taken, and what was
    /// is to be committed. Who comes first no more is owed nothing.
    /// </summary>
    public bool IsDue
    {
        get
        {
            if (owed > TimeSpan.Zero && !standsBack!.IsWanted())
            {
                owed = TimeSpan.Zero;
            }
            return owed > TimeSpan.Zero;
        }
    }

    /// <summary>Counts work since a time of the clock's timestamps.</summary>
    public void Worked(long since)
    {
        if (standsBack is not null)
        {
            owed += standsBack.RestAfter(context.Clock.GetElapsedTime(since));
        }
    }

    /// <summary>Rests a piece of it, until others come first no more or the thread is to stop.</summary>
    public void Take()
    {
        var piece = owed < LongestPiece ? owed : LongestPiece;
        var startedAt = context.Clock.GetTimestamp();
        var left = piece;
        while (left > TimeSpan.Zero && IsDue && !stopping.WaitHandle.WaitOne(left < Look ? left : Look))
        {
            left = piece - context.Clock.GetElapsedTime(startedAt);
        }
        var rested = context.Clock.GetElapsedTime(startedAt);
        owed = rested < owed ? owed - rested : TimeSpan.Zero;
        context.Metrics.Rested(rested);
    }
}
