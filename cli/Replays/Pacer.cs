namespace Alloc.Cli.Replays;

/// <summary>
/// Keeps a rate: what goes is spread evenly, and what was late is caught up with for a tenth of a second at most.
/// </summary>
/// <param name="rate">The rate; null for as fast as it goes.</param>
/// <param name="time">The clock.</param>
internal sealed class Pacer(ReplayRate? rate, TimeProvider time)
{
    private static readonly TimeSpan CatchUp = TimeSpan.FromMilliseconds(100);
    private readonly long begun = time.GetTimestamp();
    private TimeSpan next;

    /// <summary>How long the next record has to wait; not above zero: it may go.</summary>
    public TimeSpan Wait => rate is null ? TimeSpan.Zero : next - time.GetElapsedTime(begun);

    /// <summary>One went.</summary>
    public void Went()
    {
        if (rate is not null)
        {
            var late = time.GetElapsedTime(begun) - CatchUp;
            next = (next > late ? next : late) + rate.Interval;
        }
    }
}
