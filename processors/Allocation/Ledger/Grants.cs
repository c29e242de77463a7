using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>What is checked before a reservation that exists gets more units.</summary>
internal static class Grants
{
    /// <summary>Tiers 3 to 6; true when the units may be granted.</summary>
    /// <param name="d">The decision.</param>
    /// <param name="owner">The reservation as it is.</param>
    /// <param name="more">Units to grant.</param>
    /// <param name="total">Units that it holds and has confirmed afterwards.</param>
    public static bool Check(Decision d, Reservation owner, long more, long total)
    {
        CheckOffer(d);
        if (d.IsRejected)
        {
            return false;
        }
        CheckCapacity(d, total);
        CheckAvailability(d, owner, more);
        return !d.IsRejected;
    }

    /// <summary>Tier 3: whether the pool hands out anything at all.</summary>
    public static void CheckOffer(Decision d)
    {
        if (d.Pool.Settings.ClosesAtMs is not { } closesAt)
        {
            return;
        }
        var isOpen = d.T < closesAt;
        d.Look(Step(
            DecisionRule.Closed, isOpen ? RuleResult.Passed : RuleResult.Failed, "",
            N(NumberName.ClosesAt, closesAt), N(NumberName.Time, d.T)));
        if (!isOpen)
        {
            d.Fail(
                ReasonCode.PolicyForbids, "the pool is closed", null, N(NumberName.ClosesAt, closesAt),
                N(NumberName.Time, d.T));
        }
    }

    /// <summary>Tier 4: what can never fit.</summary>
    public static void CheckCapacity(Decision d, long total)
    {
        if (d.Pool.Settings.MaximumCapacity is not { } maximum)
        {
            return;
        }
        var fits = total <= maximum;
        d.Look(Step(
            DecisionRule.MaximumCapacity, fits ? RuleResult.Passed : RuleResult.Failed, "",
            N(NumberName.Requested, total), N(NumberName.Maximum, maximum)));
        if (!fits)
        {
            d.Fail(
                ReasonCode.ExceedsMaximumCapacity, "", null, N(NumberName.Requested, total),
                N(NumberName.Maximum, maximum));
        }
    }

    // Tier 6.
    private static void CheckAvailability(Decision d, Reservation owner, long more)
    {
        var available = Availability.Of(d.Free).Available;
        var isEnough = available >= more;
        d.Look(Step(
            DecisionRule.Availability, isEnough ? RuleResult.Passed : RuleResult.Failed, owner.Class,
            N(NumberName.Requested, more), N(NumberName.Available, available)));
        if (!isEnough)
        {
            Shortage.Fail(d, more, available);
        }
    }
}
