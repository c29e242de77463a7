using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Ledger.Holds;
using Alloc.Processors.Allocation.Ledger.Supply;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Commitment;

/// <summary>
/// Consume: a physical fact, never refused. What a promise covers leaves it; a consumption that comes before its hold
/// or its confirmation waits for grace G; what nothing covers is an orphan.
/// </summary>
internal static class ConsumeRules
{
    public static Ruling Decide(Decision d, AllocationCommandBody.Consume consume)
    {
        var fact = new PhysicalFact(
            consume.ConsumeId, consume.Quantity, consume.Source, consume.SourceSequence, IsReturn: false);
        if (d.Parked is null && PhysicalFacts.IsKnown(d, fact, out var answer))
        {
            return answer;
        }
        var known = d.Find(consume.ReservationId);
        var status = ReservationStatuses.Of(known, d.T);
        var mayStillCome = status is ReservationStatus.None or ReservationStatus.Held;
        if (mayStillCome && consume.Quantity > (known?.Confirmed ?? 0)
            && Parking.TryPark(d, consume.ReservationId, known, out var parked))
        {
            if (parked.Happened is not null
                && PhysicalFacts.IsRefused(PhysicalFacts.Register(d, fact, isPosted: false)))
            {
                d.DropEffects();
                return d.Rejected(consume.ReservationId);
            }
            return parked;
        }
        d.Look(Transition(CommandKind.Consume, status));
        var verdict = PhysicalFacts.Arrive(d, fact);
        return PhysicalFacts.IsRefused(verdict)
            ? d.Rejected(consume.ReservationId)
            : Apply(d, consume, known, verdict == SequenceVerdict.Reflected);
    }

    private static AllocationOutcomeEvent Apply(
        Decision d, AllocationCommandBody.Consume consume, Reservation? known, bool isReflected)
    {
        var id = consume.ReservationId;
        var before = known ?? new Reservation { ReservationId = id, Version = 0 };
        var fromConfirmed = Math.Min(consume.Quantity, before.Confirmed);
        var fromHeld = FromHeld(d, before, consume.Quantity - fromConfirmed);
        var covered = fromConfirmed + fromHeld;
        var orphaned = consume.Quantity - covered;

        d.Post(EntryKind.HoldConfirmed, Account.Held, Account.Confirmed, fromHeld, id);
        d.Post(EntryKind.Consumed, Account.Confirmed, Account.Consumed, covered, id);
        d.Post(EntryKind.OrphanConsumed, Account.Free, Account.Consumed, orphaned, id);
        if (isReflected)
        {
            PhysicalFacts.TakeOff(d, consume.Quantity, id);
        }
        WriteAfter(d, before, fromConfirmed, fromHeld, orphaned);
        return covered == 0
            ? new AllocationOutcomeEvent.OrphanConsumed
            {
                ReservationId = id,
                ConsumeId = consume.ConsumeId,
                Quantity = orphaned,
                Reflected = isReflected,
            }
            : new AllocationOutcomeEvent.Consumed
            {
                ReservationId = id,
                ConsumeId = consume.ConsumeId,
                Quantity = covered,
                FromHeld = fromHeld,
                Orphaned = orphaned,
                Reflected = isReflected,
            };
    }

    private static long FromHeld(Decision d, Reservation before, long rest)
    {
        if (rest == 0 || before.Held == 0)
        {
            return 0;
        }
        var conduct = d.Policy.ConductFor(d.Pool.PoolId);
        d.Look(Step(
            DecisionRule.ConsumeFromHeld, conduct.ConsumeFromHeld ? RuleResult.Applied : RuleResult.Skipped, conduct.Id,
            N(NumberName.Need, rest), N(NumberName.Held, before.Held)));
        return conduct.ConsumeFromHeld ? Math.Min(rest, before.Held) : 0;
    }

    private static void WriteAfter(Decision d, Reservation before, long fromConfirmed, long fromHeld, long orphaned)
    {
        var held = before.Held - fromHeld;
        var confirmed = before.Confirmed - fromConfirmed;
        if (held == 0 && before.Held > 0)
        {
            d.CancelTimer(before.ExpiresAtMs!.Value, TimerKind.Expiry, before.ReservationId);
        }
        // An orphan is remembered where nothing else is, and revives nothing.
        var isEnd = held == 0 && confirmed == 0
            && (fromConfirmed + fromHeld > 0 || before.EndedBy is Ending.Nothing or Ending.Failed);
        d.Write(before with
        {
            Version = before.Version + 1,
            Held = held,
            Confirmed = confirmed,
            Consumed = checked(before.Consumed + fromConfirmed + fromHeld),
            Orphaned = checked(before.Orphaned + orphaned),
            ExpiresAtMs = held == 0 ? null : before.ExpiresAtMs,
            HeldTakenBy = held == 0 && fromHeld > 0 ? Ending.Consumed : before.HeldTakenBy,
            EndedBy = isEnd ? Ending.Consumed : before.EndedBy,
        });
    }
}
