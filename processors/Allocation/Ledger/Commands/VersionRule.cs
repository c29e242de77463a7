using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Commands;

/// <summary>Tier 2: the version that the producer saw is the one there is.</summary>
internal static class VersionRule
{
    public static void Check(Decision d, Reservation? known)
    {
        if (d.Command!.ExpectedVersion is not { } expected)
        {
            return;
        }
        var actual = known?.Version ?? 0;
        var isSame = expected == actual;
        d.Look(Step(
            DecisionRule.Version, isSame ? RuleResult.Passed : RuleResult.Failed, "",
            N(NumberName.Expected, expected), N(NumberName.Actual, actual)));
        if (!isSame)
        {
            d.Fail(
                ReasonCode.VersionMismatch, "", known?.ReservationId, N(NumberName.Expected, expected),
                N(NumberName.Actual, actual));
        }
    }
}
