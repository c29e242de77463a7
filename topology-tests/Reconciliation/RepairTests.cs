using Alloc.Processors.Catalogue;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Alloc.Schemas.Reconciliation;

namespace Topology.Tests.Reconciliation;

/// <summary>Found, kept, repaired by the ledger's front door, and proven by the comparison that found it.</summary>
public sealed class RepairTests
{
    private const string Order = "o-1";
    private const string Reservation = "o-1/1";

    [Fact]
    public void A_lost_command_is_sent_again_once_and_its_answer_proves_it()
    {
        using var world = new World(keeps: true);
        world.Stock(10);
        world.Lose(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1, OrderRef = Order }, "lost-1");

        world.Pass(TimeSpan.FromMinutes(5));

        Assert.Equal(["UnansweredCommand parts-7/lost-1 Repaired"], world.Kept());
        Assert.Equal(1, Assert.Single(world.Rows()).Attempts);
        Assert.Single(world.Audit(), e => e.Kind == MismatchEventKind.RepairSent);
    }

    [Fact]
    public void What_people_may_choose_is_a_line_for_a_shell_whatever_the_ids_are()
    {
        const string order = "o $(reboot) 1";
        using var world = new World(keeps: true);
        world.Stock(10, "it's");
        world.Order("another", "AcceptedForProcessing");
        world.Say(new OrderStatus
        {
            OrderRef = order,
            Version = 1,
            State = "InventoryHoldPending",
            Lines = [new OrderLine { LineId = "*", PoolId = "it's", ReservationId = "--yes", Quantity = 2 }],
        });
        world.Pay(order, PaymentState.Captured);

        world.Pass(TimeSpan.FromMinutes(3));

        var choices = world.Rows().ToDictionary(m => m.Class, m => m.Exception!.Choices);
        Assert.Equal(
            [
                "alloc explain 'o $(reboot) 1'",
                "alloc reservation hold --pool it\\'s --quantity 2 --id=--yes#2 --order 'o $(reboot) 1'",
                "alloc reservation history --pool it\\'s --id=--yes",
            ],
            choices["OrderWithoutReservation"]);
        Assert.Equal(
            [
                "alloc explain 'o $(reboot) 1'",
                "alloc reservation hold --pool it\\'s --quantity 2 --id 'o $(reboot) 1/*#2' --order 'o $(reboot) 1'",
                "alloc reservation list --order 'o $(reboot) 1'",
            ],
            choices["PaidWithoutReservation"]);
    }

    [Fact]
    public void A_zombie_hold_waits_for_a_person_is_released_once_and_proven()
    {
        using var world = new World(keeps: true);
        world.Stock(10);
        world.Hold(Reservation, 2, Order);
        world.Order(Order, "Cancelled", ("1", Reservation, 2));
        world.Pass(TimeSpan.FromMinutes(3));
        var proposed = Assert.Single(world.Rows());

        world.Decide(Decision(proposed, DecisionKind.Approve, "kim"));
        world.Pass(TimeSpan.FromMinutes(2));

        Assert.Equal(MismatchState.Proposed, proposed.State);
        Assert.Equal([$"ZombieHold parts-7/{Reservation} Repaired"], world.Kept());
        Assert.Equal("kim", Assert.Single(world.Rows()).Approver);
        Assert.Equal(10, Available(world));
    }

    [Fact]
    public void Confirmed_units_of_a_dead_order_need_two_people()
    {
        using var world = new World(keeps: true);
        world.Stock(10);
        world.Hold(Reservation, 2, Order);
        world.Confirm(Reservation);
        world.Order(Order, "Cancelled", ("1", Reservation, 2));
        world.Pass(TimeSpan.FromMinutes(3));
        var found = Assert.Single(world.Rows());

        world.Decide(Decision(found, DecisionKind.Approve, "kim", "d-1"));
        world.Pass(TimeSpan.FromMinutes(2));
        world.Decide(Decision(found, DecisionKind.Approve, "kim", "d-2"));
        world.Pass(TimeSpan.FromMinutes(2));
        var asked = world.Kept();
        world.Decide(Decision(found, DecisionKind.Approve, "lee", "d-3"));
        world.Pass(TimeSpan.FromMinutes(2));

        Assert.Equal([$"ConfirmedForDeadOrder parts-7/{Reservation} Proposed"], asked);
        Assert.Single(world.Audit(), e => e.Kind == MismatchEventKind.DecisionRefused && e.DecisionId == "d-2");
        Assert.Equal([$"ConfirmedForDeadOrder parts-7/{Reservation} Repaired"], world.Kept());
        Assert.Equal(10, Available(world));
    }

    [Fact]
    public void A_repair_of_what_moved_on_is_refused_by_the_ledger_and_closes_by_itself()
    {
        using var world = new World(keeps: true);
        world.Stock(10);
        world.Hold(Reservation, 2, Order);
        world.Order(Order, "Cancelled", ("1", Reservation, 2));
        world.Pass(TimeSpan.FromMinutes(3));
        var found = Assert.Single(world.Rows());
        world.IsLedgerHeard = false;
        world.Send(new AllocationCommandBody.Release { ReservationId = Reservation, Quantity = 1, Reason = "else" });

        world.Decide(Decision(found, DecisionKind.Approve, "kim"));
        world.Pass(TimeSpan.FromMinutes(2));
        world.IsLedgerHeard = true;
        world.Pass(TimeSpan.FromSeconds(5));
        world.Release(Reservation);
        world.Pass(TimeSpan.FromMinutes(2));

        Assert.Single(world.Audit(), e => e.Kind == MismatchEventKind.RepairRefused);
        Assert.DoesNotContain(world.Rows(), m => m.ClosedAtMs is null);
        Assert.Equal(10, Available(world));
    }

    [Fact]
    public void A_hold_that_outlived_its_time_ends_by_a_tick()
    {
        using var world = new World(keeps: true);
        world.Stock(10);
        world.Ledger.Driver.AppendsTicks = false;
        world.Hold("r", 1, Order, TimeSpan.FromMinutes(1));

        world.Pass(TimeSpan.FromMinutes(4));

        Assert.Equal(["ExpiryNotReleased parts-7/r Repaired"], world.Kept());
        Assert.Equal(10, Available(world));
    }

    [Fact]
    public void What_no_rule_repairs_is_in_the_exception_queue_with_what_a_person_may_do()
    {
        using var world = new World(keeps: true);
        world.Stock(10);
        world.Order(Order, "AcceptedForProcessing");
        world.Order(Order, "InventoryHoldPending", ("1", Reservation, 2));

        world.Pass(TimeSpan.FromMinutes(3));

        var queued = Assert.Single(world.Rows());
        Assert.Equal(("OrderWithoutReservation", MismatchState.Open), (queued.Class, queued.State));
        Assert.NotEmpty(queued.Exception!.Choices);
        Assert.NotEqual("", queued.Exception.Why);
    }

    [Fact]
    public void A_catalogue_reaches_every_partition_by_the_keeper()
    {
        using var world = new World(keeps: true);
        world.Stock(10);
        world.PutIntoForce(OperationsCatalogue.Shipped with
        {
            Version = 1,
            Effects = [new EffectRow("ship", "Held", ["warehouse"], TimeSpan.FromMinutes(1))],
        });
        world.Pass(TimeSpan.FromSeconds(5));
        world.Hold("r", 1, Order);

        world.Pass(TimeSpan.FromMinutes(4));

        Assert.Contains(world.Kept(), m => m.StartsWith("MissedEvent parts-7#", StringComparison.Ordinal));
        Assert.NotEmpty(world.Driver.Log(world.Options.RedeliveryTopic));
    }

    [Fact]
    public void A_replay_of_all_facts_repairs_nothing_twice_and_opens_nothing_twice()
    {
        using var world = new World(keeps: true);
        world.Stock(10);
        world.Lose(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 1, OrderRef = Order }, "lost-1");
        world.Pass(TimeSpan.FromMinutes(5));
        var (before, commands) = (world.Kept(), world.Driver.Log(world.Options.CommandTopic).Count);

        world.Driver.RestartFromJournal();
        foreach (var record in world.Driver.Log(world.Options.DifferenceTopic).ToList())
        {
            world.Driver.PipeInput(world.Options.DifferenceTopic, record.Key, record.Value, world.NowMs, 0);
        }
        world.Pass(TimeSpan.FromMinutes(5));

        Assert.Equal(before, world.Kept());
        Assert.Equal(commands, world.Driver.Log(world.Options.CommandTopic).Count(r => !IsTick(r.Key)));
    }

    private static bool IsTick(byte[]? key) => key is not null && key.AsSpan().SequenceEqual("$tick"u8);

    private static RepairDecision Decision(
        Mismatch mismatch, DecisionKind kind, string actor, string? id = null) => new()
        {
            DecisionId = id ?? $"{kind}-{actor}",
            MismatchId = mismatch.MismatchId,
            Kind = kind,
            Actor = actor,
            Reason = "looked at it",
            DecidedAtMs = 0,
        };

    private static long Available(World world) => world.Ledger.Driver.Log(world.Ledger.Options.OutcomeTopic)
        .Select(r => world.Ledger.Serdes.Outcomes.Deserialize(r.Value)).Last(o => o.PoolId == World.Pool)
        .BalancesAfter.Free;
}
