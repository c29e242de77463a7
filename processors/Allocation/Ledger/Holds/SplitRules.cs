using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Holds;

/// <summary>
/// Split: parts of a reservation get ids of their own and inherit its expiry, class, owner and place; what they were
/// granted moves along. Held units go before confirmed ones. At least one unit stays. No units move between accounts.
/// </summary>
internal static class SplitRules
{
    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.Split split)
    {
        var id = split.ReservationId;
        var known = d.Find(id);
        var status = ReservationStatuses.Of(known, d.T);
        LiveRule.Check(d, id, known, status);
        long moved = 0;
        foreach (var part in split.Parts)
        {
            moved = checked(moved + part.Quantity);
            if (ReservationStatuses.Of(d.Find(part.ReservationId), d.T) != ReservationStatus.None)
            {
                d.Fail(ReasonCode.ReservationExists, "the id of a part must be new", part.ReservationId);
            }
        }
        if (LiveRule.Ended(status) is not null)
        {
            return d.Rejected(id);
        }
        var isWaiting = status == ReservationStatus.Waitlisted;
        var total = isWaiting ? known!.Waiting : checked(known!.Held + known.Confirmed);
        d.Look(Step(
            DecisionRule.Amount, moved < total ? RuleResult.Passed : RuleResult.Failed, "at least one unit stays",
            N(NumberName.Parts, split.Parts.Count), N(NumberName.Requested, moved), N(NumberName.Maximum, total - 1)));
        if (moved >= total)
        {
            d.Fail(
                status == ReservationStatus.Confirmed ? ReasonCode.ExceedsConfirmed : ReasonCode.ExceedsHeld,
                "at least one unit stays", id, N(NumberName.Requested, moved), N(NumberName.Maximum, total - 1));
        }
        return d.IsRejected ? d.Rejected(id) : Divide(d, split, known, isWaiting);
    }

    private static AllocationOutcomeEvent.ReservationSplit Divide(
        Decision d, AllocationCommandBody.Split split, Reservation known, bool isWaiting)
    {
        var rest = known;
        var ids = new string[split.Parts.Count];
        for (var index = 0; index < ids.Length; index++)
        {
            var part = split.Parts[index];
            var held = isWaiting ? 0 : Math.Min(part.Quantity, rest.Held);
            var confirmed = isWaiting ? 0 : part.Quantity - held;
            var waiting = isWaiting ? part.Quantity : 0;
            rest = rest with
            {
                Held = rest.Held - held,
                Confirmed = rest.Confirmed - confirmed,
                Waiting = rest.Waiting - waiting,
                Granted = rest.Granted - held - confirmed,
            };
            WritePart(d, known, part.ReservationId, held, confirmed, waiting);
            ids[index] = part.ReservationId;
        }
        if (rest.Held == 0 && known.Held > 0)
        {
            d.CancelTimer(known.ExpiresAtMs!.Value, TimerKind.Expiry, known.ReservationId);
            rest = rest with { ExpiresAtMs = null, HeldTakenBy = Ending.Confirmed };
        }
        d.Write(rest with { Version = known.Version + 1 });
        return new AllocationOutcomeEvent.ReservationSplit { ReservationId = known.ReservationId, Parts = ids };
    }

    private static void WritePart(Decision d, Reservation known, string id, long held, long confirmed, long waiting)
    {
        var before = d.Find(id);
        d.Write(new Reservation
        {
            ReservationId = id,
            Version = (before?.Version ?? 0) + 1,
            Held = held,
            Confirmed = confirmed,
            Waiting = waiting,
            Granted = checked(held + confirmed),
            Class = known.Class,
            ExpiresAtMs = held > 0 ? known.ExpiresAtMs : null,
            Extensions = known.Extensions,
            ExtendedByMode = known.ExtendedByMode,
            CreatedAtMs = known.CreatedAtMs,
            HeldAtMs = known.HeldAtMs,
            ConfirmedAtMs = confirmed > 0 ? known.ConfirmedAtMs : null,
            HeldTakenBy = held == 0 && confirmed > 0 ? Ending.Confirmed : Ending.Nothing,
            EnqueuedAtMs = waiting > 0 ? known.EnqueuedAtMs : null,
            WaitOrder = waiting > 0 ? known.WaitOrder : 0,
            WaitUntilMs = waiting > 0 ? known.WaitUntilMs : null,
            TtlMs = waiting > 0 ? known.TtlMs : null,
            OrderRef = known.OrderRef,
            CustomerRef = known.CustomerRef,
            GroupId = known.GroupId,
            GroupCommitted = known.GroupCommitted,
            Channel = known.Channel,
            Tier = known.Tier,
            Dealer = known.Dealer,
            HoldCommandId = known.HoldCommandId,
            Parked = before?.Parked ?? [],
        });
        if (held > 0)
        {
            d.SetTimer(known.ExpiresAtMs!.Value, TimerKind.Expiry, id);
        }
        else if (waiting > 0 && known.WaitUntilMs is { } waitUntil)
        {
            d.SetTimer(waitUntil, TimerKind.Expiry, id);
        }
    }
}
