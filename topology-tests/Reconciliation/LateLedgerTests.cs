using Alloc.Processors.Catalogue;
using Alloc.Schemas.Payments;

namespace Topology.Tests.Reconciliation;

/// <summary>
/// A ledger that stands still decides later by the times of its commands, as if it had not: whoever answers it could
/// not do so before it spoke, and has all the time that is tolerated from then on.
/// </summary>
public sealed class LateLedgerTests
{
    private const string Service = "warehouse";
    private const string Late = $"{World.Pool}#4";
    private static readonly TimeSpan Away = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Reaction = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_hold_that_is_refused_late_opens_nothing_when_the_order_is_given_up_then()
    {
        using var world = Open();
        GoAway(world);
        world.Order("o-1", "InventoryHoldPending", ("1", "r", 100));
        world.Hold("r", 100, "o-1");

        ComeBack(world);
        world.Order("o-1", "Failed", ("1", "r", 0));
        world.Pass(TimeSpan.FromMinutes(5));

        Assert.Empty(world.Mismatches());
    }

    [Fact]
    public void A_hold_that_is_refused_late_is_found_when_nobody_gives_the_order_up()
    {
        using var world = Open();
        GoAway(world);
        world.Order("o-1", "InventoryHoldPending", ("1", "r", 100));
        world.Hold("r", 100, "o-1");

        ComeBack(world);
        var before = world.Mismatches();
        world.Pass(TimeSpan.FromSeconds(30));

        Assert.Empty(before);
        Assert.Equal(["OrderWithoutReservation parts-7/r"], world.Mismatches());
    }

    [Fact]
    public void A_hold_that_expires_late_opens_nothing_when_the_order_and_its_payment_end_then()
    {
        using var world = Open();
        world.Order("o-1", "InventoryHoldPending", ("1", "r", 1));
        world.Hold("r", 1, "o-1", TimeSpan.FromMinutes(1));
        world.Receipt(Late, Service);
        world.Order("o-1", "AuthorizationPending", ("1", "r", 1));
        world.Pay("o-1", PaymentState.Authorized);
        GoAway(world);

        ComeBack(world);
        world.Pay("o-1", PaymentState.Voided, 2);
        world.Order("o-1", "Cancelled", ("1", "r", 1));
        world.Pass(TimeSpan.FromMinutes(5));

        Assert.Empty(world.Mismatches());
    }

    [Fact]
    public void An_outcome_that_comes_late_gives_its_service_as_much_time_as_any_other()
    {
        using var world = Open();
        GoAway(world);
        world.Hold("r", 1, "o-1");

        ComeBack(world);
        world.Receipt(Late, Service);
        world.Pass(TimeSpan.FromMinutes(5));

        Assert.Empty(world.Mismatches());
    }

    [Fact]
    public void An_outcome_that_comes_late_and_that_its_service_misses_is_found()
    {
        using var world = Open();
        GoAway(world);
        world.Hold("r", 1, "o-1");

        ComeBack(world);
        var before = world.Mismatches();
        world.Pass(TimeSpan.FromMinutes(3));

        Assert.Empty(before);
        Assert.Equal([$"MissedEvent {Late}/{Service}"], world.Mismatches());
    }

    private static World Open()
    {
        var world = new World();
        world.Apply(OperationsCatalogue.Shipped with
        {
            Version = 1,
            Effects = [new EffectRow("ship", "Held", [Service], TimeSpan.FromMinutes(2))],
        });
        world.Stock(10);
        // From here on what the ledger says of orders is known.
        world.Hold("first", 1, "o-0", TimeSpan.FromHours(12));
        world.Receipt($"{World.Pool}#3", Service);
        return world;
    }

    // Nothing that the ledger says is heard.
    private static void GoAway(World world)
    {
        world.Hold(
            world.Options.OutcomeTopic, world.Options.CommandDeadLetterTopic, world.Options.ByOrderTopic);
        world.IsLedgerHeard = false;
        world.Pass(TimeSpan.FromSeconds(1));
    }

    // All of it is heard at once, after a long time; then whoever has to answer needs a moment.
    private static void ComeBack(World world)
    {
        world.Pass(Away);
        world.IsLedgerHeard = true;
        foreach (var topic in (string[])
            [world.Options.OutcomeTopic, world.Options.CommandDeadLetterTopic, world.Options.ByOrderTopic])
        {
            world.Driver.ReleaseWatermark(topic);
        }
        world.Pass(Reaction);
    }
}
