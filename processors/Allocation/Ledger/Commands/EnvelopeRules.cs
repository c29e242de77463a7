using Alloc.Processors.Allocation.Ledger.Holds;
using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Ledger.Supply;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Commands;

/// <summary>Tiers 0 and 1: shape, command id, age, deadline, authority and pool.</summary>
internal static class EnvelopeRules
{
    /// <summary>Adds the reasons of the first of the two tiers that fails.</summary>
    /// <param name="d">The decision.</param>
    /// <param name="command">The command.</param>
    /// <param name="isConflict">Another command had its id.</param>
    public static void Check(Decision d, AllocationCommand command, bool isConflict)
    {
        d.Look(isConflict ? Trace.IdempotencyConflict : Trace.IdempotencyPassed);
        ShapeRules.Check(d, command);
        d.Look(d.IsRejected ? Trace.ShapeFailed : Trace.ShapePassed);
        if (isConflict)
        {
            d.Fail(ReasonCode.IdempotencyConflict, "another command had this commandId");
        }
        if (CommandKinds.IsFact(d.Kind))
        {
            // A fact that the ledger numbers is told from a repeat by its command id alone, which is forgotten.
            if (SupplyRules.IsNumberedHere(command.Body))
            {
                CheckAge(d, command);
            }
            return;
        }
        CheckAge(d, command);
        CheckDeadline(d, command);
        if (!d.IsRejected)
        {
            CheckAuthority(d, command);
        }
    }

    /// <summary>Tier 0: what asks for units asks in time.</summary>
    public static void CheckDeadline(Decision d, AllocationCommand command)
    {
        if (command.DeadlineMs is not { } deadline
            || !(d.Kind is CommandKind.Hold or CommandKind.Confirm or CommandKind.Extend || IsIncrease(d, command)))
        {
            return;
        }
        var isOver = deadline < d.T;
        d.Look(Trace.Step(
            DecisionRule.Deadline, isOver ? RuleResult.Failed : RuleResult.Passed, "",
            Trace.N(NumberName.Deadline, deadline), Trace.N(NumberName.Time, d.T)));
        if (isOver)
        {
            d.Fail(
                ReasonCode.DeadlineExceeded, "", null, Trace.N(NumberName.Deadline, deadline),
                Trace.N(NumberName.Time, d.T));
        }
    }

    private static void CheckAge(Decision d, AllocationCommand command)
    {
        var limits = d.Policy.Limits;
        var oldest = d.T - limits.CommandRetentionMs;
        var newest = checked(d.T + limits.MaximumClockSkewMs);
        var isOld = command.IssuedAtMs < oldest;
        var isAhead = command.IssuedAtMs > newest;
        d.Look(Trace.Step(
            DecisionRule.Age, isOld || isAhead ? RuleResult.Failed : RuleResult.Passed, "",
            Trace.N(NumberName.IssuedAt, command.IssuedAtMs), Trace.N(NumberName.OldestAccepted, oldest)));
        if (isOld)
        {
            d.Fail(
                ReasonCode.TooOld, "", null,
                Trace.N(NumberName.IssuedAt, command.IssuedAtMs), Trace.N(NumberName.OldestAccepted, oldest));
        }
        if (isAhead)
        {
            d.Fail(
                ReasonCode.Malformed, "issuedAt is ahead of the log", null,
                Trace.N(NumberName.IssuedAt, command.IssuedAtMs), Trace.N(NumberName.NewestAccepted, newest));
        }
    }

    private static void CheckAuthority(Decision d, AllocationCommand command)
    {
        AuthorityRules.Check(d, command, IsIncrease(d, command));
        if (d.Kind is CommandKind.Hold or CommandKind.Import or CommandKind.Repair && !d.IsPoolKnownByName)
        {
            d.Fail(ReasonCode.UnknownPool, command.PoolId);
        }
    }

    private static bool IsIncrease(Decision d, AllocationCommand command) =>
        command.Body is AllocationCommandBody.Amend amend && AmendRules.IsIncrease(d, amend);
}
