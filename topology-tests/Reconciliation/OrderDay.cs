using Alloc.Schemas.Allocation;
using Alloc.Schemas.Effects;
using Alloc.Schemas.Payments;
using Alloc.Schemas.Warehouse;

namespace Topology.Tests.Reconciliation;

/// <summary>What goes wrong with an order, once.</summary>
internal enum DayFault
{
    None,
    DroppedReceipt,
    DoubledReceipt,
    FailedEffect,
    DoubledConsume,
    ConsumeWithoutGoods,
    GoodsWithoutConsume,
    LostRelease,
    CancelledBehind,
    OtherQuantity,
    ExpiredUnderPayment,
    ExpiredAuthorisation,
    ConfirmedWithoutOrder,
}

/// <summary>
/// A day of orders of a shop with everything around it, from a seed: each takes its way through hold, fraud, payment,
/// confirmation, shipment, perhaps a cancellation or a return. With faults, and what must be found because of each.
/// </summary>
internal sealed class OrderDay
{
    private const string Service = "warehouse";
    private const string Ready = "ReadyForFulfillment";
    private readonly Random random;
    private readonly World world;
    private readonly PriorityQueue<Action, (long AtMs, int Number)> due = new();
    private readonly SortedSet<string> truth = new(StringComparer.Ordinal);
    private readonly DayFault[] faults;
    private readonly double faultShare;
    private int scheduled;

    public OrderDay(World world, int seed, int orderCount, double faultShare, params DayFault[] faults)
    {
        this.world = world;
        random = new Random(seed);
        this.faultShare = faultShare;
        this.faults = faults;
        for (var order = 0; order < orderCount; order++)
        {
            Plan($"o-{order}", random.Next(0, orderCount * 3_000));
        }
    }

    /// <summary>Every mismatch that must be found, as class and id of the scope.</summary>
    public IReadOnlyCollection<string> Truth => truth;

    /// <summary>How many orders have a fault.</summary>
    public int FaultCount { get; private set; }

    /// <summary>Called after each second of the day.</summary>
    public Action EachSecond { get; init; } = () => { };

    /// <summary>Lets the day pass, and what is tolerated after it.</summary>
    public void Run()
    {
        var startMs = world.NowMs;
        while (due.Count > 0)
        {
            while (due.TryPeek(out var action, out var at) && startMs + at.AtMs <= world.NowMs)
            {
                due.Dequeue();
                action();
            }
            world.Pass(TimeSpan.FromSeconds(1));
            EachSecond();
        }
        for (var second = 0; second < 1_500; second += 5)
        {
            world.Pass(TimeSpan.FromSeconds(5), 5);
            EachSecond();
        }
    }

    private void Plan(string order, long atMs)
    {
        var fault = random.NextDouble() < faultShare ? faults[random.Next(faults.Length)] : DayFault.None;
        FaultCount += fault == DayFault.None ? 0 : 1;
        var id = $"{order}/1";
        var quantity = random.Next(1, 4);
        if (fault == DayFault.ConfirmedWithoutOrder)
        {
            At(atMs, () => world.Hold(id, quantity, order));
            At(atMs + Delay(), () => Confirm(order, id, DayFault.None));
            Found("ReservationWithoutOrder", $"{World.Pool}/{id}");
            return;
        }
        var isFraudFirst = random.Next(4) == 0;
        At(atMs, () => world.Order(order, "AcceptedForProcessing", ("1", null, quantity)));
        if (isFraudFirst)
        {
            At(atMs += Delay(), () => world.Order(order, "AwaitingFraudDecision", ("1", null, quantity)));
        }
        var isShort = fault is DayFault.ExpiredUnderPayment;
        At(atMs += Delay(), () => world.Order(order, "InventoryHoldPending", ("1", id, quantity)));
        At(
            atMs += Delay(10), () => world.Hold(
                id, quantity, order, isShort ? TimeSpan.FromMinutes(2) : TimeSpan.FromHours(12)));
        if (fault == DayFault.OtherQuantity)
        {
            At(atMs += Delay(), () => world.Order(order, "AwaitingFraudDecision", ("1", id, quantity + 1)));
            Found("QuantityMismatch", $"{World.Pool}/{id}");
            return;
        }
        if (!isFraudFirst)
        {
            At(atMs += Delay(), () => world.Order(order, "AwaitingFraudDecision", ("1", id, quantity)));
        }
        if (fault == DayFault.CancelledBehind)
        {
            At(atMs += Delay(), () => world.Order(order, "Cancelled", ("1", id, quantity)));
            Found("ZombieHold", $"{World.Pool}/{id}");
            return;
        }
        if (fault == DayFault.LostRelease || (fault == DayFault.None && random.Next(5) == 0))
        {
            Cancel(order, id, quantity, atMs, fault == DayFault.LostRelease);
            return;
        }
        Pay(order, id, quantity, atMs, fault);
    }

    private void Cancel(string order, string id, int quantity, long atMs, bool isLost)
    {
        At(atMs += Delay(), () => world.Order(order, "Compensating", ("1", id, quantity)));
        var release = new AllocationCommandBody.Release { ReservationId = id, Reason = "cancelled" };
        At(atMs += Delay(240), () =>
        {
            if (isLost)
            {
                world.Lose(release, $"lost-{order}");
            }
            else
            {
                world.Send(release);
            }
        });
        At(atMs + Delay(), () => world.Order(order, "Cancelled", ("1", id, 0)));
        if (isLost)
        {
            Found("UnansweredCommand", $"{World.Pool}/lost-{order}");
            Found("ZombieHold", $"{World.Pool}/{id}");
        }
    }

    private void Pay(string order, string id, int quantity, long atMs, DayFault fault)
    {
        At(atMs += Delay(), () => world.Order(order, "AuthorizationPending", ("1", id, quantity)));
        At(atMs += Delay(), () => world.Pay(order, PaymentState.Requested, payment: $"p-{order}"));
        var until = fault == DayFault.ExpiredAuthorisation ? TimeSpan.FromMinutes(5) : TimeSpan.FromDays(6);
        At(
            atMs += Delay(10),
            () => world.Pay(order, PaymentState.Authorized, 2, until, payment: $"p-{order}"));
        if (fault == DayFault.ExpiredUnderPayment)
        {
            Found("OrderWithoutReservation", $"{World.Pool}/{id}");
            Found("PaidWithoutReservation", order);
            return;
        }
        At(atMs += Delay(), () => Confirm(order, id, fault));
        At(atMs += Delay(20), () => world.Order(order, Ready, ("1", id, quantity)));
        if (fault == DayFault.ExpiredAuthorisation)
        {
            Found("AuthorizationExpired", order);
            return;
        }
        Ship(order, id, quantity, atMs, fault);
    }

    private void Confirm(string order, string id, DayFault fault)
    {
        world.Confirm(id);
        var confirmed = world.Ledger.Driver.Log(world.Ledger.Options.OutcomeTopic)[^1];
        var outcome = world.Ledger.Serdes.Outcomes.Deserialize(confirmed.Value);
        var outcomeId = $"{outcome.PoolId}#{outcome.Sequence}";
        var after = world.NowMs - World.StartMs;
        switch (fault)
        {
            case DayFault.DroppedReceipt:
                Found("MissedEvent", $"{outcomeId}/{Service}");
                break;
            case DayFault.FailedEffect:
                At(after + Delay(), () => world.Receipt(outcomeId, Service, EffectResult.Failed));
                Found("MissedEvent", $"{outcomeId}/{Service}");
                break;
            case DayFault.DoubledReceipt:
                At(after + Delay(), () => world.Receipt(outcomeId, Service, id: $"{order}-a"));
                At(after + Delay(), () => world.Receipt(outcomeId, Service, id: $"{order}-b"));
                Found("DuplicateEffect", $"{outcomeId}/{Service}");
                break;
            default:
                At(after + Delay(), () => world.Receipt(outcomeId, Service));
                break;
        }
    }

    private void Ship(string order, string id, int quantity, long atMs, DayFault fault)
    {
        var movement = $"m-{order}";
        At(atMs += Delay(), () => world.Order(order, "InFulfillment", ("1", id, quantity)));
        if (fault != DayFault.ConsumeWithoutGoods)
        {
            At(atMs += Delay(), () => world.Move(movement, MovementKind.Shipped, quantity, id));
        }
        if (fault == DayFault.GoodsWithoutConsume)
        {
            Found("ConfirmedNotConsumed", $"{World.Pool}/{movement}");
            return;
        }
        At(atMs += Delay(60), () => world.Consume(id, quantity, movement));
        if (fault == DayFault.ConsumeWithoutGoods)
        {
            Found("OrphanConsume", $"{World.Pool}/{movement}");
        }
        if (fault == DayFault.DoubledConsume)
        {
            // No promise covers it and no goods moved: two things are wrong, each is said.
            At(atMs += Delay(), () => world.Consume(id, 1, $"{movement}-again"));
            Found("OrphanConsume", $"{World.Pool}/{movement}-again");
        }
        At(atMs += Delay(), () => world.Order(order, "Shipped", ("1", id, quantity)));
        At(atMs += Delay(), () => world.Pay(order, PaymentState.Captured, 3, payment: $"p-{order}"));
        if (random.Next(4) == 0 && fault == DayFault.None)
        {
            At(atMs += Delay(), () => world.Order(order, "Returning", ("1", id, quantity)));
            At(atMs += Delay(), () => world.Move($"r-{order}", MovementKind.Returned, 1, id));
            At(atMs += Delay(60), () => world.Send(new AllocationCommandBody.Return
            {
                ReservationId = id,
                Quantity = 1,
                ConsumeId = $"r-{order}",
            }));
            At(atMs + Delay(), () => world.Order(order, "Returned", ("1", id, quantity)));
        }
    }

    private long Delay(int mostSeconds = 25) => random.Next(200, mostSeconds * 1_000);

    private void Found(string mismatch, string scope) => truth.Add($"{mismatch} {scope}");

    private void At(long atMs, Action action) => due.Enqueue(action, (atMs, scheduled++));
}
