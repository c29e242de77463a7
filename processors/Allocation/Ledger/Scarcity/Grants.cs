using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Scarcity;

/// <summary>Who is granted units: all that quotas count by.</summary>
internal readonly record struct GrantOwner(
    string Class, string? Channel, string? Tier, string? CustomerRef, string? Dealer)
{
    public static GrantOwner Of(Reservation reservation) => new(
        reservation.Class, reservation.Channel, reservation.Tier, reservation.CustomerRef, reservation.Dealer);
}

/// <summary>
/// The one check of every grant: of a hold, an increase, a reacquisition and a promotion. A grant needs
/// 1 ≤ quantity ≤ available(class), room in every quota, and passes nobody who waits.
/// </summary>
internal static class Grants
{
    /// <summary>
    /// Looks at the tiers 5 and 6 on the balances as they are in this decision; adds the reasons of all that fail.
    /// </summary>
    /// <param name="d">The decision.</param>
    /// <param name="owner">Who is granted units.</param>
    /// <param name="requested">Units asked for.</param>
    /// <param name="minimum">Units that are needed at least; null: all that are asked for.</param>
    /// <param name="reservationId">The line that it concerns, where a request has several.</param>
    /// <param name="newcomer">The reservation, unless it is a waiter whose turn it is: it passes nobody who waits.
    /// </param>
    /// <returns>Units that can be granted at most.</returns>
    public static long Check(
        Decision d, in GrantOwner owner, long requested, long? minimum = null, string? reservationId = null,
        string? newcomer = null)
    {
        var needed = minimum ?? requested;
        var room = QuotaRules.Check(d, owner, needed, reservationId);
        var availability = Look(d, owner.Class);
        var available = availability.Available;
        var isEnough = available >= needed;
        d.Look(AvailabilityStep(d, availability, isEnough, requested, minimum));
        if (!isEnough)
        {
            if (availability.Protected > 0)
            {
                d.Fail(
                    ReasonCode.ProtectedForHigherClass, "", reservationId, N(NumberName.Requested, needed),
                    N(NumberName.Available, available), N(NumberName.Protected, availability.Protected));
            }
            Shortage.Fail(d, needed, available, reservationId);
        }
        GrantBars.CheckMayBeServed(d, owner.Class, reservationId);
        if (newcomer is not null)
        {
            Waiting.CheckNobodyIsPassed(d, owner, needed, newcomer);
        }
        return Math.Min(available, room);
    }

    /// <summary>Grants a reservation more units to hold, after every check of a grant.</summary>
    /// <param name="d">The decision.</param>
    /// <param name="known">The reservation.</param>
    /// <param name="units">Units that it gets; all of them or none.</param>
    /// <returns>Why not, or who has to lose units first; null: they are posted from FREE to HELD.</returns>
    public static Ruling? Enlarge(Decision d, Reservation known, long units)
    {
        GrantBars.CheckOffer(d, known.Class);
        if (d.IsRejected)
        {
            return d.Rejected(known.ReservationId);
        }
        GrantBars.CheckCapacity(d, checked(known.Held + known.Confirmed + units));
        var owner = GrantOwner.Of(known);
        Check(d, owner, units, newcomer: known.ReservationId);
        if (d.IsRejected)
        {
            return Takings.OrRejected(d, owner, known.ReservationId, units);
        }
        Takings.Tell(d);
        d.Post(EntryKind.Held, Account.Free, Account.Held, units, known.ReservationId);
        return null;
    }

    /// <summary>Units that can be granted at most, without a trace.</summary>
    public static long Most(Decision d, in GrantOwner owner) =>
        Math.Min(Now(d, owner.Class).Available, QuotaRules.Room(d, owner));

    /// <summary>What the class can get now, in this decision.</summary>
    public static Availability Now(Decision d, string priorityClass) =>
        Availability.For(d.Policy, d.Figures, priorityClass, d.T, d.UsageOf);

    // As Now, with the rows it follows from in the trace.
    private static Availability Look(Decision d, string priorityClass)
    {
        var availability = Now(d, priorityClass);
        if (d.Policy.OverbookingTable.Count == 0 && d.Policy.ProtectionTable.Count == 0)
        {
            return availability;
        }
        if (d.Policy.OverbookingFor(d.Pool.PoolId) is { } row)
        {
            d.Look(Step(
                DecisionRule.Overbooking, row.IsFor(d.Policy.ClassToday(priorityClass))
                    ? RuleResult.Applied : RuleResult.Skipped,
                row.Id, N(NumberName.Limit, row.UnitsAt(d.Figures.Total, d.Figures.ServiceAtMs, d.T)),
                N(NumberName.Overbooking, availability.Overbooking)));
        }
        if (!d.Policy.ProtectionsFor(d.Pool.PoolId).IsEmpty)
        {
            LookAtProtection(d, d.Policy.ClassToday(priorityClass));
        }
        return availability;
    }

    private static void LookAtProtection(Decision d, string priorityClass)
    {
        foreach (var higher in d.Policy.Classes)
        {
            if (higher == priorityClass)
            {
                return;
            }
            if (d.Policy.ProtectionFor(d.Pool.PoolId, higher) is { } row)
            {
                d.Look(Step(
                    DecisionRule.Protection, RuleResult.Applied, row.Id, N(NumberName.Limit, row.Units),
                    N(NumberName.Used, Availability.UsedBy(d.Policy, higher, row.Counts, d.UsageOf)),
                    N(NumberName.Protected, Availability.KeptFor(d.Policy, d.Pool.PoolId, higher, d.UsageOf))));
            }
        }
    }

    private static DecisionStep AvailabilityStep(
        Decision d, in Availability availability, bool isEnough, long requested, long? minimum)
    {
        var result = isEnough ? RuleResult.Passed : RuleResult.Failed;
        var available = N(NumberName.Available, availability.Available);
        var asked = N(NumberName.Requested, requested);
        if (d.Policy.OverbookingFor(d.Pool.PoolId) is null && d.Policy.ProtectionsFor(d.Pool.PoolId).IsEmpty
            && d.Free == d.Pool.Balances.Free)
        {
            return minimum is { } least
                ? Step(DecisionRule.Availability, result, "", asked, N(NumberName.Minimum, least), available)
                : Step(DecisionRule.Availability, result, "", asked, available);
        }
        return Step(
            DecisionRule.Availability, result, "", asked, N(NumberName.Minimum, minimum ?? requested), available,
            N(NumberName.Free, availability.Free), N(NumberName.Overbooking, availability.Overbooking),
            N(NumberName.Protected, availability.Protected));
    }
}
