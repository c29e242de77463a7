namespace Alloc.Engine.Joins;

/// <summary>
/// Which records of two streams belong together: a right one whose timestamp is at most <see cref="Before"/> before the
/// left one's and at most <see cref="After"/> after it. After Kafka Streams' class of this name.
/// </summary>
/// <param name="Before">How far back a left record looks, at least minus <paramref name="After"/>.</param>
/// <param name="After">How far ahead a left record looks; the most, where its end is a function of it.</param>
/// <param name="Grace">How long after its end a window waits for records that are out of order, not negative.</param>
public sealed record JoinWindows(TimeSpan Before, TimeSpan After, TimeSpan Grace)
{
    /// <summary>With the grace that holds for brokers as they are shipped: <see cref="DefaultGrace"/>.</summary>
    public JoinWindows(TimeSpan before, TimeSpan after)
        : this(before, after, DefaultGrace)
    {
    }

    /// <summary>
    /// 30 s, which is <c>replica.lag.time.max.ms</c> as Kafka ships it: a record has its timestamp from its leader, and
    /// can be read once all replicas in sync have it, which takes up to that. Where brokers are set to more, so should
    /// a join's grace be.
    /// </summary>
    public static TimeSpan DefaultGrace { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Before and after alike.</summary>
    public static JoinWindows OfTimeDifferenceAndGrace(TimeSpan difference, TimeSpan grace) =>
        new(difference, difference, grace);

    /// <summary>The same with <see cref="DefaultGrace"/>.</summary>
    public static JoinWindows OfTimeDifference(TimeSpan difference) => new(difference, difference);

    internal long BeforeMs => (long)Before.TotalMilliseconds;

    internal long AfterMs => (long)After.TotalMilliseconds;

    internal long GraceMs => (long)Grace.TotalMilliseconds;

    /// <summary>Throws what is wrong with the windows of a join.</summary>
    internal void RequireValid(string name)
    {
        var limit = TimeSpan.FromDays(366);
        if (Before + After < TimeSpan.Zero || Before > limit || After > limit || Before < -limit || After < -limit)
        {
            throw new Processing.TopologyException(
                $"Join '{name}' looks from {Before} before to {After} after: the end must not lie before the "
                + "beginning, nor either further than 366 days.");
        }
        if (Grace < TimeSpan.Zero || Grace > limit)
        {
            throw new Processing.TopologyException(
                $"Join '{name}' has a grace of {Grace}; it takes from 0 to 366 days.");
        }
    }
}
