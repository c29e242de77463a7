using Alloc.Schemas.Allocation;
using Alloc.Schemas.Effects;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Alloc.Schemas.Warehouse;
using Alloc.Schemas.Workflow;

namespace Alloc.Cli.Demo;

/// <summary>What a service of the demo says.</summary>
/// <param name="Key">The record's key.</param>
/// <param name="Value">An order's status, a payment's, a movement or a receipt.</param>
internal readonly record struct DemoWord(string Key, object Value);

/// <summary>
/// The services around the demo's shop: orders, payments, the warehouse and picking tell what becomes of each order.
/// While fraud is slow for the first time they make mistakes, and after that none: what reconciliation finds then can
/// be repaired. Pure: outcomes, stage events and times in, records out.
/// </summary>
/// <param name="seed">The same seed makes the same mistakes.</param>
/// <param name="startMs">When the run begins.</param>
/// <param name="lastMovements">The number of the warehouse's last movement, by pool.</param>
internal sealed class DemoServices(int seed, long startMs, IReadOnlyDictionary<string, long> lastMovements)
{
    /// <summary>The service that acts on confirmations, as the demo's catalogue names it.</summary>
    public const string Picking = "picking";

    /// <summary>The source of the movements.</summary>
    public const string Warehouse = "demo-wms";

    private const string Dead = "Cancelled";
    private const string Currency = "EUR";
    private const long MinorPerUnit = 19_900;
    private const int WrongFromMs = 15_000;
    private const int WrongToMs = 55_000;
    private const double FailedShare = 0.04;
    private const double TwiceShare = 0.02;
    private const double DeadShare = 0.04;
    private static readonly TimeSpan AuthorisedFor = TimeSpan.FromDays(6);

    private readonly Random random = new(seed);
    private readonly Dictionary<(string Pool, string Reservation), DemoOrderWord> orders = [];
    private readonly Dictionary<string, long> movements = new(lastMovements, StringComparer.Ordinal);
    private readonly PriorityQueue<Func<IEnumerable<DemoWord>>, (long AtMs, int Number)> planned = new();
    private int plannedCount;

    /// <summary>Something was decided.</summary>
    public void See(AllocationOutcome outcome, long nowMs)
    {
        switch (outcome.Event)
        {
            case AllocationOutcomeEvent.Held when outcome.Original
                && outcome.After is [{ OrderRef: { } order } held] && IsOurs(held.ReservationId):
                orders[(outcome.PoolId, held.ReservationId)] = new DemoOrderWord(
                    order, outcome.PoolId, held.ReservationId, held.Held);
                Say(outcome.PoolId, held.ReservationId, "InventoryHoldPending", nowMs);
                break;
            case AllocationOutcomeEvent.Confirmed confirmed when outcome.Original && IsOurs(confirmed.ReservationId):
                Confirmed(outcome, confirmed.ReservationId, nowMs);
                break;
            case AllocationOutcomeEvent.Consumed consumed when outcome.Original:
                Say(outcome.PoolId, consumed.ReservationId, "Shipped", nowMs);
                Pay(outcome.PoolId, consumed.ReservationId, PaymentState.Captured, nowMs);
                orders.Remove((outcome.PoolId, consumed.ReservationId));
                break;
            case AllocationOutcomeEvent.Released released when outcome.Original:
                End(outcome.PoolId, released.ReservationId, nowMs);
                break;
            case AllocationOutcomeEvent.Expired expired:
                End(outcome.PoolId, expired.ReservationId, nowMs);
                break;
            default:
                break;
        }
    }

    /// <summary>Whether an order is in a state in which somebody works on its hold.</summary>
    public static bool IsUnderWay(string state) =>
        state is not ("ReadyForFulfillment" or "Shipped" or Dead or GivenUp);

    /// <summary>An order entered a stage: that is its state.</summary>
    public void See(StageEvent happened, long nowMs)
    {
        if (happened is { Kind: StageEventKind.Entered, Reservations: [var reservation] })
        {
            Say(reservation.PoolId, reservation.ReservationId, happened.StageId, nowMs);
        }
    }

    /// <summary>An outcome is given again: picking does what it has not done, and says so.</summary>
    public void SeeAgain(AllocationOutcome outcome, long nowMs) => Plan(nowMs, () => [Receipt(outcome)]);

    /// <summary>What is said by now.</summary>
    public IReadOnlyList<DemoWord> Take(long nowMs)
    {
        var words = new List<DemoWord>();
        while (planned.TryPeek(out var say, out var at) && at.AtMs <= nowMs)
        {
            planned.Dequeue();
            words.AddRange(say());
        }
        return words;
    }

    /// <summary>The demo ends: of orders that nobody works on any more nothing is expected.</summary>
    public IReadOnlyList<DemoWord> GiveUp() =>
        [.. orders.Values.Where(o => !o.IsConfirmed).Select(o => Word(o.Next(GivenUp)))];

    /// <summary>The state of an order that a run gave up.</summary>
    public const string GivenUp = "Compensating";

    private void Confirmed(AllocationOutcome outcome, string reservationId, long nowMs)
    {
        if (!orders.TryGetValue((outcome.PoolId, reservationId), out var order))
        {
            // Of a run before: its goods leave, as those of this one do.
            Ship(outcome.PoolId, reservationId, null, Units(outcome, reservationId), nowMs);
            return;
        }
        order.IsConfirmed = true;
        var isWrong = nowMs - startMs is >= WrongFromMs and < WrongToMs;
        var dice = random.NextDouble();
        Pay(outcome.PoolId, reservationId, PaymentState.Authorized, nowMs);
        if (isWrong && dice < DeadShare)
        {
            // Somebody cancels the order, and nobody gives its units back.
            Say(outcome.PoolId, reservationId, Dead, nowMs);
            Pay(outcome.PoolId, reservationId, PaymentState.Voided, nowMs);
            Plan(nowMs + Soon(), () => [Receipt(outcome)]);
            return;
        }
        Say(outcome.PoolId, reservationId, "ReadyForFulfillment", nowMs);
        Plan(nowMs + Soon(), () => (isWrong, dice) switch
        {
            (true, < DeadShare + FailedShare) => [Receipt(outcome, EffectResult.Failed)],
            (true, < DeadShare + FailedShare + TwiceShare) => [Receipt(outcome), Receipt(outcome, suffix: "/again")],
            _ => [Receipt(outcome)],
        });
        Ship(outcome.PoolId, reservationId, order.OrderRef, order.Quantity, nowMs);
    }

    /// <summary>Goods of a confirmed reservation leave after a while.</summary>
    public void Ship(string poolId, string reservationId, string? orderRef, long quantity, long nowMs) =>
        Plan(nowMs + random.Next(4_000, 12_000), () => [new DemoWord(poolId, new WarehouseMovement
        {
            MovementId = $"{reservationId}-use",
            PoolId = poolId,
            Kind = MovementKind.Shipped,
            OrderRef = orderRef,
            ReservationId = reservationId,
            Quantity = quantity,
            Source = Warehouse,
            SourceSequence = movements[poolId] = movements.GetValueOrDefault(poolId) + 1,
            OccurredAtMs = nowMs,
        })]);

    private void End(string poolId, string reservationId, long nowMs)
    {
        Say(poolId, reservationId, Dead, nowMs);
        orders.Remove((poolId, reservationId));
    }

    private void Say(string poolId, string reservationId, string state, long nowMs)
    {
        if (orders.TryGetValue((poolId, reservationId), out var order) && !order.IsOver)
        {
            var status = order.Next(state);
            Plan(nowMs, () => [Word(status)]);
        }
    }

    private void Pay(string poolId, string reservationId, PaymentState state, long nowMs)
    {
        if (!orders.TryGetValue((poolId, reservationId), out var order))
        {
            return;
        }
        var payment = new PaymentStatus
        {
            OrderRef = order.OrderRef,
            PaymentId = $"{order.OrderRef}-payment",
            Version = ++order.PaymentVersion,
            State = state,
            AmountMinor = order.Quantity * MinorPerUnit,
            Currency = Currency,
            AuthorizedUntilMs = state == PaymentState.Authorized
                ? nowMs + (long)AuthorisedFor.TotalMilliseconds : null,
        };
        Plan(nowMs, () => [new DemoWord(order.OrderRef, payment)]);
    }

    private static DemoWord Receipt(
        AllocationOutcome outcome, EffectResult result = EffectResult.Applied, string suffix = "")
    {
        var outcomeId = $"{outcome.PoolId}#{outcome.Sequence}";
        return new DemoWord(outcome.PoolId, new EffectReceipt
        {
            ReceiptId = $"{Picking}/{outcomeId}{suffix}",
            OutcomeId = outcomeId,
            Service = Picking,
            Result = result,
            Reason = result == EffectResult.Failed ? "the printer had no paper" : null,
        });
    }

    private static bool IsOurs(string reservationId) => reservationId.StartsWith("demo-", StringComparison.Ordinal);

    private static DemoWord Word(OrderStatus status) => new(status.OrderRef, status);

    private static long Units(AllocationOutcome outcome, string reservationId) =>
        outcome.After.FirstOrDefault(r => r.ReservationId == reservationId)?.Confirmed ?? 0;

    private long Soon() => random.Next(200, 3_000);

    private void Plan(long atMs, Func<IEnumerable<DemoWord>> say) => planned.Enqueue(say, (atMs, plannedCount++));

    /// <summary>An order as its owner tells it.</summary>
    private sealed class DemoOrderWord(string orderRef, string poolId, string reservationId, long quantity)
    {
        private long version;

        public string OrderRef => orderRef;

        public long Quantity => quantity;

        public long PaymentVersion { get; set; }

        public bool IsConfirmed { get; set; }

        public bool IsOver { get; private set; }

        public OrderStatus Next(string state)
        {
            IsOver = state == Dead;
            return new OrderStatus
            {
                OrderRef = orderRef,
                Version = ++version,
                State = state,
                Lines =
                [
                    new OrderLine
                    {
                        LineId = "1",
                        PoolId = poolId,
                        ReservationId = reservationId,
                        Quantity = quantity,
                    },
                ],
            };
        }
    }
}
