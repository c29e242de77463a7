using Alloc.Engine.State;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Processors.Reconciliation.Lag;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Warehouse;

namespace Topology.Tests.Reconciliation.Lag;

/// <summary>Tolerances that follow the lag which the comparisons measure.</summary>
public sealed class FollowedLagTests
{
    // Watermarks stay this long behind the clock.
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(LagBook.WindowMs);
    internal const int Pairs = 110;

    [Theory]
    [InlineData(20, 44)]
    [InlineData(28, 62)]
    [InlineData(1, 10)]
    public void A_difference_is_found_when_twice_the_p99_is_over_and_says_so(int lagSeconds, int mostSeconds)
    {
        using var world = Open(MismatchClass.OrderWithoutReservation);
        Meet(world, "a", TimeSpan.FromSeconds(lagSeconds));
        NextWindow(world);

        world.Order("late", "InventoryHoldPending", ("1", "late/1", 2));
        var atLeast = TimeSpan.FromSeconds(Math.Max(10, 2 * lagSeconds));
        world.Pass(atLeast + Skew - TimeSpan.FromSeconds(1));
        var before = world.Mismatches();
        world.Pass(TimeSpan.FromSeconds(mostSeconds) - atLeast + TimeSpan.FromSeconds(3));

        Assert.Empty(before);
        var found = Assert.Single(Said(world), d => d.Kind == DifferenceKind.Stands);
        Assert.Equal(("lag", Pairs, true), (found.ToleranceRule, found.Lag!.Pairs, found.Lag.IsFollowed));
        Assert.InRange(found.Lag.P99Ms, lagSeconds * 1_000, lagSeconds * 1_100);
        Assert.Equal(Math.Max(10_000, 2 * found.Lag.P99Ms), found.ToleranceMs);
    }

    [Fact]
    public void Until_there_are_enough_pairs_the_fixed_tolerance_counts()
    {
        using var world = Open(MismatchClass.OrderWithoutReservation);
        Meet(world, "a", TimeSpan.FromSeconds(2), pairs: 99);
        NextWindow(world);

        world.Order("late", "InventoryHoldPending", ("1", "late/1", 2));
        world.Pass(TimeSpan.FromSeconds(29) + Skew);
        var before = world.Mismatches();
        world.Pass(TimeSpan.FromSeconds(5));

        Assert.Empty(before);
        var found = Assert.Single(Said(world));
        Assert.Equal(("stage InventoryHoldPending", 30_000L), (found.ToleranceRule, found.ToleranceMs));
        Assert.Equal((99L, false), (found.Lag!.Pairs, found.Lag.IsFollowed));
    }

    [Fact]
    public void A_lag_that_grows_is_followed_and_invents_nothing_and_one_that_falls_is_too()
    {
        using var world = Open(MismatchClass.OrderWithoutReservation);
        var tolerances = new List<long>();
        int[] seconds = [15, 25, 45, 80, 140, 100, 30, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5];
        foreach (var (lag, number) in seconds.Select((lag, number) => (lag, number)))
        {
            Meet(world, $"w{number}", TimeSpan.FromSeconds(lag));
            Assert.Empty(world.Mismatches());
            NextWindow(world);
            tolerances.Add(ToleranceOf(world));
        }

        Assert.InRange(tolerances[0], 30_000, 33_000);
        Assert.InRange(tolerances[4], 280_000, 308_000);
        Assert.InRange(tolerances[10], 280_000, 308_000);
        Assert.InRange(tolerances[^1], 10_000, 11_000);
    }

    [Fact]
    public void A_mismatch_that_was_no_fault_widens_what_is_tolerated_next()
    {
        using var world = Open(MismatchClass.OrderWithoutReservation);

        Meet(world, "a", TimeSpan.FromSeconds(100));
        var found = world.Mismatches().Count;
        NextWindow(world);
        Meet(world, "b", TimeSpan.FromSeconds(100));

        Assert.Equal(Pairs, found);
        Assert.Equal(Pairs, world.Mismatches().Count);
    }

    [Fact]
    public void What_an_order_takes_back_or_a_repair_settles_is_no_lag()
    {
        using var world = Open(MismatchClass.ZombieHold, MismatchClass.OrderWithoutReservation);
        for (var pair = 0; pair < Pairs; pair++)
        {
            world.Order($"o-{pair}", "InventoryHoldPending", ("1", $"o-{pair}/1", 2));
            world.Hold($"z-{pair}/1", 2, $"z-{pair}");
            world.Order($"z-{pair}", "Cancelled", ("1", $"z-{pair}/1", 2));
        }
        world.Pass(TimeSpan.FromSeconds(8));
        for (var pair = 0; pair < Pairs; pair++)
        {
            world.Order($"o-{pair}", "Cancelled", ("1", $"o-{pair}/1", 2));
            world.Send(
                new AllocationCommandBody.Release { ReservationId = $"z-{pair}/1", Reason = "mended" },
                $"rc/ZombieHold.{pair}/1");
        }
        NextWindow(world);

        Assert.Empty(Store(world).All());
    }

    [Fact]
    public void A_difference_that_is_open_keeps_its_number_whatever_comes_after()
    {
        using var world = Open(MismatchClass.OrderWithoutReservation);
        Meet(world, "slow", TimeSpan.FromSeconds(100));
        world.Differences();
        NextWindow(world);
        world.Order("late", "InventoryHoldPending", ("1", "late/1", 2));

        Meet(world, "fast", TimeSpan.FromSeconds(1));
        world.Apply(OperationsCatalogue.Shipped with { Version = 2 });
        world.Pass(TimeSpan.FromSeconds(190));
        var before = world.Differences();
        world.Pass(TimeSpan.FromSeconds(40));

        Assert.DoesNotContain(before, d => d.Kind == DifferenceKind.Stands);
        var found = Assert.Single(world.Differences());
        Assert.Equal(("lag", Pairs), (found.ToleranceRule, found.Lag!.Pairs));
        Assert.Equal(2 * found.Lag.P99Ms, found.ToleranceMs);
    }

    [Fact]
    public void Goods_that_are_behind_are_given_their_lag_and_the_grace()
    {
        using var world = Open(MismatchClass.ConfirmedNotConsumed);
        world.Hold("r", 500);
        world.Confirm("r");
        for (var pair = 0; pair < Pairs; pair++)
        {
            world.Move($"m-{pair}", MovementKind.Shipped, 1, "r", sequence: pair + 1);
        }
        world.Pass(TimeSpan.FromSeconds(40));
        for (var pair = 0; pair < Pairs; pair++)
        {
            world.Consume("r", 1, $"m-{pair}");
        }
        NextWindow(world);

        world.Move("late", MovementKind.Shipped, 1, "r", sequence: Pairs + 1);
        world.Pass(TimeSpan.FromSeconds(160));

        var found = Assert.Single(world.Differences());
        Assert.Equal("ConfirmedNotConsumed", found.Class);
        Assert.Equal((2 * found.Lag!.P99Ms) + 60_000, found.ToleranceMs);
        Assert.Equal((Pairs, 60_000L), (found.Lag.Pairs, found.Lag.GraceMs));
        Assert.InRange(found.Lag.P99Ms, 40_000, 44_000);
    }

    [Fact]
    public void A_hold_that_ends_behind_its_time_is_given_the_lag_of_the_others()
    {
        using var world = Open(MismatchClass.ExpiryNotReleased);
        world.Ledger.Driver.AppendsTicks = false;
        for (var pair = 0; pair < Pairs; pair++)
        {
            world.Hold($"r-{pair}", 1, $"o-{pair}", TimeSpan.FromSeconds(60));
        }
        world.Pass(TimeSpan.FromSeconds(75));
        world.Ledger.Driver.AppendsTicks = true;
        world.Pass(TimeSpan.FromSeconds(5));
        NextWindow(world);
        world.Ledger.Driver.AppendsTicks = false;

        world.Hold("late", 1, "o", TimeSpan.FromSeconds(60));
        world.Pass(TimeSpan.FromSeconds(60 + 29) + Skew);
        var before = world.Mismatches();
        world.Pass(TimeSpan.FromSeconds(10));

        Assert.Empty(before);
        var found = Assert.Single(Said(world));
        Assert.Equal(("lag", Pairs), (found.ToleranceRule, found.Lag!.Pairs));
        Assert.InRange(found.Lag.P99Ms, 15_000, 18_700);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_same_log_gives_the_same_numbers_after_kills_and_lost_state(int seed)
    {
        IReadOnlyList<(string, long, MeasuredLag?)> Run(Random? random)
        {
            using var world = Open(MismatchClass.OrderWithoutReservation);
            world.Driver.CommitsEachRecord = random is null;
            for (var round = 0; round < 3; round++)
            {
                Meet(world, $"r{round}", TimeSpan.FromSeconds(20 + (15 * round)), each: () => Disturb(world, random));
                NextWindow(world, () => Disturb(world, random));
                world.Order($"late-{round}", "InventoryHoldPending", ("1", $"late-{round}/1", 2));
                Disturb(world, random);
            }
            for (var minute = 0; minute < 5; minute++)
            {
                world.Pass(TimeSpan.FromMinutes(1), 5);
                Disturb(world, random);
            }
            world.Driver.Commit();
            return [.. Said(world).Where(d => d.Kind == DifferenceKind.Stands)
                .Select(d => (d.MismatchId, d.ToleranceMs, d.Lag))];
        }

        var undisturbed = Run(null);

        Assert.Equal(3, undisturbed.Count);
        Assert.All(undisturbed, d => Assert.True(d.Item3!.IsFollowed));
        Assert.Equal(undisturbed, Run(new Random(seed)));
    }

    private static void Disturb(World world, Random? random)
    {
        switch (random?.Next(6))
        {
            case 0:
                world.Driver.Kill();
                break;
            case 1:
                world.Driver.Commit();
                world.Driver.RestartFromJournal();
                break;
            case 2 or 3:
                world.Driver.Commit();
                break;
            default:
                break;
        }
    }

    private static World Open(params MismatchClass[] classes)
    {
        var world = new World();
        world.Apply(Following(classes));
        world.Stock(1_000_000);
        world.Order("another", "AcceptedForProcessing");
        return world;
    }

    internal static OperationsCatalogue Following(IReadOnlyCollection<MismatchClass> classes) =>
        OperationsCatalogue.Shipped with
        {
            Version = 1,
            Classes = new([.. OperationsCatalogue.Shipped.Classes.Select(
                row => classes.Contains(row.Class) ? row with { Follows = LagFollowing.Widest } : row)]),
        };

    // Orders whose holds come so much later.
    private static void Meet(World world, string name, TimeSpan lag, int pairs = Pairs, Action? each = null)
    {
        for (var pair = 0; pair < pairs; pair++)
        {
            world.Order($"{name}-{pair}", "InventoryHoldPending", ("1", $"{name}-{pair}/1", 2));
        }
        each?.Invoke();
        world.Pass(lag);
        each?.Invoke();
        for (var pair = 0; pair < pairs; pair++)
        {
            world.Hold($"{name}-{pair}/1", 2, $"{name}-{pair}", TimeSpan.FromHours(12));
        }
    }

    internal static void NextWindow(World world, Action? each = null)
    {
        var untilMs = LagBook.WindowOf(world.NowMs) + LagBook.WindowMs;
        while (world.NowMs < untilMs)
        {
            world.Pass(TimeSpan.FromSeconds(Math.Min(30, Math.Ceiling((untilMs - world.NowMs) / 1_000.0))), 5);
            each?.Invoke();
        }
    }

    private static IKeyValueStore<LagKey, LagWindow> Store(World world) =>
        world.Driver.GetStore<IKeyValueStore<LagKey, LagWindow>>(DifferenceStores.OfOrders.Lags);

    // What would be tolerated of a difference that begins now.
    private static long ToleranceOf(World world)
    {
        var book = new LagBook(Store(world), () => long.MinValue);
        var following = new Tolerance(TimeSpan.Zero, "none") { Follows = LagFollowing.Widest };
        return (long)book.Resolve(following, MismatchClass.OrderWithoutReservation, "", world.NowMs)
            .Time.TotalMilliseconds;
    }

    internal static IEnumerable<Difference> Said(World world) => world.Driver.Log(world.Options.DifferenceTopic)
        .Select(r => world.Serdes.Differences.Deserialize(r.Value));
}
