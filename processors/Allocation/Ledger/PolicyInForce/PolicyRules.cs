using System.Globalization;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.PolicyInForce;

/// <summary>
/// PolicyActivate: a policy is taken if it is newer than any before and valid, and is in force from effectiveAt on.
/// Several may be scheduled; in force is the highest version whose time has come.
/// </summary>
internal static class PolicyRules
{
    /// <summary>Most policies that wait for their time.</summary>
    public const int MaximumScheduled = 8;

    private const int MaximumErrors = 8;
    private const int MaximumErrorLength = 400;

    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.PolicyActivate activate)
    {
        var latest = d.Book.Latest(d.State);
        if (activate.Version <= latest.Version)
        {
            return Known(d, activate, latest);
        }
        var policy = Read(d, activate, latest);
        var isInForce = activate.EffectiveAtMs <= d.T;
        if (!isInForce && d.State.Settings.Policies.Count > MaximumScheduled)
        {
            d.Fail(ReasonCode.PolicyConflict, $"{MaximumScheduled} policies wait for their time already");
        }
        if (policy is null || d.IsRejected)
        {
            return d.Rejected();
        }
        d.Look(Step(
            DecisionRule.Policy, RuleResult.Applied, isInForce ? "in force" : "scheduled",
            N(NumberName.Version, activate.Version), N(NumberName.EffectiveAt, activate.EffectiveAtMs)));
        d.Book.Keep(policy, activate.ContentHash);
        if (isInForce)
        {
            PutInForce(d, policy);
        }
        else
        {
            d.SetTimer(activate.EffectiveAtMs, TimerKind.PolicyStep, IdOf(activate.Version));
        }
        return new AllocationOutcomeEvent.PolicyActivated
        {
            Version = activate.Version,
            Document = activate.Document,
            ContentHash = activate.ContentHash,
            EffectiveAtMs = activate.EffectiveAtMs,
            InForce = isInForce,
        };
    }

    /// <summary>The time of a scheduled policy has come.</summary>
    public static AllocationOutcomeEvent TakeForce(Decision d, LedgerTimer timer)
    {
        foreach (var scheduled in d.State.Settings.Policies)
        {
            if (scheduled.EffectiveAtMs == timer.DueAtMs && IdOf(scheduled.Version) == timer.Id)
            {
                d.Look(Step(
                    DecisionRule.Policy, RuleResult.Applied, "in force", N(NumberName.Version, scheduled.Version),
                    N(NumberName.EffectiveAt, scheduled.EffectiveAtMs)));
                d.CancelTimer(timer.DueAtMs, TimerKind.PolicyStep, timer.Id);
                PutInForce(d, d.Book.Of(d.State, scheduled.Version));
                return new AllocationOutcomeEvent.PolicyActivated
                {
                    Version = scheduled.Version,
                    Document = scheduled.Document,
                    ContentHash = scheduled.ContentHash,
                    EffectiveAtMs = scheduled.EffectiveAtMs,
                    InForce = true,
                };
            }
        }
        throw new LedgerFaultException($"Policy version {timer.Id} is due, but is not scheduled.");
    }

    /// <summary>The policy whose time has come although its timer has not fired yet; false: none.</summary>
    public static bool TryFindDue(ILedgerState state, string poolId, long t, out LedgerTimer timer)
    {
        timer = default;
        foreach (var scheduled in state.Settings.Policies)
        {
            if (scheduled.Version > state.Partition.PolicyVersion && scheduled.EffectiveAtMs <= t)
            {
                timer = new LedgerTimer(
                    scheduled.EffectiveAtMs, TimerKind.PolicyStep, poolId, IdOf(scheduled.Version));
            }
        }
        return timer.PoolId is not null;
    }

    // Lower versions that still wait never come into force.
    private static void PutInForce(Decision d, AllocationPolicy policy)
    {
        foreach (var scheduled in d.State.Settings.Policies)
        {
            if (scheduled.Version < policy.Version && scheduled.Version > d.Policy.Version)
            {
                d.CancelTimer(scheduled.EffectiveAtMs, TimerKind.PolicyStep, IdOf(scheduled.Version));
            }
        }
        d.PutInForce(policy);
    }

    private static AllocationOutcomeEvent Known(
        Decision d, AllocationCommandBody.PolicyActivate activate, AllocationPolicy latest)
    {
        var isOlder = activate.Version < latest.Version;
        var isSame = isOlder || activate.ContentHash == PolicyDocument.HashOf(latest);
        d.Look(Step(
            DecisionRule.Policy, isSame ? RuleResult.Skipped : RuleResult.Failed, isOlder ? "older" : "same version",
            N(NumberName.Version, activate.Version), N(NumberName.Actual, latest.Version)));
        if (isSame)
        {
            return new AllocationOutcomeEvent.NoOp { Why = isOlder ? NoOpWhy.PolicyOlder : NoOpWhy.PolicyKnown };
        }
        d.Fail(
            ReasonCode.PolicyConflict, $"version {activate.Version} has another content hash already", null,
            N(NumberName.Version, activate.Version));
        return d.Rejected();
    }

    private static AllocationPolicy? Read(
        Decision d, AllocationCommandBody.PolicyActivate activate, AllocationPolicy latest)
    {
        var reading = PolicyDocument.Parse(activate.Document, latest);
        for (var index = 0; index < Math.Min(reading.Errors.Count, MaximumErrors); index++)
        {
            var text = reading.Errors[index].Show();
            d.Fail(
                ReasonCode.InvalidPolicy, text.Length > MaximumErrorLength ? text[..MaximumErrorLength] : text, null,
                N(NumberName.Index, index), N(NumberName.Actual, reading.Errors.Count));
        }
        if (reading.Policy is { } policy)
        {
            if (policy.Version != activate.Version)
            {
                d.Fail(
                    ReasonCode.InvalidPolicy, "the document has another version than the command", null,
                    N(NumberName.Expected, activate.Version), N(NumberName.Actual, policy.Version));
            }
            if (PolicyDocument.HashOf(policy) != activate.ContentHash)
            {
                d.Fail(ReasonCode.InvalidPolicy, "contentHash is not that of the canonical document");
            }
        }
        if (d.IsRejected)
        {
            d.Look(Step(
                DecisionRule.Policy, RuleResult.Failed, "document", N(NumberName.Version, activate.Version)));
        }
        return d.IsRejected ? null : reading.Policy;
    }

    private static string IdOf(int version) => version.ToString(CultureInfo.InvariantCulture);
}
