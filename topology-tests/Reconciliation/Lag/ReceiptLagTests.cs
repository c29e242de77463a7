using Alloc.Processors.Catalogue;
using Alloc.Schemas.Effects;
using Alloc.Schemas.Reconciliation;

namespace Topology.Tests.Reconciliation.Lag;

/// <summary>
/// The lag of services: how long they take for what they are given once. What they answer when it is given again says
/// how long a repair took.
/// </summary>
public sealed class ReceiptLagTests
{
    private const int Pairs = FollowedLagTests.Pairs;
    private const string Fixed = "effect ship";
    private static readonly TimeSpan Sla = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(6);

    [Fact]
    public void Each_service_and_row_has_a_lag_of_its_own()
    {
        using var world = Open("slow", "fast");
        var first = HoldAll(world);
        Receive(world, "fast", first, TimeSpan.FromSeconds(2));
        Receive(world, "slow", first, TimeSpan.FromSeconds(58));

        var slow = Missed(world, "slow");
        var fast = Missed(world, "fast");

        Assert.InRange(slow.Lag!.P99Ms, 60_000, 66_000);
        Assert.Equal(("lag", 10_000 + 60_000L), (fast.ToleranceRule, fast.ToleranceMs));
        Assert.Equal((2 * slow.Lag.P99Ms) + 60_000, slow.ToleranceMs);
    }

    [Fact]
    public void Receipts_of_what_was_given_again_after_its_tolerance_widen_nothing()
    {
        using var world = Open("slow");
        var first = HoldAll(world);
        world.Pass(Sla + Grace + Skew, 3);
        var opened = world.Mismatches().Count;
        Receive(world, "slow", first, TimeSpan.FromMinutes(1));
        var standing = world.Standing().Count;

        var missed = Missed(world, "slow");

        Assert.Equal((Pairs, 0), (opened, standing));
        Assert.Equal((0L, Fixed), (missed.Lag!.Pairs, missed.ToleranceRule));
        Assert.Equal((long)(Sla + Grace).TotalMilliseconds, missed.ToleranceMs);
    }

    [Fact]
    public void A_receipt_later_than_the_measured_lag_allows_is_none_of_it_whenever_it_is_read()
    {
        using var world = Open("slow");
        Receive(world, "slow", HoldAll(world), TimeSpan.FromSeconds(2));
        FollowedLagTests.NextWindow(world);
        var second = HoldAll(world);
        // Nothing is told while outcomes are not known: the tolerance is over all the same.
        world.Hold(world.Options.OutcomeTopic);
        Receive(world, "slow", second, TimeSpan.FromSeconds(200));
        var opened = world.Mismatches().Count;
        world.Driver.ReleaseWatermark(world.Options.OutcomeTopic);

        var missed = Missed(world, "slow");

        Assert.Equal(0, opened);
        Assert.Equal(((long)Pairs, "lag"), (missed.Lag!.Pairs, missed.ToleranceRule));
        Assert.InRange(missed.Lag.P99Ms, 2_000, 2_200);
    }

    [Fact]
    public void What_failed_and_was_done_when_it_was_given_again_widens_nothing()
    {
        using var world = Open("slow");
        var first = HoldAll(world);
        Receive(world, "slow", first, TimeSpan.FromSeconds(2), EffectResult.Failed);
        Receive(world, "slow", first, TimeSpan.FromSeconds(100));

        var missed = Missed(world, "slow");

        Assert.Equal((0L, Fixed), (missed.Lag!.Pairs, missed.ToleranceRule));
    }

    [Fact]
    public void What_was_skipped_and_is_skipped_again_counts_once()
    {
        using var world = Open("slow");
        var first = HoldAll(world);
        Receive(world, "slow", first, TimeSpan.FromSeconds(2), EffectResult.Skipped);
        Receive(world, "slow", first, TimeSpan.FromSeconds(200), EffectResult.Skipped);

        var missed = Missed(world, "slow");

        Assert.Equal(((long)Pairs, "lag"), (missed.Lag!.Pairs, missed.ToleranceRule));
        Assert.InRange(missed.Lag.P99Ms, 2_000, 2_200);
    }

    private static World Open(params string[] services)
    {
        var world = new World();
        world.Apply(FollowedLagTests.Following([MismatchClass.MissedEvent]) with
        {
            Effects = [new EffectRow("ship", "Held", [.. services], Sla)],
        });
        world.Stock(1_000_000);
        return world;
    }

    // The sequence of the first.
    private static long HoldAll(World world)
    {
        var from = LastSequence(world) + 1;
        for (var pair = 0; pair < Pairs; pair++)
        {
            world.Hold($"r-{from}-{pair}", 1, ttl: TimeSpan.FromHours(12));
        }
        return from;
    }

    private static void Receive(
        World world, string service, long first, TimeSpan after, EffectResult result = EffectResult.Applied)
    {
        world.Pass(after);
        for (var pair = 0; pair < Pairs; pair++)
        {
            world.Receipt($"{World.Pool}#{first + pair}", service, result);
        }
    }

    // What is said of one that never comes.
    private static Difference Missed(World world, string service)
    {
        FollowedLagTests.NextWindow(world);
        world.Hold($"late-{service}", 1, ttl: TimeSpan.FromHours(12));
        var late = $"{World.Pool}#{LastSequence(world)}/{service}";
        world.Pass(Sla + Grace + Skew, 3);
        return Assert.Single(
            FollowedLagTests.Said(world), d => d.Kind == DifferenceKind.Stands && d.Scope!.Id == late);
    }

    private static long LastSequence(World world) => world.Ledger.Serdes.Outcomes.Deserialize(
        world.Ledger.Driver.Log(world.Ledger.Options.OutcomeTopic)[^1].Value).Sequence;
}
