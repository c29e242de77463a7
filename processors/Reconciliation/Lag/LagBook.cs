using Alloc.Engine.State;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Lag;

/// <summary>
/// How long one side of a class is behind the other, as the pairs tell that met in this partition: counts of lags in
/// windows of the log's time. What was measured for a difference is what met in the windows before the one that it
/// began in. Those change no more once all is known beyond its beginning, so it has one tolerance, whoever reads the
/// log, and when.
/// </summary>
/// <param name="store">The windows.</param>
/// <param name="knownMs">Up to when all is known, milliseconds since 1970 UTC.</param>
internal sealed class LagBook(IKeyValueStore<LagKey, LagWindow> store, Func<long> knownMs)
{
    /// <summary>Length of a window, milliseconds.</summary>
    public const long WindowMs = 5 * 60_000;

    /// <summary>Windows that count.</summary>
    public const int Windows = 12;

    /// <summary>Fewer pairs than these are not followed.</summary>
    public const long EnoughPairs = 100;

    /// <summary>Tolerances are so many times the p99.</summary>
    public const int Times = 2;

    // The longest that a difference can wait for its tolerance to be over is two windows.
    private const int WindowsKept = Windows + 4;

    /// <summary>The window of a time, by its beginning.</summary>
    public static long WindowOf(long atMs) => atMs - (((atMs % WindowMs) + WindowMs) % WindowMs);

    /// <summary>A pair met. One that met at once or in the wrong order has no lag, one after too long is
    /// none.</summary>
    /// <param name="mismatch">The class.</param>
    /// <param name="name">What it has in common with others; empty: the class.</param>
    /// <param name="sinceMs">When the first side was said, milliseconds since 1970 UTC.</param>
    /// <param name="metMs">When the other was.</param>
    public void Add(MismatchClass mismatch, string name, long sinceMs, long metMs)
    {
        if (metMs < sinceMs || metMs - sinceMs > LagBuckets.LongestMs)
        {
            return;
        }
        var key = new LagKey(mismatch, name, WindowOf(metMs));
        var window = store.Get(key);
        if (window is null)
        {
            Forget(key);
        }
        store.Put(key, With(window?.Buckets ?? [], LagBuckets.Of(metMs - sinceMs)));
    }

    /// <summary>What was measured for a difference that began at a time.</summary>
    public MeasuredLag Measured(MismatchClass mismatch, string name, long sinceMs)
    {
        var counts = new long[LagBuckets.Count];
        var pairs = 0L;
        var untilMs = WindowOf(sinceMs);
        foreach (var (_, window) in store.Range(
            new LagKey(mismatch, name, untilMs - (Windows * WindowMs)), new LagKey(mismatch, name, untilMs)))
        {
            foreach (var bucket in window.Buckets)
            {
                counts[bucket.Number] += bucket.Pairs;
                pairs += bucket.Pairs;
            }
        }
        return new MeasuredLag { P99Ms = P99(counts, pairs), Pairs = pairs, IsFollowed = pairs >= EnoughPairs };
    }

    /// <summary>A tolerance as it is for a difference that began at a time; a fixed one is as it is.</summary>
    public Tolerance Resolve(in Tolerance tolerance, MismatchClass mismatch, string name, long sinceMs)
    {
        if (tolerance.Follows is not { } follows)
        {
            return tolerance;
        }
        var measured = Measured(mismatch, name, sinceMs) with
        {
            GraceMs = (long)tolerance.Grace.TotalMilliseconds,
        };
        return measured.IsFollowed
            ? new Tolerance(
                Within(TimeSpan.FromMilliseconds(Times * measured.P99Ms), follows) + tolerance.Grace, "lag")
            {
                Lag = measured,
            }
            : tolerance with { Follows = null, Lag = measured };
    }

    private static TimeSpan Within(TimeSpan time, LagFollowing follows) =>
        time < follows.AtLeast ? follows.AtLeast : time > follows.AtMost ? follows.AtMost : time;

    // Of a hundred pairs the last but one: nearest rank.
    private static long P99(long[] counts, long pairs)
    {
        var rank = pairs - (pairs / 100);
        var passed = 0L;
        for (var bucket = 0; bucket < counts.Length; bucket++)
        {
            passed += counts[bucket];
            if (passed >= rank && passed > 0)
            {
                return LagBuckets.EndOf(bucket);
            }
        }
        return 0;
    }

    private static LagWindow With(IReadOnlyList<LagBucket> buckets, int number)
    {
        var list = new List<LagBucket>(buckets.Count + 1);
        var isCounted = false;
        foreach (var bucket in buckets)
        {
            if (!isCounted && bucket.Number >= number)
            {
                isCounted = true;
                if (bucket.Number == number)
                {
                    list.Add(bucket with { Pairs = checked(bucket.Pairs + 1) });
                    continue;
                }
                list.Add(new LagBucket { Number = number, Pairs = 1 });
            }
            list.Add(bucket);
        }
        if (!isCounted)
        {
            list.Add(new LagBucket { Number = number, Pairs = 1 });
        }
        return new LagWindow { Buckets = list };
    }

    // Windows that no difference can ask for any more.
    private void Forget(in LagKey key)
    {
        var known = knownMs();
        if (known == long.MinValue)
        {
            return;
        }
        var fromMs = WindowOf(Math.Min(known, key.FromMs)) - (WindowsKept * WindowMs);
        var earlier = store.Range(key with { FromMs = long.MinValue }, key with { FromMs = fromMs });
        foreach (var (old, _) in earlier.ToList())
        {
            store.Delete(old);
        }
    }
}
