using Alloc.Schemas.Allocation;

namespace Topology.Tests.Model;

/// <summary>What must be so where a request is refused for lack of units: they really are lacking.</summary>
internal static class RefusalChecks
{
    public static void Check(
        NaivePolicy policy, NaivePool pool, AllocationOutcome outcome, AllocationCommand? command, bool isGranting,
        Action<string, string> fail)
    {
        if (outcome.Event is not AllocationOutcomeEvent.Rejected rejected || command is null
            || command.CommandId != outcome.CommandId)
        {
            return;
        }
        if (command.Body is AllocationCommandBody.Amend or AllocationCommandBody.Confirm)
        {
            CheckTaking(policy, pool, pool[rejected.ReservationId!], outcome, rejected, fail);
        }
        if (command.Body is AllocationCommandBody.Reassign { ToCustomerRef: { } customer } reassign
            && rejected.Reasons.All(r => r.Code is ReasonCode.QuotaExceeded or ReasonCode.PreemptionNotPermitted)
            && isGranting && NaiveTakings.Could(pool, pool[reassign.ReservationId], customer))
        {
            fail("what is refused could not be taken from others", $"{OutcomeChecks.Name(outcome)} for {customer}");
        }
        if (command.Body is not AllocationCommandBody.Hold hold)
        {
            return;
        }
        if (hold.Lines.Any(l => l.Class is not null))
        {
            return;
        }
        var channel = command.Actor.Channel!;
        var priorityClass = policy.Classes.Contains(channel) ? channel : policy.Classes[^1];
        var isPartial = hold.Mode == HoldMode.Partial;
        long[] asked = hold.Lines.Count > 0 ? [.. hold.Lines.Select(l => l.Quantity)] : [hold.Quantity!.Value];
        var needed = isPartial ? asked.Length : asked.Sum();
        var available = pool.AvailableTo(priorityClass, outcome.TMs);
        var name = OutcomeChecks.Name(outcome);
        CheckTaking(policy, pool, OwnerOf(hold, command, priorityClass), outcome, rejected, fail);
        foreach (var reason in rejected.Reasons)
        {
            switch (reason.Code)
            {
                case ReasonCode.InsufficientAvailability or ReasonCode.ProtectedForHigherClass
                    when needed <= available && pool.DeficitAt(outcome.TMs) == 0:
                    fail("a refusal for lack of units is true",
                        $"{name} says {reason.Code}: {needed} asked for by {priorityClass}, {available} available");
                    break;
                case ReasonCode.ClassMustWait when !pool.MustWait(priorityClass):
                    fail("a refusal because a class waits is true", name);
                    break;
                case ReasonCode.DegradedMode
                    when pool.ClosedBy(outcome.TMs) is null && !pool.MustWait(priorityClass):
                case ReasonCode.PolicyForbids
                    when reason.Detail.EndsWith("closed", StringComparison.Ordinal)
                        && !(pool.ClosesAtMs <= outcome.TMs):
                    fail("a refusal because nothing is handed out is true", $"{name} says {reason.Code}");
                    break;
                case ReasonCode.ExceedsMaximumCapacity when pool.Fits(needed):
                    fail("a refusal of what can never fit is true", $"{name}: {needed}, most is {pool.Maximum}");
                    break;
                case ReasonCode.WaitersAhead when pool.Line().Count == 0:
                    fail("a refusal for waiters ahead is true", name);
                    break;
                case ReasonCode.ScopeRequired
                    when !policy.Quotas.Any(q => q.IsForNobody
                        && NaivePool.IsNobody(OwnerOf(hold, command, priorityClass), q.Scope)):
                    fail("a refusal for a name that is missing is true", $"{name}: {reason.Scope}");
                    break;
                case ReasonCode.QuotaExceeded:
                    CheckQuota(pool, hold, command, priorityClass, asked.Sum(), name, reason, fail);
                    break;
                default:
                    break;
            }
        }
    }

    private static void CheckQuota(
        NaivePool pool, AllocationCommandBody.Hold hold, AllocationCommand command, string priorityClass, long quantity,
        string name, Reason reason, Action<string, string> fail)
    {
        var owner = OwnerOf(hold, command, priorityClass);
        if (pool.QuotaBroken(owner, quantity) is null)
        {
            fail("a refusal for a quota is true", $"{name}: {reason.Scope}, {quantity} more break none");
        }
        if (string.IsNullOrEmpty(reason.Scope) || reason.Numbers.All(n => n.Name != NumberName.Limit)
            || reason.Numbers.All(n => n.Name != NumberName.Used))
        {
            fail("a refusal for a quota names scope, used and limit", name);
        }
    }

    // What is refused for want of units or quota alone could not be had by taking it either.
    private static void CheckTaking(
        NaivePolicy policy, NaivePool pool, NaiveReservation owner, AllocationOutcome outcome,
        AllocationOutcomeEvent.Rejected rejected, Action<string, string> fail)
    {
        var isForWantOnly = rejected.Reasons.All(r => r.Code is ReasonCode.InsufficientAvailability
            or ReasonCode.ProtectedForHigherClass or ReasonCode.QuotaExceeded or ReasonCode.PreemptionNotPermitted);
        var needed = rejected.Reasons.SelectMany(r => r.Numbers).FirstOrDefault(n => n.Name == NumberName.Requested);
        if (isForWantOnly && needed is not null
            && NaiveTakings.Could(policy, pool, owner, needed.Value, outcome.TMs))
        {
            fail("what is refused could not be taken from others",
                $"{OutcomeChecks.Name(outcome)}: {needed.Value} for {owner.Class}");
        }
    }

    private static NaiveReservation OwnerOf(
        AllocationCommandBody.Hold hold, AllocationCommand command, string priorityClass)
    {
        var owner = new NaiveReservation { Id = "" };
        owner.Adopt(new Reservation
        {
            ReservationId = "",
            Version = 0,
            Class = priorityClass,
            Channel = command.Actor.Channel,
            Tier = command.Actor.Tier,
            CustomerRef = hold.CustomerRef,
            Dealer = hold.Attributes.GetValueOrDefault("dealer"),
        });
        return owner;
    }
}
