using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Holds;

/// <summary>
/// Import: the opening balance of one reservation, from the system that had authority. It is taken as it is: what there
/// is too little of becomes a deficit. Tier 1 lets it through only while the slice is frozen.
/// </summary>
internal static class ImportRules
{
    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.Import import)
    {
        var id = import.ReservationId;
        var known = d.Find(id);
        var status = ReservationStatuses.Of(known, d.T);
        VersionRule.Check(d, known);
        if (status is not (ReservationStatus.None or ReservationStatus.Failed))
        {
            d.Fail(LiveRule.Ended(status) ?? ReasonCode.ReservationExists, reservationId: id);
        }
        if (import.Held > 0 && import.ExpiresAtMs <= d.T)
        {
            d.Fail(
                ReasonCode.AlreadyExpired, "expiresAt is over", id,
                N(NumberName.ExpiresAt, import.ExpiresAtMs!.Value), N(NumberName.Time, d.T));
        }
        // Tier 3, when nothing of tier 2 failed.
        var priorityClass = d.IsRejected ? "" : ClassOf(d, import);
        d.Look(d.IsRejected ? Rejection(d.Kind, status) : Transition(d.Kind, status));
        if (d.IsRejected)
        {
            return d.Rejected(id);
        }
        var granted = checked(import.Held + import.Confirmed);
        d.Post(EntryKind.Held, Account.Free, Account.Held, granted, id);
        d.Post(EntryKind.HoldConfirmed, Account.Held, Account.Confirmed, import.Confirmed, id);
        if (import.Held > 0)
        {
            d.SetTimer(import.ExpiresAtMs!.Value, TimerKind.Expiry, id);
        }
        d.Write(new Reservation
        {
            ReservationId = id,
            Version = (known?.Version ?? 0) + 1,
            Held = import.Held,
            Confirmed = import.Confirmed,
            Granted = granted,
            Class = priorityClass,
            ExpiresAtMs = import.Held > 0 ? import.ExpiresAtMs : null,
            CreatedAtMs = d.T,
            HeldAtMs = d.T,
            ConfirmedAtMs = import.Confirmed > 0 ? d.T : null,
            HeldTakenBy = import.Held == 0 ? Ending.Confirmed : Ending.Nothing,
            OrderRef = import.OrderRef,
            CustomerRef = import.CustomerRef,
            HoldCommandId = d.Command!.CommandId,
            Parked = known?.Parked ?? [],
        });
        return new AllocationOutcomeEvent.Imported
        {
            ReservationId = id,
            Held = import.Held,
            Confirmed = import.Confirmed,
        };
    }

    private static string ClassOf(Decision d, AllocationCommandBody.Import import)
    {
        if (import.Class is not { } requested)
        {
            var row = d.Policy.ClassFor(d.Pool.PoolId, channel: null, tier: null);
            d.Look(Step(DecisionRule.Class, RuleResult.Applied, row.Id));
            return row.Class;
        }
        var isKnown = d.Policy.HasClass(requested);
        d.Look(Step(DecisionRule.Class, isKnown ? RuleResult.Passed : RuleResult.Failed, requested));
        if (!isKnown)
        {
            d.Fail(ReasonCode.PolicyForbids, $"the policy knows no class {requested}", import.ReservationId);
        }
        return requested;
    }
}
