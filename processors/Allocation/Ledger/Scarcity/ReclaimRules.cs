using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Scarcity;

/// <summary>
/// Reclaim: one who lends takes back what others of its scope borrow, as long as it stays within its own nominal. Held
/// units before confirmed ones, the newest first; first of those whose scope keeps its nominal all the same, then whole
/// holds of scopes above theirs, until quotas and availability allow the request; then, in reverse, whoever is not
/// needed keeps what it has. A scope at or below its nominal loses nothing.
/// </summary>
internal static class ReclaimRules
{
    private static readonly QuotaScope[] Kinds = Enum.GetValues<QuotaScope>();

    /// <summary>
    /// Finds who would lose what so that the request can be granted; null, with a reason, when what is borrowed may be
    /// taken back but is not enough. Null without a reason where nothing may be.
    /// </summary>
    public static PreemptionPlan? Plan(Decision d, in GrantOwner owner, string reservationId, long needed)
    {
        if (d.Policy.QuotaTable.Count == 0)
        {
            return null;
        }
        foreach (var kind in Kinds)
        {
            if (QuotaRules.ValueOf(d.Policy, owner, kind) is not { } value
                || d.Policy.QuotaFor(d.Pool.PoolId, kind, value) is not { } row || row.Reclaim == QuotaReclaim.None)
            {
                continue;
            }
            var state = new QuotaState(d, row, value);
            var by = owner;
            if (state.Borrowed > 0 && (Int128)state.Used + needed <= row.Nominal
                && Plan(d, owner.Class, state, reservationId, needed, () => IsEnough(d, by, needed)) is { } plan)
            {
                return plan;
            }
        }
        return null;
    }

    /// <summary>
    /// The same for a customer who gets a reservation with all its units: nothing is granted, and room in the new
    /// customer's quota is enough.
    /// </summary>
    /// <param name="d">The decision.</param>
    /// <param name="after">The reservation of the new customer.</param>
    public static PreemptionPlan? PlanForOwner(Decision d, Reservation after)
    {
        if (after.CustomerRef is not { } customer
            || d.Policy.QuotaFor(d.Pool.PoolId, QuotaScope.Customer, customer) is not
            { Value: not null, Reclaim: not QuotaReclaim.None } row)
        {
            return null;
        }
        var draft = d.Effects.Keep();
        var units = QuotaRules.UnitsOf(after, row.Counts);
        var before = new QuotaState(d, row, customer);
        d.Write(after);
        var state = new QuotaState(d, row, customer);
        var plan = state.Borrowed > 0 && state.Used <= row.Nominal
            ? Plan(d, after.Class, before, after.ReservationId, units, () => IsCovered(d, row, customer))
            : null;
        d.Effects.Return(draft);
        return plan;
    }

    private static PreemptionPlan? Plan(
        Decision d, string byClass, in QuotaState state, string reservationId, long needed, Func<bool> isEnoughNow)
    {
        var row = state.Row;
        var draft = d.Effects.Keep();
        var takes = new List<PreemptionTake>();
        var borrowers = Borrowers(d, row.Scope, reservationId);
        var isEnough = Collect(d, isEnoughNow, borrowers, takes, confirmed: false)
            || (TakesConfirmed(d, row) && Collect(d, isEnoughNow, borrowers, takes, confirmed: true));
        if (isEnough)
        {
            GiveBack(d, isEnoughNow, takes);
        }
        d.Effects.Return(draft);
        var plan = new PreemptionPlan(null, reservationId, byClass, takes) { Quota = row };
        plan = plan with
        {
            QuotaNumbers =
            [
                N(NumberName.Used, state.Used), N(NumberName.Requested, needed), N(NumberName.Nominal, row.Nominal),
                N(NumberName.Borrowed, Availability.Saturate(state.Borrowed)),
                N(NumberName.Lendable, Availability.Saturate(state.Lendable)),
                N(NumberName.FreedByPreemption, plan.Freed),
            ],
        };
        if (isEnough)
        {
            return plan;
        }
        DecisionNumber[] numbers = [.. plan.QuotaNumbers, N(NumberName.Victims, takes.Count)];
        d.Look(Step(DecisionRule.Preemption, RuleResult.Failed, row.Id, numbers));
        d.Fail(ReasonCode.PreemptionNotPermitted, row.Id, reservationId, numbers);
        return null;
    }

    // Confirmed units of a critical pool are taken back by an operator only.
    private static bool TakesConfirmed(Decision d, QuotaRow row) => row.Reclaim == QuotaReclaim.Confirmed
        && d.Policy.ImportanceOf(d.Pool.PoolId) != PoolImportance.Critical;

    // Reservations of those who have a quota of this kind and use more than it, the newest first, whatever their class.
    // One with a command that waits for it is spared: what it will be decided to be is not known yet.
    private static List<Borrower> Borrowers(Decision d, QuotaScope kind, string reservationId)
    {
        var limit = d.Policy.Limits.VictimsLookedAt;
        var places = DeficitRules.Newest(d.State, d.Policy, d.Pool.PoolId);
        var found = new List<Borrower>();
        for (var index = 0; index < places.Count && index < limit; index++)
        {
            var id = places[index].ReservationId;
            if (id != reservationId
                && (d.Written(id) ?? d.State.GetReservation(d.Pool.PoolId, id)) is { Parked.Count: 0 } known
                && QuotaRules.ValueOf(d.Policy, GrantOwner.Of(known), kind) is { } value
                && d.Policy.QuotaFor(d.Pool.PoolId, kind, value) is { Value: not null } row
                && Excess(d, row) > 0)
            {
                found.Add(new Borrower(known, row));
            }
        }
        return found;
    }

    // True when enough is taken.
    private static bool Collect(
        Decision d, Func<bool> isEnough, List<Borrower> borrowers, List<PreemptionTake> takes, bool confirmed)
    {
        foreach (var goesBelow in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (var borrower in borrowers)
            {
                // As what was taken so far leaves it.
                var now = d.Written(borrower.Reservation.ReservationId) ?? borrower.Reservation;
                var units = confirmed ? now.Confirmed : now.Held;
                var excess = Excess(d, borrower.Row);
                if (units == 0 || excess <= 0 || (units > excess && !goesBelow))
                {
                    continue;
                }
                var take = new PreemptionTake(now.ReservationId, confirmed ? 0 : units, confirmed ? units : 0);
                Move(d, now, take.Held, take.Confirmed);
                takes.Add(take);
                if (isEnough())
                {
                    return true;
                }
            }
        }
        return false;
    }

    // Whoever loses confirmed units loses the held ones too.
    private static void GiveBack(Decision d, Func<bool> isEnough, List<PreemptionTake> takes)
    {
        for (var index = takes.Count - 1; index >= 0; index--)
        {
            var take = takes[index];
            if (take.Held > 0 && takes.Exists(t => t.ReservationId == take.ReservationId && t.Confirmed > 0))
            {
                continue;
            }
            Move(d, d.Written(take.ReservationId)!, -take.Held, -take.Confirmed);
            if (isEnough())
            {
                takes.RemoveAt(index);
            }
            else
            {
                Move(d, d.Written(take.ReservationId)!, take.Held, take.Confirmed);
            }
        }
    }

    private static bool IsEnough(Decision d, in GrantOwner owner, long needed) =>
        Grants.Now(d, owner.Class).Available >= needed && QuotaRules.Room(d, owner) >= needed;

    // Given back is what the former customer had; what is borrowed in the kind of scope must be lendable all the same.
    private static bool IsCovered(Decision d, QuotaRow row, string customer) =>
        new QuotaState(d, row, customer) is var state && state.Borrowed <= state.Lendable;

    private static Int128 Excess(Decision d, QuotaRow row) => QuotaState.UsedBy(d, row, row.Value!) - row.Nominal;

    // Tried in the decision at hand, and undone: nothing of it is in an outcome.
    private static void Move(Decision d, Reservation known, long held, long confirmed)
    {
        Shift(d, EntryKind.HoldPreempted, Account.Held, held, known.ReservationId);
        Shift(d, EntryKind.ConfirmRevoked, Account.Confirmed, confirmed, known.ReservationId);
        d.Write(known with { Held = known.Held - held, Confirmed = known.Confirmed - confirmed });
    }

    private static void Shift(Decision d, EntryKind kind, Account account, long quantity, string reservationId)
    {
        if (quantity >= 0)
        {
            d.Post(kind, account, Account.Free, quantity, reservationId);
        }
        else
        {
            d.Post(kind, Account.Free, account, -quantity, reservationId);
        }
    }

    private readonly record struct Borrower(Reservation Reservation, QuotaRow Row);
}
