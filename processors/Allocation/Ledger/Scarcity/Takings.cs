using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Scarcity;

/// <summary>One of several grants that a request asks for.</summary>
/// <param name="Owner">Who is granted units.</param>
/// <param name="ReservationId">The reservation.</param>
/// <param name="Needed">Units that it needs at least.</param>
/// <param name="Granted">How the reservation would be with them.</param>
internal readonly record struct GrantAsk(GrantOwner Owner, string ReservationId, long Needed, Reservation Granted);

/// <summary>
/// What a grant that lacks units or quota takes from others: the same for a hold, an increase, a reacquisition and one
/// whose turn it is in line. What was lent is taken back before a class takes from lower ones. A command that waited
/// takes from nobody.
/// </summary>
internal static class Takings
{
    private static readonly PreemptionPlan[] Nothing = [];

    /// <summary>Whether anybody may take anything from anybody.</summary>
    public static bool ArePossible(AllocationPolicy policy)
    {
        if (policy.PreemptionTable.Count > 0)
        {
            return true;
        }
        foreach (var row in policy.QuotaTable)
        {
            if (row.Reclaim != QuotaReclaim.None)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>
    /// What becomes of a grant whose checks failed: others have to lose units first, or it is rejected.
    /// </summary>
    public static Ruling OrRejected(Decision d, in GrantOwner owner, string reservationId, long needed) =>
        Plan(d, owner, reservationId, needed) is { } plans ? Ruling.First(plans) : d.Rejected(reservationId);

    /// <summary>
    /// Plans what one grant takes, after its checks failed. Null when nobody has to lose units for it; reasons say why.
    /// </summary>
    public static PreemptionPlan[]? Plan(Decision d, in GrantOwner owner, string reservationId, long needed) =>
        MayTake(d) && Find(d, owner, reservationId, needed, Nothing) is { } plan ? [plan] : null;

    /// <summary>
    /// Plans what several grants of one request take, all or nothing: each on what those before it take and are
    /// granted, and all of them again on what was found for one. Null when nobody has to lose units for them.
    /// </summary>
    public static PreemptionPlan[]? Plan(Decision d, GrantAsk[] asks)
    {
        if (!MayTake(d))
        {
            return null;
        }
        var plans = new List<PreemptionPlan>();
        var isEnough = false;
        for (var round = 0; round <= 2 * asks.Length; round++)
        {
            d.DropEffects();
            Apply(d, plans);
            if (FirstLacking(d, asks) is not { } lacking)
            {
                isEnough = true;
                break;
            }
            if (Find(d, lacking.Owner, lacking.ReservationId, lacking.Needed, plans) is not { } plan)
            {
                break;
            }
            plans.Add(plan);
        }
        d.DropEffects();
        return isEnough ? [.. plans] : null;
    }

    /// <summary>
    /// Plans what the new customer of a reservation takes back, after its quota turned out to be full. Null when nobody
    /// has to lose units for it.
    /// </summary>
    public static PreemptionPlan[]? PlanForOwner(Decision d, Reservation after) =>
        MayTake(d) && ReclaimRules.PlanForOwner(d, after) is { } plan ? [plan] : null;

    /// <summary>Who would lose what; null when nobody may, or not enough.</summary>
    public static PreemptionPlan? Find(
        Decision d, in GrantOwner owner, string reservationId, long needed, IReadOnlyList<PreemptionPlan> before)
    {
        if (ReclaimRules.Plan(d, owner, reservationId, needed) is { } plan)
        {
            return plan;
        }
        return QuotaRules.Room(d, owner) >= needed
            ? PreemptionRules.Plan(
                d, owner.Class, reservationId,
                Availability.Saturate((Int128)needed - Grants.Now(d, owner.Class).Available), before)
            : null;
    }

    /// <summary>The outcome that is granted what was taken says so.</summary>
    public static void Tell(Decision d)
    {
        if (d.Taken.Plans is not { } plans)
        {
            return;
        }
        for (var index = 0; index < plans.Length; index++)
        {
            var row = plans[index].Row?.Id;
            PreemptionRules.Tell(d, plans[index], isFirst: Array.FindIndex(plans, p => p.Row?.Id == row) == index);
        }
    }

    /// <summary>Tries what is taken in the decision at hand.</summary>
    public static void Apply(Decision d, IReadOnlyList<PreemptionPlan> plans)
    {
        foreach (var plan in plans)
        {
            foreach (var take in plan.Takes)
            {
                var known = d.Written(take.ReservationId) ?? d.Find(take.ReservationId)!;
                d.Post(EntryKind.HoldPreempted, Account.Held, Account.Free, take.Held, take.ReservationId);
                d.Post(EntryKind.ConfirmRevoked, Account.Confirmed, Account.Free, take.Confirmed, take.ReservationId);
                d.Write(known with { Held = known.Held - take.Held, Confirmed = known.Confirmed - take.Confirmed });
            }
        }
    }

    private static bool MayTake(Decision d) =>
        ArePossible(d.Policy) && d.Taken.Plans is null && d.Parked is null && d.Approved is null
        && AuthorityRules.MayGrant(d) && d.OnlyRejectedFor(
            ReasonCode.InsufficientAvailability, ReasonCode.ProtectedForHigherClass, ReasonCode.QuotaExceeded);

    private static GrantAsk? FirstLacking(Decision d, GrantAsk[] asks)
    {
        foreach (var ask in asks)
        {
            if (Grants.Most(d, ask.Owner) < ask.Needed)
            {
                return ask;
            }
            d.Post(EntryKind.Held, Account.Free, Account.Held, ask.Needed, ask.ReservationId);
            d.Write(ask.Granted);
        }
        return null;
    }
}
