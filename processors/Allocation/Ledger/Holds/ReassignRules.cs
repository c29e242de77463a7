using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Ledger.Waitlist;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Holds;

/// <summary>Reassign: a reservation gets another customer or order; the quota of the new customer is checked.</summary>
internal static class ReassignRules
{
    public static Ruling Decide(Decision d, AllocationCommandBody.Reassign reassign)
    {
        var id = reassign.ReservationId;
        var known = d.Find(id);
        var status = ReservationStatuses.Of(known, d.T);
        if (!LiveRule.Check(d, id, known, status))
        {
            return d.Rejected(id);
        }
        var customer = reassign.ToCustomerRef ?? known!.CustomerRef;
        var order = reassign.ToOrderRef ?? known!.OrderRef;
        var isSame = customer == known!.CustomerRef && order == known.OrderRef;
        d.Look(Step(DecisionRule.Owner, isSame ? RuleResult.Skipped : RuleResult.Applied, customer ?? ""));
        if (isSame)
        {
            return new AllocationOutcomeEvent.NoOp { Why = NoOpWhy.SameOwner, ReservationId = id };
        }
        var after = known with { Version = known.Version + 1, CustomerRef = customer, OrderRef = order };
        if (known.Waiting > 0 && !QuotaRules.CanNeverFit(d, GrantOwner.Of(known), known.Waiting))
        {
            Waiting.CheckCanFit(d, GrantOwner.Of(after), known.Waiting, id);
        }
        else if (customer is not null)
        {
            QuotaRules.CheckNewCustomer(d, known, customer);
        }
        if (d.IsRejected)
        {
            return known.Waiting == 0 && Takings.PlanForOwner(d, after) is { } plans
                ? Ruling.First(plans) : d.Rejected(id);
        }
        Takings.Tell(d);
        d.Write(after);
        return new AllocationOutcomeEvent.Reassigned
        {
            ReservationId = id,
            CustomerRef = customer,
            OrderRef = order,
            FormerOrderRef = order == known.OrderRef ? null : known.OrderRef,
        };
    }
}
