using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Commitment;

/// <summary>
/// The second pair of eyes. A command that needs an approval is kept as a whole and answered PendingApproval. Approve
/// has an outcome of its own, which says that it was accepted; the outcome that decides the approved command follows,
/// caused by the approval, by the rules and the state of that moment. Without an approval in time it is rejected.
/// </summary>
internal static class Approvals
{
    /// <summary>Tier 3: whether one more may wait.</summary>
    public static void CheckRoom(Decision d, string reservationId)
    {
        var limits = d.Policy.Limits;
        var hasRoom = d.Pool.Approvals < limits.ApprovalsPerPool;
        d.Look(Step(
            DecisionRule.Approval, hasRoom ? RuleResult.Applied : RuleResult.Failed, "needed",
            N(NumberName.Waiting, d.Pool.Approvals), N(NumberName.Limit, limits.ApprovalsPerPool),
            N(NumberName.Deadline, DueAt(d))));
        if (!hasRoom)
        {
            d.Fail(
                ReasonCode.PolicyForbids, "too many commands of the pool wait for an approval", reservationId,
                N(NumberName.Limit, limits.ApprovalsPerPool));
        }
    }

    /// <summary>The command at hand waits for an approval.</summary>
    public static AllocationOutcomeEvent.PendingApproval Wait(Decision d, string reservationId)
    {
        var command = d.Command!;
        var dueAt = DueAt(d);
        d.WriteApproval(command.CommandId, new ParkedCommand
        {
            Command = command,
            PayloadHash = d.Hash,
            Sequence = checked(d.Pool.Sequence + 1),
            DueAtMs = dueAt,
        });
        d.SetTimer(dueAt, TimerKind.ApprovalEnd, command.CommandId);
        return new AllocationOutcomeEvent.PendingApproval
        {
            ReservationId = reservationId,
            DueAtMs = dueAt,
            Operator = command.Actor.Id,
        };
    }

    private static long DueAt(Decision d) => checked(d.T + d.Policy.Limits.ApprovalMs);

    /// <summary>Approve: whether it is one.</summary>
    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.Approve approve)
    {
        var pending = d.State.GetApproval(d.Pool.PoolId, approve.ApprovedCommandId);
        if (pending is null)
        {
            d.Look(Step(DecisionRule.Approval, RuleResult.Failed, "nothing waits"));
            d.Fail(ReasonCode.NothingToApprove, approve.ApprovedCommandId);
            return d.Rejected();
        }
        Operators.Check(d);
        if (pending.Command.Actor.Id == d.Command!.Actor.Id)
        {
            d.Look(Step(DecisionRule.Approval, RuleResult.Failed, "another actor"));
            d.Fail(ReasonCode.SelfApproval, d.Command.Actor.Id);
        }
        if (d.IsRejected)
        {
            return d.Rejected();
        }
        d.Look(Step(DecisionRule.Approval, RuleResult.Passed, "another actor"));
        return new AllocationOutcomeEvent.NoOp
        {
            Why = NoOpWhy.Approved,
            ReservationId = (pending.Command.Body as AllocationCommandBody.ForceRelease)?.ReservationId,
        };
    }

    /// <summary>Nobody approved the command in time.</summary>
    public static AllocationOutcomeEvent Lapse(Decision d, ParkedCommand pending)
    {
        d.Look(Step(
            DecisionRule.Approval, RuleResult.Failed, "lapsed", N(NumberName.Deadline, pending.DueAtMs),
            N(NumberName.Time, d.T)));
        d.Fail(
            ReasonCode.DeadlineExceeded, "nobody approved it in time", null,
            N(NumberName.Deadline, pending.DueAtMs), N(NumberName.Time, d.T));
        return d.Rejected((pending.Command.Body as AllocationCommandBody.ForceRelease)?.ReservationId);
    }

    /// <summary>The command that waited is decided: it waits no longer.</summary>
    public static void Finish(Decision d, ParkedCommand pending)
    {
        d.WriteApproval(pending.Command.CommandId, null);
        d.CancelTimer(pending.DueAtMs, TimerKind.ApprovalEnd, pending.Command.CommandId);
    }
}
