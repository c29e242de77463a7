using System.Globalization;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Notation;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Processors.Records;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Orders;

/// <summary>What a comparison of orders has to know beside the order.</summary>
internal sealed record OrderSurroundings
{
    /// <summary>Whether a pool is decided about here, and by nobody else.</summary>
    public required Func<string, bool> IsAuthoritative { get; init; }

    /// <summary>Since when what the ledger says of orders is known, milliseconds since 1970 UTC.</summary>
    public required long LedgerKnownSinceMs { get; init; }

    /// <summary>Since when there are words about orders; null: there are none, so nobody misses any.</summary>
    public required long? OrdersKnownSinceMs { get; init; }

    /// <summary>How long a difference of a class may stand.</summary>
    public required Func<MismatchClass, Tolerance> Tolerance { get; init; }
}

/// <summary>
/// What is said of an order, side by side: a pure function. Nothing is said of orders that are being compensated, of
/// pools that another system decides about, of lines that wait, and of what was before anybody listened.
/// </summary>
internal sealed class OrderComparison
{
    /// <summary>Words about orders and outcomes of orders: whose silence most differences claim.</summary>
    public const int OrderClaim = 0;

    /// <summary>Words about payments and outcomes of orders.</summary>
    public const int PaymentClaim = 1;

    private readonly string orderRef;
    private readonly OrderTruth truth;
    private readonly OrderSurroundings surroundings;
    private readonly List<Finding> findings = [];

    private OrderComparison(string orderRef, OrderTruth truth, OrderSurroundings surroundings) =>
        (this.orderRef, this.truth, this.surroundings) = (orderRef, truth, surroundings);

    private OrderExpectation Expectation =>
        truth.Order is { } order ? OrderExpectations.Of(order.State) : OrderExpectation.Nothing;

    private bool IsCompensating => truth.Order is { State: "Compensating" };

    /// <summary>All that does not agree.</summary>
    public static IReadOnlyList<Finding> Of(string orderRef, OrderTruth truth, OrderSurroundings surroundings)
    {
        var comparison = new OrderComparison(orderRef, truth, surroundings);
        comparison.CompareLines();
        comparison.CompareReservations();
        comparison.ComparePayment();
        return comparison.findings;
    }

    private void CompareLines()
    {
        if (truth.Order is not { } order
            || Expectation is not (OrderExpectation.Reserved or OrderExpectation.Committed or OrderExpectation.Gone))
        {
            return;
        }
        foreach (var line in order.Lines)
        {
            if (line.ReservationId is not null && surroundings.IsAuthoritative(line.PoolId))
            {
                CompareLine(order, line, Find(line));
            }
        }
    }

    private void CompareLine(OrderSaid order, OrderLine line, ReservationSaid? said)
    {
        if (said is null)
        {
            if (line.Quantity > 0 && Expectation != OrderExpectation.Gone
                && order.BegunAtMs >= surroundings.LedgerKnownSinceMs)
            {
                Add(LineFinding(MismatchClass.OrderWithoutReservation, order, line, null));
            }
            return;
        }
        var units = said.Reservation;
        if (units.Waiting > 0)
        {
            return;
        }
        var committed = units.Confirmed + units.Consumed;
        var promised = units.Held + committed;
        if (promised == 0 && line.Quantity > 0)
        {
            if (Expectation != OrderExpectation.Gone)
            {
                Add(LineFinding(MismatchClass.OrderWithoutReservation, order, line, said));
            }
            return;
        }
        var counted = Expectation switch
        {
            OrderExpectation.Reserved => promised,
            OrderExpectation.Committed => committed,
            // What left and came back had left.
            _ => units.Consumed + units.Held + units.Confirmed,
        };
        if (counted != line.Quantity)
        {
            Add(LineFinding(MismatchClass.QuantityMismatch, order, line, said));
        }
    }

    private void CompareReservations()
    {
        foreach (var said in truth.Reservations)
        {
            if (!surroundings.IsAuthoritative(said.PoolId) || IsCompensating)
            {
                continue;
            }
            if (Expectation == OrderExpectation.Dead)
            {
                if (said.Reservation.Held > 0)
                {
                    Add(ReservationFinding(MismatchClass.ZombieHold, said));
                }
                if (said.Reservation.Confirmed > 0)
                {
                    Add(ReservationFinding(MismatchClass.ConfirmedForDeadOrder, said));
                }
            }
            else if (said.Reservation.Confirmed > 0 && !IsClaimed(said)
                && said.ConfirmedSinceMs >= surroundings.OrdersKnownSinceMs)
            {
                Add(ReservationFinding(MismatchClass.ReservationWithoutOrder, said));
            }
        }
    }

    // Whoever tells of an order without its lines, or in a state of his own, claims all of it.
    private bool IsClaimed(ReservationSaid said) => truth.Order is { } order
        && (order.Lines.Count == 0 || !OrderExpectations.Table.ContainsKey(order.State)
            || order.Lines.Any(l => l.ReservationId == said.Reservation.ReservationId && l.PoolId == said.PoolId));

    private void ComparePayment()
    {
        if (truth.Payment is not { } payment || IsCompensating
            || truth.Reservations.Any(r => !surroundings.IsAuthoritative(r.PoolId)))
        {
            return;
        }
        var promised = truth.Reservations.Sum(
            r => r.Reservation.Held + r.Reservation.Confirmed + r.Reservation.Consumed);
        var isPaid = payment.State is PaymentState.Authorized or PaymentState.Captured;
        if (isPaid && promised == 0 && truth.Reservations.All(r => r.Reservation.Waiting == 0)
            && (truth.Reservations.Count > 0 || payment.BegunAtMs >= surroundings.LedgerKnownSinceMs)
            && ExpectsOfThePaid())
        {
            Add(PaymentFinding(MismatchClass.PaidWithoutReservation, payment, LatestMs(payment.SinceMs), "pays"));
        }
        var live = truth.Reservations.Sum(r => r.Reservation.Held + r.Reservation.Confirmed);
        if (payment is { State: PaymentState.Authorized, AuthorizedUntilMs: { } untilMs } && live > 0
            && Expectation is not (OrderExpectation.Dead or OrderExpectation.Gone))
        {
            Add(PaymentFinding(MismatchClass.AuthorizationExpired, payment, untilMs, "ends"));
        }
    }

    // Of lines that another system decides about nobody here can say whether they are reserved.
    private bool ExpectsOfThePaid() => Expectation != OrderExpectation.Gone
        && (truth.Order is not { } order || order.Lines.Count == 0
            || order.Lines.Any(l => l.ReservationId is not null))
        && (truth.Order?.Lines.All(l => surroundings.IsAuthoritative(l.PoolId)) ?? true);

    private Finding LineFinding(MismatchClass mismatch, OrderSaid order, OrderLine line, ReservationSaid? said)
    {
        var scope = CompoundIds.Plain(line.PoolId, line.ReservationId!);
        var orderIsLater = said is null || order.AtMs >= said.AtMs;
        var units = said?.Reservation;
        // What was used up or is not there cannot be amended.
        var isAmended = mismatch == MismatchClass.QuantityMismatch && units is { Consumed: 0 } && line.Quantity > 0
            && units.Held + units.Confirmed != line.Quantity;
        return new Finding(
            DifferenceKey.InPool(mismatch, "reservation", line.PoolId, line.ReservationId!),
            Sides.Of(
                Sides.Order, $"{orderRef} version {order.Version} is {order.State}: line {line.LineId} counts on "
                + $"{line.Quantity} of {scope}.", order.Position, order.AtMs, ("quantity", line.Quantity),
                ("version", order.Version)),
            said is null ? Sides.Silent(Sides.Ledger, $"{scope} is not known.") : SideOf(said))
        {
            SinceMs = orderIsLater ? order.AtMs : said!.AtMs,
            Episode = orderIsLater ? order.Position : said!.Position,
            Tolerance = surroundings.Tolerance(mismatch),
            Claim = OrderClaim,
            Awaits = orderIsLater ? Sides.Ledger : Sides.Order,
            PoolId = line.PoolId,
            OrderRef = orderRef,
            Repair = isAmended ? new RepairFacts
            {
                Kind = RepairKind.Amend,
                PoolId = line.PoolId,
                ReservationId = line.ReservationId,
                ExpectedVersion = units!.Version,
                Quantity = line.Quantity,
            } : null,
            NoRepairWhy = isAmended ? "" : mismatch == MismatchClass.OrderWithoutReservation
                ? "Whether to hold again, and what to tell the customer, is for the owner of the order."
                : "Units were used up, or are not confirmed yet: the owner of the order decides.",
            Choices = isAmended ? [] :
            [
                ShellLine.Of("alloc explain", orderRef),
                HoldAgain(line, line.ReservationId!),
                ShellLine.Of(
                    "alloc reservation history", null, ("--pool", line.PoolId), ("--id", line.ReservationId!)),
            ],
        };
    }

    private Finding ReservationFinding(MismatchClass mismatch, ReservationSaid said)
    {
        var order = truth.Order;
        var orderIsLater = order is not null && order.AtMs >= said.AtMs;
        var isForced = mismatch != MismatchClass.ZombieHold;
        var scope = CompoundIds.Plain(said.PoolId, said.Reservation.ReservationId);
        return new Finding(
            DifferenceKey.InPool(mismatch, "reservation", said.PoolId, said.Reservation.ReservationId),
            order is null
                ? Sides.Silent(Sides.Order, $"Nobody knows an order {orderRef}.")
                : Sides.Of(
                    Sides.Order, mismatch == MismatchClass.ReservationWithoutOrder
                        ? $"{orderRef} version {order.Version} is {order.State} and does not count on {scope}."
                        : $"{orderRef} version {order.Version} is {order.State}.",
                    order.Position, order.AtMs, ("version", order.Version)),
            SideOf(said))
        {
            SinceMs = orderIsLater ? order!.AtMs : said.AtMs,
            Episode = orderIsLater ? order!.Position : said.Position,
            Tolerance = surroundings.Tolerance(mismatch),
            Claim = OrderClaim,
            Awaits = orderIsLater ? Sides.Ledger : Sides.Order,
            PoolId = said.PoolId,
            OrderRef = orderRef,
            Repair = new RepairFacts
            {
                Kind = isForced ? RepairKind.ForceRelease : RepairKind.Release,
                PoolId = said.PoolId,
                ReservationId = said.Reservation.ReservationId,
                ExpectedVersion = said.Reservation.Version,
                Confirmed = isForced,
            },
        };
    }

    private Finding PaymentFinding(MismatchClass mismatch, PaymentSaid payment, long sinceMs, string what)
    {
        var promised = truth.Reservations.Sum(
            r => r.Reservation.Held + r.Reservation.Confirmed + r.Reservation.Consumed);
        var latest = truth.Reservations.Count == 0 ? null : truth.Reservations.MaxBy(r => r.AtMs);
        var isReservation = mismatch == MismatchClass.PaidWithoutReservation && latest is not null
            && latest.AtMs > payment.AtMs;
        return new Finding(
            new DifferenceKey(mismatch, "payment", orderRef),
            Sides.Of(
                Sides.Payment,
                $"Payment {payment.PaymentId} version {payment.Version} of {orderRef} is {payment.State} "
                + $"and {what} {(what == "pays" ? $"{payment.AmountMinor} {payment.Currency}"
                    : DateTimeOffset.FromUnixTimeMilliseconds(sinceMs).ToString("u"))}.",
                payment.Position, payment.AtMs, ("amountMinor", payment.AmountMinor), ("version", payment.Version)),
            Sides.Of(
                Sides.Ledger, $"{promised} units are reserved or used up for {orderRef}.", latest?.Position,
                latest?.AtMs,
                ("promised", promised)))
        {
            SinceMs = sinceMs,
            Episode = isReservation ? latest!.Position : payment.Position,
            Tolerance = surroundings.Tolerance(mismatch),
            Claim = PaymentClaim,
            Awaits = isReservation ? Sides.Payment : Sides.Ledger,
            OrderRef = orderRef,
            NoRepairWhy = mismatch == MismatchClass.PaidWithoutReservation
                ? "Whether to hold again or to give the money back is for the owner of the order."
                : "Whether to authorise again or to cancel is for the owner of the order.",
            Choices =
            [
                ShellLine.Of("alloc explain", orderRef),
                .. truth.Order?.Lines.Take(1).Select(l => HoldAgain(l, $"{orderRef}/{l.LineId}")) ?? [],
                ShellLine.Of("alloc reservation list", null, ("--order", orderRef)),
            ],
        };
    }

    private string HoldAgain(OrderLine line, string reservation) => ShellLine.Of(
        "alloc reservation hold", null, ("--pool", line.PoolId),
        ("--quantity", line.Quantity.ToString(CultureInfo.InvariantCulture)), ("--id", $"{reservation}#2"),
        ("--order", orderRef));

    private static MismatchSide SideOf(ReservationSaid said)
    {
        var units = said.Reservation;
        return Sides.Of(
            Sides.Ledger, $"{said.PoolId}/{units.ReservationId} version {units.Version} has {units.Held} held, "
            + $"{units.Confirmed} confirmed, {units.Consumed} consumed" + (units.Waiting > 0
                ? $", {units.Waiting} waiting." : "."),
            said.Position, said.AtMs, ("held", units.Held), ("confirmed", units.Confirmed),
            ("consumed", units.Consumed), ("version", units.Version));
    }

    private ReservationSaid? Find(OrderLine line) => truth.Reservations.FirstOrDefault(
        r => r.Reservation.ReservationId == line.ReservationId && r.PoolId == line.PoolId);

    private long LatestMs(long atMs) => truth.Reservations.Select(r => r.AtMs).Append(atMs).Max();

    private void Add(Finding finding) => findings.Add(finding);
}
