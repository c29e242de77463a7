using Alloc.Processors.Allocation.Ledger.Holds;
using Alloc.Processors.Allocation.Ledger.Supply;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Commitment;

/// <summary>Return: a physical fact, never refused. What had not been consumed comes back as an orphan.</summary>
internal static class ReturnRules
{
    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.Return returned)
    {
        var fact = new PhysicalFact(
            returned.ConsumeId, returned.Quantity, returned.Source, returned.SourceSequence, IsReturn: true);
        if (PhysicalFacts.IsKnown(d, fact, out var answer))
        {
            return answer;
        }
        var known = d.Find(returned.ReservationId);
        d.Look(Transition(CommandKind.Return, ReservationStatuses.Of(known, d.T)));

        var matched = Math.Min(returned.Quantity, (known?.Consumed ?? 0) - (known?.Returned ?? 0));
        var orphaned = returned.Quantity - matched;
        var ofOrphans = Math.Min(orphaned, known?.Orphaned ?? 0);
        // A unit of stock that is back is there. A capacity pool has its total: it gets back only what was in use.
        var posted = d.Pool.Settings.Kind == PoolKind.Capacity ? ofOrphans : orphaned;
        var moved = matched + posted;

        var verdict = PhysicalFacts.Arrive(d, fact with { Quantity = moved });
        if (PhysicalFacts.IsRefused(verdict))
        {
            return d.Rejected(returned.ReservationId);
        }
        var target = returned.Disposition == ReturnDisposition.Blocked ? Account.Blocked : Account.Free;
        d.Post(EntryKind.Returned, Account.Consumed, target, moved, returned.ReservationId);
        var isReflected = verdict == SequenceVerdict.Reflected;
        if (isReflected)
        {
            PhysicalFacts.PutBack(d, moved, returned.ReservationId);
        }
        if (known is not null && matched + ofOrphans > 0)
        {
            d.Write(known with
            {
                Version = known.Version + 1,
                Returned = checked(known.Returned + matched),
                Orphaned = known.Orphaned - ofOrphans,
            });
        }
        return matched == 0
            ? new AllocationOutcomeEvent.OrphanReturned
            {
                ReservationId = returned.ReservationId,
                ConsumeId = returned.ConsumeId,
                Quantity = orphaned,
                Posted = posted,
                Disposition = returned.Disposition,
                Reflected = isReflected,
            }
            : new AllocationOutcomeEvent.Returned
            {
                ReservationId = returned.ReservationId,
                ConsumeId = returned.ConsumeId,
                Quantity = matched,
                Orphaned = orphaned,
                Disposition = returned.Disposition,
                Reflected = isReflected,
            };
    }
}
