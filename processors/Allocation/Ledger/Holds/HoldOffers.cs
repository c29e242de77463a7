using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Holds;

/// <summary>What a request is offered.</summary>
/// <param name="DefaultClass">Class of the lines that name none.</param>
/// <param name="HasSeveralClasses">Its lines do not all have the same class.</param>
/// <param name="TtlMs">Life of the hold.</param>
internal readonly record struct HoldOffer(string DefaultClass, bool HasSeveralClasses, long TtlMs)
{
    /// <summary>The class of a line.</summary>
    public string ClassOf(HoldLine line) => line.Class ?? DefaultClass;
}

/// <summary>Tier 3: what the policy offers to a hold.</summary>
internal static class HoldOffers
{
    public static HoldOffer Check(Decision d, AllocationCommandBody.Hold hold, IReadOnlyList<HoldLine> lines)
    {
        if (hold.Mode == HoldMode.Waitlist)
        {
            CheckWaiting(d, hold);
        }
        GrantBars.CheckOffer(d);
        return CheckClasses(d, hold, lines);
    }

    private static void CheckWaiting(Decision d, AllocationCommandBody.Hold hold)
    {
        var row = d.Policy.WaitlistFor(d.Pool.PoolId);
        if (row is null)
        {
            d.Look(Step(DecisionRule.Offered, RuleResult.Failed, "waitlist"));
            d.Fail(ReasonCode.PolicyForbids, "the policy offers no waitlist");
        }
        var isOver = hold.WaitUntilMs <= d.T;
        if (row is not null || isOver)
        {
            d.Look(Step(DecisionRule.Offered, isOver ? RuleResult.Failed : RuleResult.Passed, row?.Id ?? "waitUntil"));
        }
        if (isOver)
        {
            d.Fail(
                ReasonCode.PolicyForbids, "waitUntil is over", null, N(NumberName.WaitUntil, hold.WaitUntilMs!.Value),
                N(NumberName.Time, d.T));
        }
    }

    // A request has one expiry: within the bounds of each of its classes, the shortest default where it asks for none.
    private static HoldOffer CheckClasses(
        Decision d, AllocationCommandBody.Hold hold, IReadOnlyList<HoldLine> lines)
    {
        var common = lines[0].Class is null ? Default(d, hold, lines[0]) : null;
        var first = common ?? Named(d, lines[0].Class!, lines[0]);
        var hasSeveral = false;
        for (var index = 1; index < lines.Count; index++)
        {
            var line = lines[index];
            var priorityClass = line.Class is { } named
                ? Named(d, named, line)
                : common ??= Default(d, hold, line);
            hasSeveral |= priorityClass != first;
        }
        var offer = new HoldOffer(common ?? first, hasSeveral, LifeOf(d, first, hold, lines[0]));
        for (var index = 1; index < lines.Count && hasSeveral; index++)
        {
            var priorityClass = offer.ClassOf(lines[index]);
            if (priorityClass != first && d.Policy.HasClass(priorityClass))
            {
                offer = offer with
                {
                    TtlMs = Math.Min(offer.TtlMs, LifeOf(d, priorityClass, hold, lines[index])),
                };
            }
        }
        return offer;
    }

    private static long LifeOf(
        Decision d, string priorityClass, AllocationCommandBody.Hold hold, HoldLine line)
    {
        GrantBars.CheckModeFor(d, priorityClass, line.ReservationId);
        return ModeRules.Shorten(d, priorityClass, TtlRule.Check(d, priorityClass, hold.TtlMs));
    }

    private static string Default(Decision d, AllocationCommandBody.Hold hold, HoldLine line)
    {
        if (hold.Class is { } requested)
        {
            return Named(d, requested, line);
        }
        var row = d.Policy.ClassFor(
            d.Pool.PoolId, d.Command!.Actor.Channel, d.Command.Actor.Tier, hold.Attributes);
        d.Look(Step(DecisionRule.Class, RuleResult.Applied, row.Id));
        return row.Class;
    }

    private static string Named(Decision d, string priorityClass, HoldLine line)
    {
        var isKnown = d.Policy.HasClass(priorityClass);
        d.Look(Step(DecisionRule.Class, isKnown ? RuleResult.Passed : RuleResult.Failed, priorityClass));
        if (!isKnown)
        {
            d.Fail(ReasonCode.PolicyForbids, $"the policy knows no class {priorityClass}", line.ReservationId);
        }
        return priorityClass;
    }
}
