using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Merging;

/// <summary>
/// When what waits in a stage leaves, by when it entered: first in, first out, at today's departures. While nothing
/// waits longer than usual, it leaves as usual: a stage may need its time for each item, however few there are, and
/// where little comes the departures of today say little.
/// </summary>
internal static class LeavePrediction
{
    private const int Points = 32;
    private const long Few = 20;
    private const double UsualOfFew = 4;
    private const long UsualMoreMs = 10_000;

    /// <summary>Items that have to have left before anything is called usual.</summary>
    public const double EnoughLeft = 20;

    // Without a departure for so long, none is predicted.
    private const double KnownAfterSeconds = 60;

    /// <summary>Whether a stage's oldest item waits no longer than is usual there; of a few, not much longer.</summary>
    public static bool IsUsual(StageMerge merge, long waiting, long oldestAgeMs) => merge.TypicalLeft >= EnoughLeft
        && oldestAgeMs <= (waiting < Few ? UsualOfFew : 1) * merge.TypicalWaitMs + UsualMoreMs;

    /// <summary>The points of the line; empty while nothing is known.</summary>
    public static IReadOnlyList<LeavePoint> Of(StageMerge merge, EntryHistogram entries, long oldestAgeMs, long nowMs)
    {
        var rate = Rates.Now(merge.Leaving);
        var isUsual = IsUsual(merge, entries.Total, oldestAgeMs);
        if (merge.TypicalLeft < 1 && nowMs - merge.SinceMs < KnownAfterSeconds * 1000)
        {
            return [];
        }
        if (entries.Total <= 0)
        {
            return [Point(nowMs, isUsual || rate <= 0 ? nowMs + (long)merge.TypicalWaitMs : nowMs)];
        }
        var points = new List<LeavePoint>(Points + 1);
        var ahead = 0L;
        var next = 1L;
        var last = 0L;
        foreach (var ((startMs, _), count) in entries.Counts)
        {
            ahead += count;
            last = startMs;
            if (ahead >= next)
            {
                Add(points, startMs, Leave(ahead, startMs));
                next = ahead + entries.Total / (Points - 1) + 1;
            }
        }
        Add(points, Math.Max(nowMs, last + 1), Leave(ahead, nowMs));
        return points;

        long? Leave(long position, long enteredAtMs)
        {
            var inTurnMs = rate > 0 ? position / rate * 1000 : double.PositiveInfinity;
            var asUsualMs = isUsual ? Math.Max(0, enteredAtMs + merge.TypicalWaitMs - nowMs) : inTurnMs;
            var waitMs = Math.Min(inTurnMs, asUsualMs);
            return waitMs < TimeSpan.FromDays(3650).TotalMilliseconds ? nowMs + (long)waitMs : null;
        }
    }

    private static void Add(List<LeavePoint> points, long enteredAtMs, long? leaveAtMs)
    {
        if (points.Count == 0 || points[^1].EnteredAtMs < enteredAtMs)
        {
            points.Add(Point(enteredAtMs, leaveAtMs));
        }
    }

    private static LeavePoint Point(long enteredAtMs, long? leaveAtMs) =>
        new() { EnteredAtMs = enteredAtMs, LeaveAtMs = leaveAtMs };
}
