using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Ledger.Holds;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Commitment;

/// <summary>
/// ForceRelease: an operator takes units back, also against the rules for producers. Held units go at once; confirmed
/// ones when another operator approves it, and until then nothing moves.
/// </summary>
internal static class ForceReleaseRules
{
    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.ForceRelease force)
    {
        var id = force.ReservationId;
        var known = d.Find(id);
        var status = ReservationStatuses.Of(known, d.T);
        VersionRule.Check(d, known);
        if (status == ReservationStatus.None)
        {
            return LiveRule.Reject(d, id, status, ReasonCode.UnknownReservation);
        }
        if (status == ReservationStatus.Consumed)
        {
            return LiveRule.Reject(d, id, status, ReasonCode.AlreadyConsumed);
        }
        var hasUnits = status is ReservationStatus.Held or ReservationStatus.Confirmed;
        var (fromHeld, fromConfirmed) = hasUnits
            ? GivingBack.Divide(d, known!, force.Quantity, force.Bucket)
            : (0, 0);
        if (status == ReservationStatus.Waitlisted)
        {
            GivingBack.CheckWaiting(d, known!, force.Quantity, force.Bucket);
        }
        var mustWait = fromConfirmed > 0 && d.Approved is null;
        if (!d.IsRejected)
        {
            Operators.Check(d);
            if (mustWait)
            {
                Approvals.CheckRoom(d, id);
            }
        }
        if (d.IsRejected)
        {
            d.Look(Rejection(CommandKind.ForceRelease, status));
            return d.Rejected(id);
        }
        if (mustWait)
        {
            return Approvals.Wait(d, id);
        }
        d.Look(Transition(CommandKind.ForceRelease, status));
        var isWhole = force.Quantity is null && force.Bucket == ReleaseBucket.All;
        if (status == ReservationStatus.Waitlisted)
        {
            return GivingBack.StopWaiting(d, known!, force.Quantity, isWhole, force.Reason);
        }
        if (!hasUnits)
        {
            return ReleaseRules.WithoutUnits(d, id, force.Reason, known, status);
        }
        GivingBack.Post(d, known!, fromHeld, fromConfirmed, isWhole);
        return new AllocationOutcomeEvent.Released
        {
            ReservationId = id,
            Held = fromHeld,
            Confirmed = fromConfirmed,
            Reason = force.Reason,
        };
    }
}

/// <summary>Tier 3: the actor is an operator.</summary>
internal static class Operators
{
    public static void Check(Decision d)
    {
        var actor = d.Command!.Actor;
        var isOperator = actor.Type == ActorType.Operator && actor.Id.Length > 0;
        d.Look(Step(DecisionRule.Approval, isOperator ? RuleResult.Passed : RuleResult.Failed, "operator"));
        if (!isOperator)
        {
            d.Fail(ReasonCode.PolicyForbids, $"{d.Kind} is for actors of type Operator with an id");
        }
    }
}
