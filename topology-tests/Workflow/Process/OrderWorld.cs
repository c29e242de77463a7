using Alloc.Processors.Workflow.Definition;
using Alloc.Processors.Workflow.Process;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Fraud;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;

namespace Topology.Tests.Workflow.Process;

/// <summary>
/// One order and everything around it, played naively: a ledger that holds what it is asked for, a fraud service, a
/// gateway that answers a key once, a warehouse. A test decides who answers what and when.
/// </summary>
internal sealed class OrderWorld
{
    public const string Ref = "o-1";
    private readonly WorkflowDefinition definition;
    private readonly Dictionary<string, OrderReservation> reservations = [];
    private readonly Dictionary<string, string> pools = [];
    private readonly Dictionary<string, PaymentStatus> payments = [];
    private readonly Dictionary<string, PaymentState> answered = [];
    private long offset;
    private int commandCount;

    public OrderWorld(WorkflowDefinition? definition = null) =>
        this.definition = definition ?? WorkflowDefinition.Shipped;

    public OrderProcess Order { get; private set; } = Evolve.Nothing(Ref);

    public List<OrderEvent> Journal { get; } = [];

    public long NowMs { get; set; } = 1_000_000;

    public Surroundings Around { get; set; }

    /// <summary>What was asked of others and is not answered, in order.</summary>
    public List<OrderEvent> Asked { get; } = [];

    public IEnumerable<OrderReservation> Reservations => reservations.Values;

    public IEnumerable<PaymentStatus> Payments => payments.Values;

    /// <summary>Names of the events from one on.</summary>
    public IEnumerable<string> Names(long after = 0) =>
        Journal.Where(e => e.Sequence > after).Select(e => e.Body.GetType().Name);

    public static OrderContent Content(int lines = 2, string risk = "", Unavailable rule = Unavailable.CancelOrder) =>
        new()
        {
            CustomerRef = "ann",
            Currency = "EUR",
            AmountMinor = 500 * 2 * lines,
            Attributes = risk.Length == 0 ? new Dictionary<string, string>() : new() { ["risk"] = risk },
            Lines =
            [
                .. Enumerable.Range(1, lines).Select(i => new OrderedLine
                {
                    LineId = $"{i}",
                    Quantity = 2,
                    UnitPriceMinor = 500,
                    Pools = [$"p{i}", $"q{i}"],
                    IfUnavailable = rule,
                }),
            ],
        };

    public OrderWorld Placed(OrderContent? content = null)
    {
        Command(new OrderCommandBody.Place { Order = content ?? Content() });
        return this;
    }

    public IReadOnlyList<OrderEvent> Command(OrderCommandBody body, string? id = null, long? expectedVersion = null) =>
        Hear(new OrderInput.Command(new OrderCommand
        {
            CommandId = id ?? $"c{++commandCount}",
            OrderRef = Ref,
            Actor = new Actor { Type = ActorType.Customer, Id = "ann" },
            IssuedAtMs = NowMs,
            ExpectedVersion = expectedVersion,
            Body = body,
        }));

    /// <summary>The order hears of something.</summary>
    public IReadOnlyList<OrderEvent> Hear(OrderInput input)
    {
        var source = new OrderSource { Topic = "in", Offset = ++offset };
        var events = Decide.On(Order, input, NowMs, source, definition, Around);
        foreach (var happened in events)
        {
            Order = Evolve.Apply(Order, happened);
            Journal.Add(happened);
            if (happened.Body is OrderEventBody.LineAsked or OrderEventBody.FraudAsked or OrderEventBody.PaymentAsked
                or OrderEventBody.FulfilmentAsked)
            {
                Asked.Add(happened);
            }
        }
        return events;
    }

    /// <summary>Time passes to a moment; whatever falls due on the way is looked at.</summary>
    public void WaitUntil(long ms)
    {
        for (var looks = 0; NextAt() is { } at && at <= ms; looks++)
        {
            Assert.True(looks < 10_000, $"It is due for ever: {string.Join(", ", Names().TakeLast(20))}");
            NowMs = Math.Max(NowMs, at);
            Expire();
            if (DueRules.NextAt(Order) <= NowMs)
            {
                Hear(new OrderInput.Due(""));
            }
        }
        NowMs = Math.Max(NowMs, ms);
    }

    public void Wait(TimeSpan time) => WaitUntil(NowMs + (long)time.TotalMilliseconds);

    /// <summary>When the next thing falls due, of the order or of a hold.</summary>
    public long? NextAt()
    {
        var holds = reservations.Values.Where(r => r.Held > 0 && r.ExpiresAtMs is not null)
            .Select(r => r.ExpiresAtMs!.Value);
        var all = DueRules.NextAt(Order) is { } next ? holds.Append(next) : holds;
        return all.Select(a => (long?)a).Min();
    }

    /// <summary>Everybody answers what was asked, yes, until nothing is asked any more.</summary>
    public OrderWorld Settle()
    {
        for (var answers = 0; Asked.Count > 0; answers++)
        {
            Assert.True(answers < 1_000, $"It asks for ever: {string.Join(", ", Names().TakeLast(20))}");
            Answer(Asked[0]);
        }
        return this;
    }

    /// <summary>What was asked is answered: yes.</summary>
    public void Answer(OrderEvent asked)
    {
        Asked.Remove(asked);
        switch (asked.Body)
        {
            case OrderEventBody.LineAsked line:
                AnswerLine(asked, line);
                break;
            case OrderEventBody.FraudAsked fraud:
                Fraud(FraudVerdict.Accept, fraud.RequestId);
                break;
            case OrderEventBody.PaymentAsked payment:
                Pay(payment, YesTo(payment.Operation));
                break;
            default:
                break;
        }
    }

    public IReadOnlyList<OrderEvent> Fraud(
        FraudVerdict verdict, string requestId = "", string? id = null, long? validUntil = null, int score = 50) =>
        Hear(new OrderInput.Fraud(new FraudDecision
        {
            DecisionId = id ?? $"f{offset}",
            RequestId = requestId,
            OrderRef = Ref,
            Verdict = verdict,
            Score = score,
            ValidUntilMs = validUntil,
        }));

    /// <summary>The gateway answers a key: the first time as it likes, later the same again.</summary>
    public IReadOnlyList<OrderEvent> Pay(OrderEventBody.PaymentAsked asked, PaymentState state, long? until = null)
    {
        var known = payments.GetValueOrDefault(asked.PaymentId) ?? new PaymentStatus
        {
            OrderRef = Ref,
            PaymentId = asked.PaymentId,
            Version = 0,
            State = PaymentState.Requested,
            AmountMinor = asked.AmountMinor,
            Currency = "EUR",
        };
        var isDone = answered.TryGetValue(asked.Key, out var before);
        var said = isDone ? before : state;
        answered[asked.Key] = said;
        // A payment that cannot be authorised has failed; another operation that is refused leaves it as it is.
        var isRefused = said == PaymentState.Failed && asked.Operation != PaymentOperation.Authorize;
        payments[asked.PaymentId] = known with
        {
            Version = known.Version + 1,
            State = isRefused || isDone ? known.State : said,
            AmountMinor = asked.Operation == PaymentOperation.Capture && !isRefused && !isDone
                ? asked.AmountMinor : known.AmountMinor,
            AuthorizedUntilMs = until ?? known.AuthorizedUntilMs,
            Key = asked.Key,
            Refused = isRefused ? "no" : null,
        };
        return Hear(new OrderInput.Payment(payments[asked.PaymentId]));
    }

    /// <summary>Units leave the warehouse, or come back.</summary>
    public void Ship(string lineId, long units) => Change(lineId, "Consumed", r => r with
    {
        Confirmed = r.Confirmed - units,
        Consumed = r.Consumed + units,
    });

    public void Return(string lineId, long units) =>
        Change(lineId, "Returned", r => r with { Returned = r.Returned + units });

    /// <summary>Somebody else gets what a line holds.</summary>
    public void Preempt(string lineId) => Change(lineId, "Preempted", r => r with
    {
        Held = 0,
        Preempted = r.Held,
        ExpiresAtMs = null,
    });

    public OrderReservation? Reservation(string lineId) =>
        Order.Line(lineId) is { ReservationId.Length: > 0 } line
            ? reservations.GetValueOrDefault(line.ReservationId) : null;

    /// <summary>The ledger says no.</summary>
    public IReadOnlyList<OrderEvent> Refuse(OrderEvent asked, params string[] reasons)
    {
        Asked.Remove(asked);
        var line = (OrderEventBody.LineAsked)asked.Body;
        return Tell("Rejected", asked, line.PoolId, null, reasons);
    }

    private void Change(string lineId, string happened, Func<OrderReservation, OrderReservation> change)
    {
        var line = Order.Line(lineId)!;
        Put(line.ReservationId, change(reservations[line.ReservationId]));
        Tell(happened, null, line.PoolId, reservations[line.ReservationId]);
    }

    private void AnswerLine(OrderEvent asked, OrderEventBody.LineAsked line)
    {
        var id = line.ReservationId;
        var known = reservations.GetValueOrDefault(id) ?? new OrderReservation { ReservationId = id, Version = 0 };
        pools[id] = line.PoolId;
        switch (line.Ask)
        {
            case LineAsk.Hold when known.Version > 0:
                Tell("Rejected", asked, line.PoolId, null, "AlreadyReleased");
                return;
            case LineAsk.Hold:
                Put(id, known with { Held = line.Quantity, ExpiresAtMs = NowMs + line.TtlMs });
                Tell("Held", asked, line.PoolId, reservations[id]);
                return;
            case LineAsk.Extend when known.Held > 0:
                Put(id, known with { ExpiresAtMs = Math.Max(known.ExpiresAtMs!.Value, NowMs + line.TtlMs!.Value) });
                Tell("Extended", asked, line.PoolId, reservations[id]);
                return;
            case LineAsk.Confirm when known.Held > 0:
                Put(id, known with { Held = 0, Confirmed = known.Held, ExpiresAtMs = null });
                Tell("Confirmed", asked, line.PoolId, reservations[id]);
                return;
            case LineAsk.Commit when known.Confirmed + known.Consumed > 0:
                Put(id, known);
                Tell("NoOp", asked, line.PoolId, reservations[id]);
                return;
            case LineAsk.Reduce when known.Held + known.Confirmed > line.Quantity:
                Put(id, known with { Held = known.Held - line.Quantity, Released = known.Released + line.Quantity });
                Tell("Released", asked, line.PoolId, reservations[id]);
                return;
            case LineAsk.Release when known.Held + known.Confirmed > 0:
                Put(id, known with
                {
                    Held = 0,
                    Confirmed = 0,
                    Released = known.Released + known.Held + known.Confirmed,
                    ExpiresAtMs = null,
                });
                Tell("Released", asked, line.PoolId, reservations[id]);
                return;
            case LineAsk.Release:
                // A tombstone has no order: the answer names no reservation.
                Put(id, known);
                Tell("NoOp", asked, line.PoolId, null);
                return;
            default:
                Tell("Rejected", asked, line.PoolId, null, known.Expired > 0 ? "AlreadyExpired" : "NotHeld");
                return;
        }
    }

    private void Expire()
    {
        foreach (var due in reservations.Values.Where(r => r.Held > 0 && r.ExpiresAtMs <= NowMs).ToList())
        {
            Put(due.ReservationId, due with { Held = 0, Expired = due.Expired + due.Held, ExpiresAtMs = null });
            Tell("Expired", null, pools[due.ReservationId], reservations[due.ReservationId]);
        }
    }

    private void Put(string id, OrderReservation reservation) =>
        reservations[id] = reservation with { Version = reservation.Version + 1 };

    private IReadOnlyList<OrderEvent> Tell(
        string happened, OrderEvent? asked, string poolId, OrderReservation? reservation, params string[] reasons) =>
        Hear(new OrderInput.Outcome(new OrderAllocation
        {
            OrderRef = Ref,
            Role = OrderRole.Owner,
            OutcomeId = $"{poolId}#{offset}",
            PoolId = poolId,
            Sequence = offset,
            TMs = NowMs,
            Event = happened,
            CommandId = asked is null ? null
                : WorkflowIds.Command(Ref, asked.Sequence, ((OrderEventBody.LineAsked)asked.Body).LineId),
            Original = asked is not null,
            Reservations = reservation is null ? [] : [reservation],
            Reasons = reasons,
        }));

    private static PaymentState YesTo(PaymentOperation operation) => operation switch
    {
        PaymentOperation.Authorize => PaymentState.Authorized,
        PaymentOperation.Capture => PaymentState.Captured,
        PaymentOperation.Void => PaymentState.Voided,
        PaymentOperation.Refund => PaymentState.Refunded,
        _ => PaymentState.Failed,
    };
}
