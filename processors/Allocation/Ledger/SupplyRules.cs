using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>SupplyDelta, Block and Unblock: facts about what there is to hand out.</summary>
internal static class SupplyRules
{
    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.SupplyDelta delta)
    {
        var verdict = SourceMarks.See(d, delta.Source, delta.SourceSequence, out var mark);
        switch (verdict)
        {
            case SequenceVerdict.TooManyGaps:
                d.Fail(ReasonCode.Malformed, "sourceSequence leaves too many gaps; ask the source for a snapshot");
                return d.Rejected();
            case SequenceVerdict.Seen:
                return Ignored(delta, SupplyIgnoredWhy.Duplicate);
            case SequenceVerdict.Reflected:
                d.Write(mark);
                return Ignored(delta, SupplyIgnoredWhy.Reflected);
            default:
                break;
        }
        if (delta.Quantity > 0)
        {
            d.Post(EntryKind.SupplyAdded, Account.External, Account.Free, delta.Quantity);
        }
        else
        {
            d.Post(EntryKind.SupplyRemoved, Account.Free, Account.External, checked(-delta.Quantity));
        }
        d.Write(mark with { Deltas = checked(mark.Deltas + delta.Quantity) });
        d.Write(new SupplyFact
        {
            Source = delta.Source,
            SourceSequence = delta.SourceSequence,
            Kind = SupplyFactKind.Delta,
            Quantity = delta.Quantity,
            Sequence = checked(d.Pool.Sequence + 1),
        });
        return new AllocationOutcomeEvent.SupplyApplied
        {
            Source = delta.Source,
            Change = delta.Quantity,
            SourceSequence = delta.SourceSequence,
        };
    }

    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.Block block)
    {
        d.Look(Step(
            DecisionRule.Availability, RuleResult.Skipped, "a block always applies",
            N(NumberName.Requested, block.Quantity), N(NumberName.Free, d.Free)));
        d.Post(EntryKind.Blocked, Account.Free, Account.Blocked, block.Quantity);
        return new AllocationOutcomeEvent.Blocked { Quantity = block.Quantity, Reason = block.Reason };
    }

    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.Unblock unblock)
    {
        var isThere = unblock.Quantity <= d.Blocked;
        d.Look(Step(
            DecisionRule.Availability, isThere ? RuleResult.Passed : RuleResult.Failed, "blocked",
            N(NumberName.Requested, unblock.Quantity), N(NumberName.Blocked, d.Blocked)));
        if (!isThere)
        {
            d.Fail(
                ReasonCode.ExceedsBlocked, "", null,
                N(NumberName.Requested, unblock.Quantity), N(NumberName.Blocked, d.Blocked));
            return d.Rejected();
        }
        d.Post(EntryKind.Unblocked, Account.Blocked, Account.Free, unblock.Quantity);
        return new AllocationOutcomeEvent.Unblocked { Quantity = unblock.Quantity, Reason = unblock.Reason };
    }

    private static AllocationOutcomeEvent.SupplyIgnored Ignored(
        AllocationCommandBody.SupplyDelta delta, SupplyIgnoredWhy why) =>
        new() { Source = delta.Source, Why = why, SourceSequence = delta.SourceSequence };
}
