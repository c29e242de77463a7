using System.Globalization;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;

namespace Alloc.Replay.Shop;

/// <summary>
/// The way of an order through hold, fraud check, payment, confirmation, shipment, perhaps a cancellation or a return,
/// as its owner, the payment gateway and the warehouse tell it. Each step waits for what the ledger said of the one
/// before it, however long that takes.
/// </summary>
internal sealed partial class OrderLife
{
    private const string Ready = "ReadyForFulfillment";
    private const string Currency = "GBP";
    private const long MinorPerUnit = 299;
    private const int FraudFirstEvery = 4;
    private static readonly TimeSpan HoldTtl = TimeSpan.FromHours(12);
    private static readonly TimeSpan AuthorisedFor = TimeSpan.FromDays(6);

    private readonly ShopFloor floor;
    private readonly PlannedOrder plan;
    private readonly Line[] lines;
    private long version;
    private long paymentVersion;
    private int step;
    private int returnedCount;

    public OrderLife(ShopFloor floor, PlannedOrder plan)
    {
        this.floor = floor;
        this.plan = plan;
        lines = [.. plan.Lines.Select(l => new Line(l) { Quantity = l.Quantity })];
    }

    private IShopWorld World => floor.World;

    private IEnumerable<Line> Open => lines.Where(l => l.Quantity > 0);

    /// <summary>The order comes.</summary>
    public void Begin()
    {
        floor.UnderWay++;
        if (plan.Fault == ShopFault.ConfirmedWithoutOrder)
        {
            ConfirmUnknown();
            return;
        }
        Say("AcceptedForProcessing", isHolding: false);
        Then(() =>
        {
            if (floor.Draw("fraud-first/" + plan.OrderRef, FraudFirstEvery) == 0)
            {
                Say("AwaitingFraudDecision", isHolding: false);
                Then(AskForHolds);
                return;
            }
            AskForHolds();
        });
    }

    private void AskForHolds()
    {
        Say("InventoryHoldPending");
        Then(() => Hold(Held));
    }

    private void Hold(Action held)
    {
        var ttl = plan.Fault == ShopFault.ExpiredUnderPayment || plan.Fate == OrderFate.Abandoned
            ? floor.AbandonedTtl : HoldTtl;
        var requests = lines.GroupBy(l => l.Plan.PoolId, StringComparer.Ordinal).Select(g => g.ToArray()).ToList();
        All(requests, (request, answered) => World.Ask(
            request[0].Plan.PoolId, Id("hold", request[0]), HoldOf(request, ttl), outcome =>
            {
                if (outcome.Event is not AllocationOutcomeEvent.Held)
                {
                    Expect<AllocationOutcomeEvent.Rejected>("Hold", outcome);
                    Array.ForEach(request, l => l.Quantity = 0);
                }
                answered();
            }), held);
    }

    private AllocationCommandBody.Hold HoldOf(Line[] request, TimeSpan ttl) => new()
    {
        ReservationId = request.Length == 1 ? request[0].Plan.ReservationId : null,
        Quantity = request.Length == 1 ? request[0].Plan.Quantity : null,
        Lines = request.Length == 1 ? [] : [.. request.Select(l => new HoldLine
        {
            ReservationId = l.Plan.ReservationId,
            Quantity = l.Plan.Quantity,
        })],
        TtlMs = (long)ttl.TotalMilliseconds,
        OrderRef = plan.OrderRef,
        CustomerRef = plan.Customer,
        GroupId = plan.OrderRef,
    };

    private void Held()
    {
        if (!Open.Any())
        {
            Say("Failed");
            floor.End("refused");
            return;
        }
        if (plan.Fault == ShopFault.OtherQuantity)
        {
            CountOther();
            return;
        }
        if (plan.Fate == OrderFate.Abandoned)
        {
            Abandon();
            return;
        }
        Say("AwaitingFraudDecision");
        if (plan.Fault == ShopFault.CancelledBehind)
        {
            Then(CancelBehind);
        }
        else if (plan.Fate == OrderFate.Cancelled || plan.Fault == ShopFault.LostRelease)
        {
            Then(Cancel);
        }
        else
        {
            Then(Pay);
        }
    }

    private void Cancel()
    {
        Say("Compensating");
        Then(() => All(Open, (line, answered) =>
        {
            var release = new AllocationCommandBody.Release
            {
                ReservationId = line.Plan.ReservationId,
                Reason = "cancelled",
            };
            if (plan.Fault == ShopFault.LostRelease)
            {
                LoseRelease(line, release, answered);
                return;
            }
            World.Ask(line.Plan.PoolId, Id("release", line), release, outcome =>
            {
                Expect<AllocationOutcomeEvent.Released>("Release", outcome);
                answered();
            });
        }, () =>
        {
            Say("Cancelled");
            floor.End("cancelled");
        }));
    }

    // Nobody pays: the holds expire, and then the order is over.
    private void Abandon()
    {
        var left = Open.ToList();
        All(left, (line, expired) => World.WhenExpired(line.Plan.PoolId, line.Plan.ReservationId, expired), () =>
        {
            Say("Failed");
            Pay(PaymentState.Failed);
            floor.End("abandoned");
        });
        Say("AuthorizationPending");
        Pay(PaymentState.Requested);
    }

    private void Pay()
    {
        Say("AuthorizationPending");
        Pay(PaymentState.Requested);
        Then(() =>
        {
            if (plan.Fault == ShopFault.ExpiredUnderPayment)
            {
                LoseUnderPayment();
                return;
            }
            var until = plan.Fault == ShopFault.ExpiredAuthorisation ? floor.AbandonedTtl : AuthorisedFor;
            Pay(PaymentState.Authorized, World.NowMs + (long)until.TotalMilliseconds);
            Then(Adjust);
        });
    }

    // The customer changed his mind about some lines: the order says so, and then gives back what it does not need.
    private void Adjust()
    {
        var changed = Open.Where(l => l.Plan.KeptQuantity < l.Quantity).ToList();
        if (changed.Count == 0)
        {
            Confirm();
            return;
        }
        var isOver = Open.All(l => l.Plan.KeptQuantity == 0);
        foreach (var line in changed)
        {
            line.Quantity = line.Plan.KeptQuantity;
        }
        Say(isOver ? "Compensating" : "AuthorizationPending");
        All(changed, (line, answered) => World.Ask(
            line.Plan.PoolId, Id("give-back", line), new AllocationCommandBody.Release
            {
                ReservationId = line.Plan.ReservationId,
                Quantity = line.Quantity == 0 ? null : line.Plan.Quantity - line.Quantity,
                Bucket = line.Quantity == 0 ? ReleaseBucket.All : ReleaseBucket.Held,
                Reason = "customer",
            }, outcome =>
            {
                Expect<AllocationOutcomeEvent.Released>("Release", outcome);
                answered();
            }), () =>
            {
                if (!isOver)
                {
                    Confirm();
                    return;
                }
                Pay(PaymentState.Voided);
                Say("Cancelled");
                floor.End("nothing left");
            });
    }

    private void Confirm()
    {
        Say("Confirming");
        Then(() => All(Open, (line, answered) => World.Ask(
            line.Plan.PoolId, Id("confirm", line),
            new AllocationCommandBody.Confirm { ReservationId = line.Plan.ReservationId }, outcome =>
            {
                Expect<AllocationOutcomeEvent.Confirmed>("Confirm", outcome);
                answered();
            }), Confirmed));
    }

    private void Confirmed()
    {
        Say(Ready);
        switch (plan.Fault)
        {
            case ShopFault.ExpiredAuthorisation:
                EndAuthorisation();
                break;
            case ShopFault.DeadAfterConfirm:
                Then(KillConfirmed);
                break;
            default:
                Then(Ship);
                break;
        }
    }

    private void Ship()
    {
        Say("InFulfillment");
        Then(() => All(Open, Ship, () =>
        {
            if (lines.Any(l => l.Plan.Fault == ShopFault.GoodsWithoutConsume && l.Quantity > 0))
            {
                floor.End("not booked");
                return;
            }
            Say("Shipped");
            Pay(PaymentState.Captured);
            TakeBack();
        }));
    }

    private void Ship(Line line, Action booked)
    {
        var movement = MovementOf(line);
        void Booked(AllocationOutcome outcome)
        {
            Expect<AllocationOutcomeEvent.Consumed>("Shipped", outcome);
            booked();
        }
        switch (line.Plan.Fault)
        {
            case ShopFault.ConsumeWithoutGoods when floor.Warehouse.HasReported(line.Plan.PoolId):
                ConsumeAlone(line, movement, Booked);
                break;
            case ShopFault.GoodsWithoutConsume:
                ShipUnheard(line, movement, booked);
                break;
            default:
                floor.Warehouse.Ship(plan.OrderRef, line.Plan, movement, line.Quantity, outcome =>
                {
                    Booked(outcome);
                    AfterShipped(line, movement);
                });
                break;
        }
    }

    // One return after the other, none before its time.
    private void TakeBack()
    {
        while (returnedCount < plan.Returns.Count)
        {
            var returned = plan.Returns[returnedCount++];
            if (lines.FirstOrDefault(l => l.Plan.LineId == returned.LineId) is not { } line
                || line.Quantity < returned.Quantity)
            {
                continue;
            }
            World.After(Math.Max(DelayMs(), floor.StartMs + returned.DueMs - World.NowMs), () =>
            {
                Say("Returning");
                floor.Warehouse.TakeBack(plan.OrderRef, line.Plan.PoolId, line.Plan.ReservationId, returned, outcome =>
                {
                    Expect<AllocationOutcomeEvent.Returned>("Returned", outcome);
                    Say("Returned");
                    TakeBack();
                });
            });
            return;
        }
        floor.End(returnedCount > 0 ? "shipped, something came back" : "shipped");
    }

    private void Say(string state, bool isHolding = true) => World.Say(new OrderStatus
    {
        OrderRef = plan.OrderRef,
        Version = ++version,
        State = state,
        CustomerRef = plan.Customer,
        Lines = [.. lines.Select(l => new OrderLine
        {
            LineId = l.Plan.LineId,
            PoolId = l.Plan.PoolId,
            ReservationId = isHolding ? l.Plan.ReservationId : null,
            Quantity = l.Quantity,
        })],
    });

    private void Pay(PaymentState state, long? authorizedUntilMs = null) => World.Say(new PaymentStatus
    {
        OrderRef = plan.OrderRef,
        PaymentId = $"pay-{plan.OrderRef}",
        Version = ++paymentVersion,
        State = state,
        AmountMinor = checked(lines.Sum(l => l.Plan.Quantity) * MinorPerUnit),
        Currency = Currency,
        AuthorizedUntilMs = authorizedUntilMs,
    });

    private void Then(Action act) => World.After(DelayMs(), act);

    private long DelayMs() => floor.DelayOf(
        string.Create(CultureInfo.InvariantCulture, $"{plan.OrderRef}/{++step}"));

    private static void All<T>(IEnumerable<T> parts, Action<T, Action> begin, Action done)
    {
        List<T> all = [.. parts];
        var left = all.Count;
        if (left == 0)
        {
            done();
            return;
        }
        foreach (var part in all)
        {
            begin(part, () =>
            {
                if (--left == 0)
                {
                    done();
                }
            });
        }
    }

    private void Expect<T>(string asked, AllocationOutcome outcome)
        where T : AllocationOutcomeEvent
    {
        if (outcome.Event is not T)
        {
            floor.Wonder(asked, outcome);
        }
    }

    private static string MovementOf(Line line) => $"m-{line.Plan.ReservationId}";

    private string Id(string what, Line line) => $"{plan.OrderRef}/{what}/{line.Plan.LineId}";

    /// <summary>A line as the order says it is.</summary>
    private sealed class Line(PlannedLine plan)
    {
        public PlannedLine Plan => plan;

        public long Quantity { get; set; }
    }
}
