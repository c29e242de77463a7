using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Supply;

/// <summary>SupplyDelta, Block and Unblock: facts about what there is to hand out.</summary>
internal static class SupplyRules
{
    /// <summary>
    /// Whether the ledger gives the fact its number, or the count its version: its source says neither.
    /// </summary>
    public static bool IsNumberedHere(AllocationCommandBody body) => body
        is AllocationCommandBody.SupplyDelta { SourceSequence: 0 }
        or AllocationCommandBody.SupplySnapshot { Version: -1 };

    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.SupplyDelta delta)
    {
        var verdict = IsNumberedHere(delta)
            ? SourceMarks.Number(d, delta.Source, out var mark)
            : SourceMarks.See(d, delta.Source, delta.SourceSequence, out mark);
        switch (verdict)
        {
            case SequenceVerdict.TooManyGaps or SequenceVerdict.NumberedOtherwise:
                SourceMarks.Fail(d, verdict, mark);
                return d.Rejected();
            case SequenceVerdict.Seen:
                return Ignored(delta, SupplyIgnoredWhy.Duplicate);
            case SequenceVerdict.Reflected:
                d.Write(mark);
                return Ignored(delta, SupplyIgnoredWhy.Reflected);
            default:
                break;
        }
        var sequence = IsNumberedHere(delta) ? mark.Highest : delta.SourceSequence;
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
            SourceSequence = sequence,
            Kind = SupplyFactKind.Delta,
            Quantity = delta.Quantity,
            Sequence = checked(d.Pool.Sequence + 1),
        });
        return new AllocationOutcomeEvent.SupplyApplied
        {
            Source = delta.Source,
            Change = delta.Quantity,
            SourceSequence = sequence,
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
