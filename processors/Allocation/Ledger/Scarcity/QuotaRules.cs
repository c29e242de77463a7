using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Scarcity;

/// <summary>
/// Tier 5: what one customer, channel, tier, dealer or class may have of a pool. Whoever names none of a scope that
/// counts is granted nothing, unless the row says that they are not limited. A row with a value has units of its
/// own (nominal), may borrow more up to its limit, and lends unused ones to others of its scope; at every grant all
/// that is borrowed is covered by what is lendable. A row without a value gives each its own limit and lends nothing.
/// </summary>
internal static class QuotaRules
{
    private static readonly QuotaScope[] Kinds = Enum.GetValues<QuotaScope>();

    /// <summary>
    /// Looks at every quota that the owner counts against; adds QuotaExceeded for each without enough room.
    /// </summary>
    /// <returns>Units that all of them still allow; <see cref="long.MaxValue"/> where there is none.</returns>
    public static long Check(Decision d, in GrantOwner owner, long quantity, string? reservationId = null)
    {
        if (d.Policy.QuotaTable.Count == 0 || d.Policy.QuotasFor(d.Pool.PoolId).IsEmpty)
        {
            return long.MaxValue;
        }
        var least = long.MaxValue;
        foreach (var kind in Kinds)
        {
            if (RequiredOf(d, owner, kind) is { } required)
            {
                LookAtNobody(d, required, reservationId);
                least = 0;
            }
            else if (ValueOf(d.Policy, owner, kind) is { } value
                && d.Policy.QuotaFor(d.Pool.PoolId, kind, value) is { } row)
            {
                least = Math.Min(least, Look(d, new QuotaState(d, row, value), quantity, reservationId));
            }
        }
        return least;
    }

    /// <summary>
    /// A reservation gets another customer: its units need room in that customer's quota; those of the one before are
    /// given back.
    /// </summary>
    public static void CheckNewCustomer(Decision d, Reservation before, string customerRef)
    {
        if (before.CustomerRef == customerRef
            || d.Policy.QuotaFor(d.Pool.PoolId, QuotaScope.Customer, customerRef) is not { } row)
        {
            return;
        }
        var units = UnitsOf(before, row.Counts);
        var state = new QuotaState(d, row, customerRef, before.CustomerRef, units);
        if (units > 0)
        {
            Look(d, state, units, before.ReservationId);
        }
    }

    /// <summary>Units of a reservation that count against a quota.</summary>
    public static long UnitsOf(Reservation reservation, UsageCount counts)
    {
        var open = checked(reservation.Held + reservation.Confirmed);
        return counts == UsageCount.Lifetime
            ? checked(open + reservation.Consumed - reservation.Returned)
            : open;
    }

    /// <summary>Units that every quota of the owner still allows, without a trace.</summary>
    public static long Room(Decision d, in GrantOwner owner)
    {
        if (d.Policy.QuotaTable.Count == 0 || d.Policy.QuotasFor(d.Pool.PoolId).IsEmpty)
        {
            return long.MaxValue;
        }
        var least = long.MaxValue;
        foreach (var kind in Kinds)
        {
            if (RequiredOf(d, owner, kind) is not null)
            {
                return 0;
            }
            if (ValueOf(d.Policy, owner, kind) is { } value
                && d.Policy.QuotaFor(d.Pool.PoolId, kind, value) is { } row)
            {
                least = Math.Min(least, new QuotaState(d, row, value).Room);
            }
        }
        return least;
    }

    /// <summary>
    /// Whether some quota of the owner is too small for the quantity even when nothing is used, or asks for a name that
    /// the owner does not give.
    /// </summary>
    public static bool CanNeverFit(Decision d, in GrantOwner owner, long quantity)
    {
        if (d.Policy.QuotaTable.Count == 0)
        {
            return false;
        }
        foreach (var kind in Kinds)
        {
            if (RequiredOf(d, owner, kind) is not null)
            {
                return true;
            }
            if (ValueOf(d.Policy, owner, kind) is { } value
                && d.Policy.QuotaFor(d.Pool.PoolId, kind, value) is { } row
                && quantity > (Int128)row.Nominal + (row.Value is null ? 0 : row.BorrowingLimit))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The value that the owner has in a kind of scope; null: none.</summary>
    public static string? ValueOf(AllocationPolicy policy, in GrantOwner owner, QuotaScope kind) => kind switch
    {
        QuotaScope.Class => policy.ClassToday(owner.Class),
        QuotaScope.Channel => owner.Channel,
        QuotaScope.Tier => owner.Tier,
        QuotaScope.Customer => owner.CustomerRef,
        QuotaScope.Dealer => owner.Dealer,
        _ => null,
    };

    // The row that refuses an owner who names nobody in the scope, if there is one; an empty name is none.
    private static QuotaRow? RequiredOf(Decision d, in GrantOwner owner, QuotaScope kind) =>
        string.IsNullOrEmpty(ValueOf(d.Policy, owner, kind)) ? d.Policy.QuotaForNobody(d.Pool.PoolId, kind) : null;

    private static void LookAtNobody(Decision d, QuotaRow row, string? reservationId)
    {
        d.Look(Step(DecisionRule.Quota, RuleResult.Failed, row.Id));
        d.Fail(new Reason
        {
            Code = ReasonCode.ScopeRequired,
            Detail = row.Id,
            ReservationId = reservationId,
            Scope = Scopes.NameOf(row.Scope),
        });
    }

    private static long Look(Decision d, in QuotaState state, long quantity, string? reservationId)
    {
        var row = state.Row;
        var isWithin = quantity <= state.Room;
        var numbers = row.Value is null
            ? new[]
            {
                N(NumberName.Used, state.Used), N(NumberName.Limit, state.Limit), N(NumberName.Requested, quantity),
            }
            : [
                N(NumberName.Used, state.Used), N(NumberName.Limit, state.Limit), N(NumberName.Requested, quantity),
                N(NumberName.Nominal, row.Nominal), N(NumberName.BorrowingLimit, row.BorrowingLimit),
                N(NumberName.Borrowed, Availability.Saturate(state.Borrowed)),
                N(NumberName.Lendable, Availability.Saturate(state.Lendable)),
            ];
        d.Look(Step(DecisionRule.Quota, isWithin ? RuleResult.Passed : RuleResult.Failed, row.Id, numbers));
        if (!isWithin)
        {
            d.Fail(new Reason
            {
                Code = ReasonCode.QuotaExceeded,
                Detail = row.Id,
                ReservationId = reservationId,
                Scope = Scopes.Of(row.Scope, state.Value),
                Numbers = numbers,
            });
        }
        return state.Room;
    }
}
