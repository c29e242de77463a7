using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>What falls due by the partition's clock.</summary>
internal static class TimerRules
{
    /// <summary>The held part of a reservation expires.</summary>
    public static AllocationOutcomeEvent Expire(Decision d, LedgerTimer timer)
    {
        var known = d.Find(timer.Id);
        if (known is null || known.Held == 0 || known.ExpiresAtMs != timer.DueAtMs)
        {
            throw new LedgerFaultException(
                $"Pool {timer.PoolId}: an expiry of {timer.Id} at {timer.DueAtMs} is due, but the reservation holds "
                + "nothing until then.");
        }
        if (ModeRules.PutOff(d, timer, known) is { } putOff)
        {
            return putOff;
        }
        d.Look(Step(
            DecisionRule.Expiry, RuleResult.Applied, "",
            N(NumberName.ExpiresAt, timer.DueAtMs), N(NumberName.Time, d.T), N(NumberName.Held, known.Held)));
        d.Post(EntryKind.HoldExpired, Account.Held, Account.Free, known.Held, timer.Id);
        d.CancelTimer(timer.DueAtMs, TimerKind.Expiry, timer.Id);
        d.Write(known with
        {
            Version = known.Version + 1,
            Held = 0,
            Expired = checked(known.Expired + known.Held),
            Lapsed = checked(known.Lapsed + known.Held),
            ExpiresAtMs = null,
            HeldTakenBy = Ending.Expired,
            EndedBy = known.Confirmed == 0 ? Ending.Expired : known.EndedBy,
        });
        return new AllocationOutcomeEvent.Expired
        {
            ReservationId = timer.Id,
            Quantity = known.Held,
            ExpiresAtMs = timer.DueAtMs,
        };
    }

    /// <summary>Missing sequences become a gap.</summary>
    public static AllocationOutcomeEvent ReportGap(Decision d, LedgerTimer timer)
    {
        var mark = d.State.GetSource(timer.PoolId, timer.Id);
        foreach (var range in mark?.Missing ?? [])
        {
            if (range.GapAtMs == timer.DueAtMs)
            {
                d.Look(Step(
                    DecisionRule.SourceSequence, RuleResult.Failed, "missing", N(NumberName.Sequence, range.From),
                    N(NumberName.Time, d.T)));
                d.Write(SourceMarks.Report(d, mark!, range));
                return new AllocationOutcomeEvent.SupplyGap { Source = timer.Id, From = range.From, To = range.To };
            }
        }
        throw new LedgerFaultException(
            $"Pool {timer.PoolId}: a gap of {timer.Id} at {timer.DueAtMs} is due, but nothing is missing.");
    }

    /// <summary>Promises exceed supply by another number than before.</summary>
    public static AllocationOutcomeEvent ReportDeficit(Decision d, long deficit)
    {
        d.Look(Step(
            DecisionRule.Deficit, RuleResult.Applied, "", N(NumberName.Free, d.Free), N(NumberName.Deficit, deficit)));
        return new AllocationOutcomeEvent.OverCommitted { Deficit = deficit };
    }
}
