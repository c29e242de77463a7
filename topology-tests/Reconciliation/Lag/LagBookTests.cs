using Alloc.Engine.State;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Processors.Reconciliation.Lag;
using Alloc.Schemas.Reconciliation;

namespace Topology.Tests.Reconciliation.Lag;

/// <summary>What is measured of how long one side is behind the other, against the lags themselves.</summary>
public sealed class LagBookTests : IDisposable
{
    private const MismatchClass Class = MismatchClass.OrderWithoutReservation;
    private const long Now = LagBook.WindowMs * 1_000;

    private static readonly Tolerance Following = new(TimeSpan.FromSeconds(42), "class")
    {
        Follows = LagFollowing.Widest,
    };

    private readonly World world = new();
    private readonly IKeyValueStore<LagKey, LagWindow> store;
    private readonly LagBook book;

    public LagBookTests()
    {
        store = world.Driver.GetStore<IKeyValueStore<LagKey, LagWindow>>(DifferenceStores.OfOrders.Lags);
        book = new LagBook(store, () => Now);
    }

    public void Dispose() => world.Dispose();

    [Fact]
    public void The_end_of_a_bucket_is_never_below_a_lag_of_it_and_at_most_a_tenth_above()
    {
        for (var lagMs = 0L; lagMs <= LagBuckets.LongestMs; lagMs++)
        {
            var end = LagBuckets.EndOf(LagBuckets.Of(lagMs));

            Assert.True(end >= lagMs && end * 10 <= lagMs * 11, $"{lagMs} is told as {end}");
        }
        Assert.InRange(LagBuckets.Count, 100, 200);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void The_p99_is_that_of_the_pairs_within_its_stated_error(int seed)
    {
        var random = new Random(seed);
        var lags = new List<long>();
        for (var pair = 0; pair < random.Next(100, 3_000); pair++)
        {
            // From milliseconds to minutes, as many of each size.
            var lagMs = (long)Math.Exp(random.NextDouble() * Math.Log(LagBuckets.LongestMs));
            var metMs = Now - 1 - random.NextInt64(LagBook.Windows * LagBook.WindowMs);
            lags.Add(lagMs);
            book.Add(Class, "", metMs - lagMs, metMs);
        }
        lags.Sort();
        var exact = lags[(int)Math.Ceiling(lags.Count * 0.99) - 1];

        var measured = book.Measured(Class, "", Now);

        Assert.Equal((lags.Count, true), (measured.Pairs, measured.IsFollowed));
        Assert.InRange(measured.P99Ms, exact, (exact * 11 / 10) + 1);
    }

    [Fact]
    public void The_order_in_which_pairs_are_counted_changes_nothing()
    {
        var pairs = Enumerable.Range(0, 500).Select(n => (Met: Now - 1 - (n * 7_001L), Lag: n * n % 90_000L)).ToList();
        foreach (var (met, lag) in pairs)
        {
            book.Add(Class, "one", met - lag, met);
        }
        foreach (var (met, lag) in pairs.OrderBy(p => p.Lag % 97))
        {
            book.Add(Class, "other", met - lag, met);
        }

        Assert.Equal(book.Measured(Class, "one", Now), book.Measured(Class, "other", Now));
    }

    [Fact]
    public void Only_windows_before_the_one_that_a_difference_began_in_count_and_only_an_hour_of_them()
    {
        Meet(Now - 1, 1_000, 100);
        Meet(Now, 500_000, 100);
        Meet(Now - (LagBook.Windows * LagBook.WindowMs) - 1, 500_000, 100);

        var before = book.Measured(Class, "", Now);
        var after = book.Measured(Class, "", Now + LagBook.WindowMs);

        Assert.Equal(100, before.Pairs);
        Assert.InRange(before.P99Ms, 1_000, 1_100);
        Assert.Equal(200, after.Pairs);
        Assert.InRange(after.P99Ms, 500_000, 550_000);
    }

    /// <summary>Pairs, their lag, and the tolerance that follows: twice the p99 within bounds, or the fixed one.
    /// </summary>
    public static TheoryData<int, long, long, long> Tolerances => new()
    {
        { 0, 0, 42_000, 42_000 },
        { 99, 20_000, 42_000, 42_000 },
        { 100, 20_000, 40_000, 44_000 },
        { 100, 0, 10_000, 10_000 },
        { 100, 4_000, 10_000, 10_000 },
        { 100, 290_000, 580_000, 600_000 },
        { 100, 400_000, 600_000, 600_000 },
        { 100, 600_000, 600_000, 600_000 },
        { 100, 600_001, 42_000, 42_000 },
        { 100, -1, 42_000, 42_000 },
    };

    [Theory]
    [MemberData(nameof(Tolerances))]
    public void A_tolerance_is_twice_the_p99_within_its_bounds_once_there_are_enough_pairs(
        int pairs, long lagMs, long leastMs, long mostMs)
    {
        Meet(Now - 1, lagMs, pairs);

        var tolerance = book.Resolve(Following, Class, "", Now);

        Assert.InRange(tolerance.Time.TotalMilliseconds, leastMs, mostMs);
        Assert.Equal(tolerance.Lag!.IsFollowed ? "lag" : "class", tolerance.Rule);
        Assert.Null(tolerance.Follows);
    }

    [Fact]
    public void Grace_is_added_to_what_is_measured_and_a_row_may_narrow_the_bounds()
    {
        Meet(Now - 1, 100_000, 100);

        var tolerance = book.Resolve(
            Following with
            {
                Follows = new LagFollowing(TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(2)),
                Grace = TimeSpan.FromSeconds(60),
            }, Class, "", Now);

        Assert.Equal(TimeSpan.FromMinutes(3), tolerance.Time);
        Assert.Equal(60_000, tolerance.Lag!.GraceMs);
    }

    [Fact]
    public void A_fixed_tolerance_follows_nothing()
    {
        Meet(Now - 1, 100_000, 100);
        var fixedOne = Following with { Follows = null };

        Assert.Equal(fixedOne, book.Resolve(fixedOne, Class, "", Now));
    }

    [Fact]
    public void What_is_kept_is_bounded_whatever_comes()
    {
        var random = new Random(5);
        for (var window = 0; window < 200; window++)
        {
            var metMs = window * LagBook.WindowMs;
            var followed = new LagBook(store, () => metMs);
            for (var pair = 0; pair < 100; pair++)
            {
                followed.Add(Class, "", metMs - random.NextInt64(LagBuckets.LongestMs), metMs);
            }
        }

        var kept = store.All().ToList();

        Assert.InRange(kept.Count, LagBook.Windows + 1, LagBook.Windows + 6);
        Assert.All(kept, window => Assert.InRange(window.Value.Buckets.Count, 1, LagBuckets.Count));
    }

    private void Meet(long metMs, long lagMs, int pairs)
    {
        for (var pair = 0; pair < pairs; pair++)
        {
            book.Add(Class, "", metMs - lagMs, metMs);
        }
    }
}
