using System.Text;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Reconciliation.Orders;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Alloc.Schemas.Reconciliation;

namespace Topology.Tests.Reconciliation;

/// <summary>What is said of an order, side by side.</summary>
public sealed class OrderComparisonTests
{
    private const string Order = "o-1";
    private const string Reservation = "o-1/1";

    /// <summary>What became of the line's reservation of two units.</summary>
    public enum Fate
    {
        /// <summary>Nobody asked for it.</summary>
        Unknown,

        /// <summary>Held.</summary>
        Held,

        /// <summary>Confirmed.</summary>
        Confirmed,

        /// <summary>One of two confirmed, the other released.</summary>
        Half,

        /// <summary>Held and released.</summary>
        Released,

        /// <summary>Confirmed and consumed.</summary>
        Consumed,
    }

    /// <summary>Every state of an order × everything that may have become of its reservation.</summary>
    public static TheoryData<string, Fate, string> Table
    {
        get
        {
            var table = new TheoryData<string, Fate, string>();
            foreach (var (state, expectation) in OrderExpectations.Table)
            {
                foreach (var fate in Enum.GetValues<Fate>())
                {
                    table.Add(state, fate, Expected(expectation, state, fate));
                }
            }
            return table;
        }
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void Each_state_expects_what_its_row_says(string state, Fate fate, string expected)
    {
        using var world = new World();
        world.Stock(10);
        world.Order(Order, "AcceptedForProcessing");
        Make(world, fate);

        world.Order(Order, state, ("1", Reservation, 2));
        world.Pass(TimeSpan.FromMinutes(2), 5);

        Assert.Equal(expected, string.Join(", ", world.Mismatches().Select(m => m.Split(' ')[0])));
    }

    [Fact]
    public void A_difference_is_found_when_its_tolerance_is_over_and_not_before()
    {
        using var world = new World();
        world.Stock(10);
        world.Order(Order, "AcceptedForProcessing");
        world.Order(Order, "InventoryHoldPending", ("1", Reservation, 2));

        world.Pass(TimeSpan.FromSeconds(30 + 5));
        var before = world.Mismatches();
        world.Pass(TimeSpan.FromSeconds(2));

        Assert.Empty(before);
        var found = Assert.Single(Said(world));
        Assert.Equal("OrderWithoutReservation", found.Class);
        Assert.Equal("stage InventoryHoldPending", found.ToleranceRule);
        Assert.Null(found.Repair);
        Assert.Contains(found.Choices, c => c.StartsWith("alloc reservation hold", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(5, 1)]
    [InlineData(20, 0)]
    public void The_first_word_of_a_partition_counts_however_late_it_is_read_if_it_was_said_since_somebody_listened(
        int lateSeconds, int count)
    {
        using var world = new World();
        world.Pass(TimeSpan.FromSeconds(10));
        var status = new OrderStatus
        {
            OrderRef = Order,
            Version = 1,
            State = "InventoryHoldPending",
            Lines = [new OrderLine { LineId = "1", PoolId = World.Pool, ReservationId = Reservation, Quantity = 2 }],
        };

        world.Driver.PipeInput(
            world.Options.OrderTopic, Encoding.UTF8.GetBytes(Order), World.Bytes(world.Serdes.Orders, status),
            world.NowMs - (lateSeconds * 1_000), 0);
        world.Pass(TimeSpan.FromMinutes(2), 5);

        Assert.Equal(count, world.Mismatches().Count);
    }

    [Fact]
    public void A_difference_that_ends_in_time_is_lag()
    {
        using var world = new World();
        world.Stock(10);
        world.Order(Order, "AcceptedForProcessing");
        world.Order(Order, "InventoryHoldPending", ("1", Reservation, 2));
        world.Pass(TimeSpan.FromSeconds(20));

        world.Hold(Reservation, 2, Order);
        world.Pass(TimeSpan.FromMinutes(5), 5);

        Assert.Empty(world.Mismatches());
    }

    [Fact]
    public void A_zombie_hold_is_released_by_its_version_and_its_end_proves_it()
    {
        using var world = new World();
        world.Stock(10);
        world.Hold(Reservation, 2, Order);
        world.Order(Order, "Cancelled", ("1", Reservation, 2));
        world.Pass(TimeSpan.FromMinutes(2), 5);
        var found = Assert.Single(world.Differences());

        world.Release(Reservation);

        Assert.Equal("ZombieHold", found.Class);
        Assert.Equal(
            (RepairKind.Release, World.Pool, Reservation, 1L),
            (found.Repair!.Kind, found.Repair.PoolId, found.Repair.ReservationId!,
                found.Repair.ExpectedVersion!.Value));
        var ended = Assert.Single(world.Differences());
        Assert.Equal((DifferenceKind.Ended, found.MismatchId), (ended.Kind, ended.MismatchId));
    }

    [Fact]
    public void A_hold_of_a_cart_without_an_order_opens_nothing()
    {
        using var world = new World();
        world.Stock(10);
        world.Order("another", "AcceptedForProcessing");
        world.Hold(Reservation, 2, Order, TimeSpan.FromMinutes(10));

        world.Pass(TimeSpan.FromMinutes(20), 5);

        Assert.Empty(world.Mismatches());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Confirmed_units_of_no_order_are_found_where_orders_are_told(bool areOrdersTold)
    {
        using var world = new World();
        world.Stock(10);
        if (areOrdersTold)
        {
            world.Order("another", "AcceptedForProcessing");
        }
        world.Hold(Reservation, 2, Order);
        world.Confirm(Reservation);

        world.Pass(TimeSpan.FromMinutes(5), 5);

        Assert.Equal(areOrdersTold ? [$"ReservationWithoutOrder parts-7/{Reservation}"] : [], world.Mismatches());
    }

    [Fact]
    public void Fraud_before_the_hold_opens_nothing()
    {
        using var world = new World();
        world.Stock(10);
        world.Order(Order, "AcceptedForProcessing");
        world.Order(Order, "AwaitingFraudDecision", ("1", null, 2));

        world.Pass(TimeSpan.FromMinutes(14), 5);

        Assert.Empty(world.Mismatches());
    }

    [Fact]
    public void A_line_that_waits_opens_nothing()
    {
        using var world = new World(policy: PolicyVersions.Version0 with
        {
            WaitlistTable =
            [
                new WaitlistRow("all", PoolPattern.All, WaitlistOrder.StrictFifo, [], 900_000, 3_600_000, 100),
            ],
        });
        world.Stock(1);
        world.Order(Order, "AcceptedForProcessing");
        world.Send(new AllocationCommandBody.Hold
        {
            ReservationId = Reservation,
            Quantity = 2,
            OrderRef = Order,
            Mode = HoldMode.Waitlist,
            WaitUntilMs = world.NowMs + 3_600_000,
        });
        world.Order(Order, "InventoryHoldPending", ("1", Reservation, 2));

        world.Pass(TimeSpan.FromMinutes(5), 5);

        Assert.Empty(world.Mismatches());
    }

    [Fact]
    public void A_partial_release_with_its_new_quantity_opens_nothing()
    {
        using var world = new World();
        world.Stock(10);
        world.Order(Order, "AcceptedForProcessing");
        world.Hold(Reservation, 3, Order);
        world.Order(Order, "AwaitingFraudDecision", ("1", Reservation, 3));
        world.Send(new AllocationCommandBody.Release { ReservationId = Reservation, Quantity = 1, Reason = "fewer" });
        world.Pass(TimeSpan.FromSeconds(10));

        world.Order(Order, "AwaitingFraudDecision", ("1", Reservation, 2));
        world.Pass(TimeSpan.FromMinutes(5), 5);

        Assert.Empty(world.Mismatches());
    }

    [Fact]
    public void More_than_the_order_wants_is_amended_down_by_its_version()
    {
        using var world = new World();
        world.Stock(10);
        world.Hold(Reservation, 3, Order);
        world.Order(Order, "AwaitingFraudDecision", ("1", Reservation, 2));

        world.Pass(TimeSpan.FromMinutes(1), 5);

        var found = Assert.Single(world.Differences());
        Assert.Equal(
            ("QuantityMismatch", RepairKind.Amend, 2L, 1L),
            (found.Class, found.Repair!.Kind, found.Repair.Quantity!.Value, found.Repair.ExpectedVersion!.Value));
    }

    [Fact]
    public void A_pool_that_moves_to_another_system_ends_what_stands_and_opens_nothing()
    {
        using var world = new World();
        world.Stock(10);
        world.Hold(Reservation, 2, Order);
        world.Order(Order, "Cancelled", ("1", Reservation, 2));
        world.Pass(TimeSpan.FromMinutes(2), 5);
        var before = world.Standing();

        world.Send(
            new AllocationCommandBody.AuthorityTransfer
            {
                Slice = "parts-*",
                Mode = AuthorityMode.Legacy,
                Owner = "erp",
                NewEpoch = 1,
            }, pool: "$authority");
        world.Order("o-2", "Cancelled");
        world.Pass(TimeSpan.FromMinutes(5), 5);

        Assert.Single(before);
        Assert.Empty(world.Standing());
    }

    [Fact]
    public void Compensation_that_takes_minutes_opens_nothing()
    {
        using var world = new World();
        world.Stock(10);
        world.Order(Order, "AcceptedForProcessing");
        world.Hold(Reservation, 2, Order);
        world.Confirm(Reservation);
        world.Pay(Order, PaymentState.Authorized, authorizedFor: TimeSpan.FromMinutes(1));
        world.Order(Order, "Compensating", ("1", Reservation, 2));
        world.Pass(TimeSpan.FromMinutes(10), 5);
        world.Release(Reservation);
        world.Pay(Order, PaymentState.Voided, version: 2);

        world.Order(Order, "Cancelled", ("1", Reservation, 0));
        world.Pass(TimeSpan.FromMinutes(5), 5);

        Assert.Empty(world.Mismatches());
    }

    [Fact]
    public void Who_pays_for_what_is_not_reserved_is_found()
    {
        using var world = new World();
        world.Stock(10);
        world.Order(Order, "AcceptedForProcessing");
        world.Hold(Reservation, 2, Order, TimeSpan.FromMinutes(1));
        world.Order(Order, "AuthorizationPending", ("1", Reservation, 2));
        world.Pay(Order, PaymentState.Authorized);

        world.Pass(TimeSpan.FromMinutes(4), 5);

        Assert.Equal(
            [$"OrderWithoutReservation parts-7/{Reservation}", $"PaidWithoutReservation {Order}"],
            world.Mismatches().Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(PaymentState.Captured, 0)]
    [InlineData(PaymentState.Voided, 0)]
    [InlineData(null, 1)]
    public void An_authorisation_that_ends_under_what_is_reserved_is_found(PaymentState? then, int count)
    {
        using var world = new World();
        world.Stock(10);
        world.Order(Order, "AcceptedForProcessing");
        world.Hold(Reservation, 2, Order);
        world.Confirm(Reservation);
        world.Order(Order, "ReadyForFulfillment", ("1", Reservation, 2));
        world.Pay(Order, PaymentState.Authorized, authorizedFor: TimeSpan.FromMinutes(5));
        world.Pass(TimeSpan.FromMinutes(4), 5);
        if (then is { } state)
        {
            world.Pay(Order, state, version: 2);
        }

        world.Pass(TimeSpan.FromMinutes(1 + 1) + TimeSpan.FromSeconds(10), 5);

        Assert.Equal(
            Enumerable.Repeat($"AuthorizationExpired {Order}", count), world.Mismatches());
    }

    [Fact]
    public void A_payment_in_another_currency_and_a_version_that_goes_back_change_nothing()
    {
        using var world = new World();
        world.Stock(10);
        world.Order(Order, "AcceptedForProcessing");
        world.Hold(Reservation, 2, Order);
        world.Order(Order, "AuthorizationPending", ("1", Reservation, 2));
        world.Pay(Order, PaymentState.Authorized, version: 5);

        world.Pay(Order, PaymentState.Voided, version: 6, currency: "USD");
        world.Say(new OrderStatus { OrderRef = Order, Version = 1, State = "Cancelled" });
        world.Pass(TimeSpan.FromMinutes(5), 5);

        Assert.Empty(world.Mismatches());
    }

    [Fact]
    public void A_rebuilt_application_that_meets_old_orders_opens_nothing()
    {
        using var world = new World(compares: false);
        world.Stock(10);
        world.Ledger.Driver.AdvanceWallClock(TimeSpan.FromDays(365));
        world.Listen();
        for (var order = 0; order < 5; order++)
        {
            world.Say(new OrderStatus
            {
                OrderRef = $"old-{order}",
                Version = 9,
                State = "ReadyForFulfillment",
                Lines = [new OrderLine { LineId = "1", PoolId = World.Pool, ReservationId = "r", Quantity = 1 }],
            });
            world.Pay($"old-{order}", PaymentState.Captured, version: 3);
        }

        world.Pass(TimeSpan.FromMinutes(10), 5);

        Assert.Empty(world.Mismatches());
    }

    [Fact]
    public void An_order_is_forgotten_a_week_after_nothing_of_it_is_under_way()
    {
        using var world = new World();
        world.Stock(10);
        world.Hold(Reservation, 2, Order);
        world.Release(Reservation);
        world.Order(Order, "Cancelled");
        var store = world.Driver.GetStore<Alloc.Engine.State.IKeyValueStore<string, OrderTruth>>(OrderStores.Orders);
        world.Pass(TimeSpan.FromDays(6), 3600);
        var before = store.Get(Order);

        world.Pass(TimeSpan.FromDays(2), 3600);

        Assert.NotNull(before);
        Assert.Null(store.Get(Order));
    }

    [Theory]
    [InlineData("o-2", "o-1", "its key is 'o-2'")]
    [InlineData("$x", "$x", "begins with $")]
    public void A_word_about_an_order_that_is_none_becomes_a_dead_letter(string key, string order, string reason)
    {
        using var world = new World();

        world.Say(new OrderStatus { OrderRef = order, Version = 1, State = "Cancelled" }, key);

        Assert.Contains(reason, Assert.Single(world.DeadLetters(world.Options.OrderTopic)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_word_without_a_value_lets_the_log_forget_and_changes_nothing()
    {
        using var world = new World();
        world.Stock(10);
        world.Order(Order, "AcceptedForProcessing");
        world.Hold(Reservation, 2, Order);
        world.Order(Order, "AwaitingFraudDecision", ("1", Reservation, 2));

        world.Pipe(world.Options.OrderTopic, Order, null);
        world.Pass(TimeSpan.FromMinutes(5), 5);

        Assert.Empty(world.Mismatches());
        Assert.Empty(world.DeadLetters(world.Options.OrderTopic));
    }

    private static IEnumerable<Difference> Said(World world) => world.Driver.Log(world.Options.DifferenceTopic)
        .Select(r => world.Serdes.Differences.Deserialize(r.Value));

    private static void Make(World world, Fate fate)
    {
        if (fate == Fate.Unknown)
        {
            return;
        }
        world.Hold(Reservation, 2, Order);
        switch (fate)
        {
            case Fate.Confirmed:
                world.Confirm(Reservation);
                break;
            case Fate.Half:
                world.Send(new AllocationCommandBody.Confirm
                {
                    ReservationId = Reservation,
                    Quantity = 1,
                    Remainder = Remainder.Release,
                });
                break;
            case Fate.Released:
                world.Release(Reservation);
                break;
            case Fate.Consumed:
                world.Confirm(Reservation);
                world.Consume(Reservation, 2, "m-1");
                break;
            default:
                break;
        }
    }

    // Written anew, not as the comparison does it: by what each row means.
    private static string Expected(OrderExpectation expectation, string state, Fate fate) => expectation switch
    {
        OrderExpectation.Nothing => "",
        OrderExpectation.Dead => fate switch
        {
            Fate.Held => "ZombieHold",
            Fate.Confirmed or Fate.Half => "ConfirmedForDeadOrder",
            _ => "",
        },
        OrderExpectation.Gone => fate == Fate.Half ? "QuantityMismatch" : "",
        _ => fate switch
        {
            Fate.Unknown or Fate.Released => "OrderWithoutReservation",
            Fate.Half => "QuantityMismatch",
            Fate.Held when state is "ReadyForFulfillment" or "InFulfillment" or "PartiallyShipped" =>
                "QuantityMismatch",
            _ => "",
        },
    };
}
